//! drydock as Amazon's own SDK sees it, over HTTP.

#![expect(
    clippy::unwrap_used,
    reason = "what helpers cannot go on with fails the test"
)]

mod automated;
mod berth;
mod data;
mod killed;
mod kills;
mod lifecycle;
mod malformed;
mod moments;
mod port;
mod upgrades;
mod wide;
