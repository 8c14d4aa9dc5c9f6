//! drydock as Amazon's own SDK sees it, over HTTP.

#![expect(
    clippy::unwrap_used,
    reason = "what helpers cannot go on with fails the test"
)]

mod admin;
mod automated;
mod behind;
mod berth;
mod binary;
mod data;
mod faults;
mod fuzz;
mod http;
mod killed;
mod kills;
mod lifecycle;
mod lost;
mod malformed;
mod moments;
mod offers;
mod parameter_groups;
mod pending;
mod port;
mod quotas;
mod settings;
mod signed;
mod subnet_groups;
mod sweep;
mod upgrades;
mod validation;
mod wide;
