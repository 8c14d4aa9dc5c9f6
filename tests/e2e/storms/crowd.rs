//! Hundreds of objects at once: each is served once, and what that costs grows
//! with them and not with their square.

use std::collections::HashSet;

use harness::{Call, Error, Result, eventually};

use super::{SPEC, assert_rest, is_upkeep, mebibytes, note};
use crate::looks::database;
use crate::stage::{NAMESPACE, PATIENCE, Stage};
use crate::sweep::is_sweep;

const CROWD: usize = 500;

/// A sweep over all of them, at 100 a page.
const PAGES: f64 = 5.0;

/// Of each object: its finalizer, its Secret (read twice, created, completed),
/// its status (twice), its Events, and each time the object itself. As many
/// again are for whatever a busy machine makes of it.
const CALLS_FOR_ONE: usize = 40;

/// What the process may grow by, in KiB: an object, its instance and its
/// history, with room for an allocator that gives nothing back.
const GROWTH: u64 = 64 << 10;

#[tokio::test]
async fn five_hundred_objects_at_once_are_each_served_once() -> Result<()> {
    let stage = Stage::with_states_alone().await?;
    stage.make_room().await?;
    let only = stage.only();
    let (rds, api) = (&only.rds, &only.api);
    let swept = "stow_sweep_seconds_count";
    let before = only.operator.resident()?;
    rds.forget();
    api.forget();
    let swept_before = only.metric(swept).await?;

    let crowd: String = (0..CROWD)
        .map(|index| database(&format!("db-{index}"), &SPEC))
        .collect();
    let create = ["create", "-n", NAMESPACE, "-f", "-"];
    stage.cluster.kubectl_in(&crowd, &create).await?.ok()?;
    let sent = |call: &Call| call.action() == Some("CreateDBInstance");
    eventually("every create", 4 * PATIENCE, || async {
        match rds.count(sent) {
            CROWD.. => Ok(()),
            some => Err(Error::Unexpected(format!("{some} were sent"))),
        }
    })
    .await?;
    // Listing them all the time would cost more than what is measured.
    stage.sweeps(5).await?;
    stage.fleet(CROWD).await?;

    let after = only.operator.resident()?;
    let sweeps = only.metric(swept).await? - swept_before;
    let creates: Vec<_> = rds.mutations();
    let named: HashSet<_> = creates
        .iter()
        .filter(|call| sent(call))
        .filter_map(|call| call.parameter("DBInstanceIdentifier"))
        .collect();
    assert_eq!(named.len(), CROWD, "each is created");
    assert_eq!(creates.len(), CROWD, "and nothing else is done, or twice");

    let pages = rds.count(is_sweep);
    let of_one = |call: &Call| call.action() == Some("DescribeDBInstances") && !is_sweep(call);
    let confirmations = rds.count(of_one);
    let calls = api.count(|call| !is_upkeep(call));
    note(&format!(
        "{CROWD} objects: {sweeps} sweeps of {pages} pages, {confirmations} confirmations, \
         {calls} calls to the API server ({} writes); {} MiB before, {} MiB after",
        api.mutations().len(),
        mebibytes(before),
        mebibytes(after),
    ));
    // One more page where a sweep met the fleet as it grew, one more sweep that
    // is under way.
    let most = (sweeps + 1.0) * (PAGES + 1.0);
    let asked = f64::from(u32::try_from(pages).unwrap_or(u32::MAX));
    assert!(asked <= most, "{pages} pages in {sweeps} sweeps");
    assert!(confirmations <= CROWD, "{confirmations} confirmations");
    assert!(calls <= CROWD * CALLS_FOR_ONE, "{calls} calls");
    assert!(
        after <= before + GROWTH,
        "{before} KiB before, {after} KiB after"
    );
    assert_rest(&stage).await?;
    let rested = only.operator.resident()?;
    assert!(
        rested <= before + GROWTH,
        "{before} KiB before, {rested} KiB at rest"
    );
    Ok(())
}
