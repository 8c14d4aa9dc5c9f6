//! drydock as Amazon's own SDK sees it, over HTTP.

#![expect(
    clippy::unwrap_used,
    reason = "what helpers cannot go on with fails the test"
)]

mod berth;
mod data;
mod killed;
mod lifecycle;
mod malformed;
mod offers;
mod parameter_groups;
mod pending;
mod quotas;
mod settings;
mod subnet_groups;
mod validation;
mod wide;
