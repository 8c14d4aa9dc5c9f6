//! The operator is killed after each single mutation, or each answer is lost:
//! what there is in the end is the same as if nothing had happened.

mod lost;
pub(crate) mod outcome;
mod slowly;
pub(crate) mod strike;

use harness::proxy::Held;
use harness::{Call, Result, eventually};

use self::outcome::{Subject, created, delete, deleted, gone, manifest, told};
use self::slowly::Slowly;
use self::strike::{Strike, concerns, label};
use crate::stage::{PATIENCE, Replica, Stage};

/// What a create does at least, or these tests strike at nothing.
const OF_A_CREATE: [&str; 6] = [
    "PATCH postgresdbs",
    "POST secrets",
    "CreateDBInstance",
    "PATCH secrets",
    "POST events",
    "PATCH postgresdbs/status",
];

/// The same, of a delete.
const OF_A_DELETE: [&str; 3] = ["DeleteDBInstance", "PATCH postgresdbs", "POST events"];

#[tokio::test]
async fn killed_after_each_mutation_of_a_create() -> Result<()> {
    let mut stage = Stage::running().await?;
    let mut struck = Vec::new();
    for n in 0.. {
        let name = format!("create-{n:02}");
        begin(&stage);
        let mut strike = Strike::at(n, stage.only());
        let slowly = Slowly::create(&name, &stage).await?;
        stage.apply(&manifest(&name), &[]).await?;
        let held = strike.call(slowly.ready(&stage)).await?;
        let what = match &held {
            Some(held) => format!("mutation {n} ({})", label(&held.call)),
            None => format!("all of {} mutations", struck.len()),
        };
        if let Some(held) = held {
            struck.push(label(&held.call));
            killed_with(&mut stage, held).await?;
            let ready = slowly.ready(&stage).await;
            ready.map_err(|error| wrong(&what, &error))?;
        }
        let only = stage.only();
        created(&stage, &name, &only.rds.calls(), &what).await?;
        for call in only.api.mutations().into_iter().chain(only.rds.mutations()) {
            assert!(
                concerns(&call, &name),
                "{what}: {}, {}: {}",
                label(&call),
                call.path,
                call.text()
            );
        }
        written_once(only, &what);
        if what.starts_with("all") {
            break;
        }
    }
    assert_covers(&struck, &OF_A_CREATE);
    let reports = |what: &&String| *what == "PATCH postgresdbs/status";
    let reports = struck.iter().filter(reports).count();
    assert!(reports >= 2, "of creating, and of available: {struck:?}");
    at_rest(&stage).await
}

#[tokio::test]
async fn killed_after_each_mutation_of_a_delete() -> Result<()> {
    let mut stage = Stage::running().await?;
    let mut struck = Vec::new();
    for n in 0.. {
        let name = format!("delete-{n:02}");
        stage.apply(&manifest(&name), &[]).await?;
        let subject = Subject::of(&stage.ready(&name).await?);
        begin(&stage);
        let mut strike = Strike::at(n, stage.only());
        let deletion = delete(&stage, &name).await?;
        let goal = async {
            gone(&stage, &name).await?;
            // What the operator does last.
            told(&stage, &subject.uid, "Letting the object go").await
        };
        let held = strike.call(goal).await?;
        let what = match &held {
            Some(held) => format!("mutation {n} ({})", label(&held.call)),
            None => format!("all of {} mutations", struck.len()),
        };
        if let Some(held) = held {
            struck.push(label(&held.call));
            killed_with(&mut stage, held).await?;
            gone(&stage, &name)
                .await
                .map_err(|error| wrong(&what, &error))?;
        }
        let calls = stage.only().rds.calls();
        deleted(&stage, &subject, &deletion, &calls, &what).await?;
        if what.starts_with("all") {
            break;
        }
    }
    assert_covers(&struck, &OF_A_DELETE);
    Ok(())
}

/// Asserts that no status was written again as it was: a pass on what the watch
/// has not caught up with would.
fn written_once(replica: &Replica, what: &str) {
    let mut bodies: Vec<_> = replica.api.mutations().iter().map(Call::text).collect();
    let all = bodies.len();
    bodies.sort();
    bodies.dedup();
    assert_eq!(bodies.len(), all, "{what}: some of it twice");
}

fn assert_covers(struck: &[String], least: &[&str]) {
    for mutation in least {
        let covered = struck.iter().any(|struck| struck == mutation);
        assert!(covered, "{mutation} is not among {struck:?}");
    }
}

/// Forgets what was before.
fn begin(stage: &Stage) {
    for proxy in [&stage.only().rds, &stage.only().api] {
        proxy.clear_rules();
        proxy.forget();
    }
}

/// Kills the operator while it waits for this answer, and starts it anew.
async fn killed_with(stage: &mut Stage, held: Held) -> Result<()> {
    stage.kill().await?;
    drop(held);
    stage.restart(0)
}

/// Waits for two further sweeps, and asserts that they led to nothing.
async fn at_rest(stage: &Stage) -> Result<()> {
    begin(stage);
    let rds = &stage.only().rds;
    eventually("two sweeps", PATIENCE, || async {
        rds.count(|call| call.action() == Some("DescribeDBInstances")) >= 2
    })
    .await?;
    let mutations = [rds.mutations(), stage.only().api.mutations()].concat();
    let labels: Vec<_> = mutations.iter().map(label).collect();
    assert_eq!(labels, [""; 0], "at rest nothing is written");
    Ok(())
}

fn wrong(what: &str, error: &harness::Error) -> harness::Error {
    harness::Error::Unexpected(format!("{what}: {error}"))
}
