//! Stow as its users meet it: the shipped manifests on a real API server, the
//! operator as its ServiceAccount, and RDS behind a proxy that sees every call.

mod calls;
mod change;
mod crash;
mod deletion;
mod document;
mod guise;
mod lead;
mod looks;
mod ownership;
mod refusals;
mod secrets;
mod stage;
mod states;
mod usage;
