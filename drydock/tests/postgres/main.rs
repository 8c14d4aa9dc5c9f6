//! The `postgres` room against real servers, by clients that know nothing of
//! drydock: tokio-postgres over rustls, and psql where there is one.

#![expect(
    clippy::unwrap_used,
    reason = "a helper of tests fails the test, as a test itself does"
)]

mod copies;
mod front;
mod lifecycle;
mod machine;
mod owners;
mod parameters;
mod reopening;
mod upgrades;
