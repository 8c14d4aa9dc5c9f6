//! drydock as Amazon's own SDK sees it, over HTTP.

#![expect(
    clippy::unwrap_used,
    reason = "what helpers cannot go on with fails the test"
)]

mod admin;
mod behind;
mod berth;
mod binary;
mod data;
mod faults;
mod fuzz;
mod http;
mod killed;
mod lifecycle;
mod malformed;
mod offers;
mod parameter_groups;
mod pending;
mod quotas;
mod settings;
mod signed;
mod subnet_groups;
mod sweep;
mod validation;
mod wide;
