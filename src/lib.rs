//! Stow: a Kubernetes operator for PostgreSQL databases on Amazon RDS.

pub mod chain;
pub mod cli;
pub mod cluster;
mod complaint;
pub mod config;
pub mod connect;
pub mod controller;
pub mod convert;
mod dated;
mod events;
pub mod identity;
pub mod lead;
pub mod manifest;
pub mod metrics;
pub mod migrate;
pub mod plan;
pub mod preflight;
pub mod probes;
pub mod rds;
pub mod reconcile;
pub mod run;
mod syntax;
pub mod tls;
mod untyped;
pub mod webhook;

#[cfg(test)]
mod fake_api;
