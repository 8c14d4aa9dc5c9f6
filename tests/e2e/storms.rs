//! More than is usual: an API server whose queue is full, webhooks that take
//! their time, hundreds of objects at once, one object that is rewritten all the
//! time. Nothing is lost, nothing is done twice, and what it costs is bounded.

mod crowd;
mod full_queue;
mod rewriting;

use harness::{Call, Result};

use crate::stage::Stage;

/// What every object asks for.
const SPEC: [&str; 2] = ["size: db.t4g.small", "storage: 20Gi"];

/// What the operator keeps beside its objects' work: its Lease and its watches.
fn is_upkeep(call: &Call) -> bool {
    call.is_for("leases") || call.query("watch").is_some()
}

/// Asserts that nothing is written any more, through two further sweeps.
pub(crate) async fn assert_rest(stage: &Stage) -> Result<()> {
    let (rds, api) = (&stage.only().rds, &stage.only().api);
    // What the last reports led to is over after one.
    stage.sweeps(1).await?;
    rds.forget();
    api.forget();
    stage.sweeps(2).await?;
    let writes = [rds.mutations(), api.mutations()].concat();
    assert_eq!(writes.len(), 0, "at rest: {writes:?}");
    Ok(())
}

/// Memory in MiB, for people.
fn mebibytes(kibibytes: u64) -> u64 {
    kibibytes / 1024
}

/// Prints what was measured, which `cargo test -- --nocapture` shows.
#[expect(
    clippy::print_stdout,
    reason = "a measurement is for whoever runs the test"
)]
fn note(measured: &str) {
    println!("{measured}");
}
