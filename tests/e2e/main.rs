//! Stow as its users meet it: the shipped manifests on a real API server, the
//! operator as its ServiceAccount, and drydock behind a proxy
//! that sees every call.

mod admission;
mod admission_policies;
mod behind;
mod calls;
mod certificates;
mod change;
mod cli;
mod configuration;
mod contract;
mod corpus;
mod crash;
mod data;
mod definition;
mod deletion;
mod document;
mod endpoint;
mod fields;
mod garbage;
mod identity;
mod lead;
mod legacy;
mod load;
mod local;
mod looks;
mod managers;
mod migrate;
mod outages;
mod ownership;
mod pending;
mod preflight;
mod refusals;
mod rights;
mod secrets;
mod spoilt;
mod stage;
mod states;
mod storms;
mod sweep;
mod takeover;
mod tenants;
mod twin;
mod upgrade;
mod usage;
mod versions;
