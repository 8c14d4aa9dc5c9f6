//! Amazon RDS for PostgreSQL on one machine: its Query API, its slow states,
//! its refusals, and real PostgreSQL servers behind them.
//!
//! - `wire`: the protocol, over HTTP.
//! - `actions`: what each Action does, in one turn, by the `rules`.
//! - `model`: what there is; `store` keeps it in a folder.
//! - `machine`: how instances move through their statuses, by a settable clock.
//! - `dock`: the state behind its lock, and the tasks that move it.
//! - `postgres`: the servers behind the instances.
//! - `admin`, `faults`, `meddle`, `calls`, `settings`: what tests set and read.

pub mod actions;
pub mod admin;
pub mod calls;
pub mod cli;
pub mod dock;
pub mod fault;
pub mod faults;
pub mod machine;
pub mod meddle;
pub mod model;
pub mod postgres;
pub mod rules;
pub mod servers;
pub mod settings;
pub mod store;
pub mod wire;
