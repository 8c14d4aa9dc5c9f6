//! drydock as Amazon's own SDK sees it, over HTTP.

#![expect(
    clippy::unwrap_used,
    reason = "what helpers cannot go on with fails the test"
)]

mod berth;
mod data;
mod groups;
mod killed;
mod lifecycle;
mod malformed;
mod offers;
mod pending;
mod settings;
mod validation;
mod wide;
