//! Stow as its users meet it: the shipped manifests on a real API server, the
//! operator as its ServiceAccount, and RDS behind a proxy that sees every call.

mod canary;
mod cli;
mod configuration;
mod definition;
mod forgery;
mod garbage;
mod managers;
mod refusals;
mod stage;
mod usage;
mod versions;
