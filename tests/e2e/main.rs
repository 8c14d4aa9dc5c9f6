//! Stow as its users meet it: the shipped manifests on a real API server, the
//! operator as its ServiceAccount, and RDS behind a proxy that sees every call.

mod admission;
mod calls;
mod canary;
mod change;
mod cli;
mod configuration;
mod crash;
mod definition;
mod deletion;
mod document;
mod forgery;
mod garbage;
mod guise;
mod lead;
mod looks;
mod managers;
mod ownership;
mod refusals;
mod rights;
mod secrets;
mod stage;
mod states;
mod usage;
mod versions;
