//! The planner's decisions as a table: a world, and the plan for it in words.
//! `~` marks what is waited for, `!` what blocks, `*` a password that RDS may
//! not have.

mod convergence;
mod create;
mod delete;
mod hold;
mod modify;
mod obstacles;
mod ownership;
mod parts;
mod policy;
mod secret;
mod settings;
mod takeover;
mod upgrade;
mod words;
pub(crate) mod world;
