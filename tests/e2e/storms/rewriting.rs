//! One object that somebody rewrites a hundred times a second.

use std::time::Duration;

use harness::{Call, Error, Result, eventually};
use kube::api::{Patch, PatchParams};
use serde_json::json;
use tokio::time::{MissedTickBehavior, interval};

use super::{SPEC, assert_rest, mebibytes, note};
use crate::load::{api, client};
use crate::looks::database;
use crate::stage::{PATIENCE, Stage};

const WRITES: usize = 1_000;

/// A hundred a second, or as fast as the API server takes them.
const PAUSE: Duration = Duration::from_millis(10);

/// The last write asks for the first of them, as many did before it.
const SIZES: [&str; 3] = ["db.t4g.small", "db.t4g.medium", "db.t4g.large"];

/// What of each kind may follow: some at once, and then a few a second.
const MOST: usize = WRITES / 8;

/// Each look reads the Secret two or three times.
const MOST_READS: usize = 3 * MOST;

/// What the process may grow by, in KiB.
const GROWTH: u64 = 32 << 10;

fn wrong(error: &dyn std::error::Error) -> Error {
    Error::Unexpected(error.to_string())
}

#[tokio::test]
async fn an_object_rewritten_all_the_time_costs_little_and_ends_as_it_is_wanted() -> Result<()> {
    let stage = Stage::with_states_alone().await?;
    let only = stage.only();
    stage.apply(&database("busy", &SPEC), &[]).await?;
    stage.fleet(1).await?;
    to_and_fro(&stage).await?;
    stage.sweeps(1).await?;
    only.rds.forget();
    only.api.forget();
    let before = only.operator.resident()?;

    let databases = api(&client(&stage).await?, "v1beta1");
    let mut ticks = interval(PAUSE);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    for left in (0..WRITES).rev() {
        ticks.tick().await;
        let write = json!({
            "metadata": {"labels": {"left": left.to_string()}},
            "spec": {"size": SIZES[left % SIZES.len()], "tags": {"left": left.to_string()}},
        });
        databases
            .patch("busy", &PatchParams::default(), &Patch::Merge(write))
            .await
            .map_err(|error| wrong(&error))?;
    }
    let last = stage.get("postgresdb/busy").await?;
    assert_eq!(last["spec"]["size"], SIZES[0]);

    stage.fleet(1).await?;
    let identifier = stage.identifier("busy").await?;
    let filter = [("DBInstanceIdentifier", &*identifier)];
    eventually("the last write, at RDS", PATIENCE, || async {
        let xml = stage.behind("DescribeDBInstances", &filter).await?;
        let size = format!("<DBInstanceClass>{}</DBInstanceClass>", SIZES[0]);
        let tag = "<Key>left</Key><Value>0</Value>";
        if xml.contains(&size) && xml.contains(tag) {
            return Ok(());
        }
        Err(Error::Unexpected(xml))
    })
    .await?;

    let action = |action| only.rds.count(|call| call.action() == Some(action));
    let (modified, tagged) = (action("ModifyDBInstance"), action("AddTagsToResource"));
    let reports = |call: &Call| call.is_mutation() && call.path.ends_with("/status");
    let (reports, reads) = (
        only.api.count(reports),
        only.api.count(|call| call.is_for("secrets")),
    );
    let described = action("DescribeDBInstances");
    let after = only.operator.resident()?;
    note(&format!(
        "{WRITES} writes: {modified} modifications, {tagged} taggings, {reports} reports, \
         {reads} reads of the Secret, {described} descriptions; {} MiB before, {} MiB after",
        mebibytes(before),
        mebibytes(after),
    ));
    assert!(modified > 0 && tagged > 0, "it is followed meanwhile too");
    for (what, count, most) in [
        ("modifications", modified, MOST),
        ("taggings", tagged, MOST),
        ("reports", reports, MOST),
        ("reads of the Secret", reads, MOST_READS),
    ] {
        assert!(count <= most, "{count} {what} for {WRITES} writes");
    }
    assert!(
        after <= before + GROWTH,
        "{before} KiB before, {after} KiB after"
    );
    let object = stage.get("postgresdb/busy").await?;
    assert_eq!(
        object["metadata"]["labels"]["left"], "0",
        "nobody's write is undone"
    );
    assert_eq!(object["spec"]["tags"]["left"], "0");
    assert_eq!(object["status"]["size"], SIZES[0]);
    assert_rest(&stage).await
}

/// What was asked for a short while ago, and taken back, can be asked for again.
async fn to_and_fro(stage: &Stage) -> Result<()> {
    for size in [SIZES[1], SIZES[0], SIZES[1], SIZES[0]] {
        stage
            .edit("busy", &json!({ "size": size }).to_string())
            .await?;
        stage
            .object("busy", size, |object| object["status"]["size"] == size)
            .await?;
    }
    let sent = stage.sent("ModifyDBInstance", "busy").len();
    assert_eq!(sent, 4, "one each time");
    Ok(())
}
