//! Answers of RDS that are lost, late, doubled, cut or unreadable, and requests
//! that never arrive: each mutation is sent once for each decision, and once more
//! where it did not happen.

use harness::{Call, Result};
use serde_json::{Value, json};

use crate::looks::{asked, database};
use crate::stage::Stage;
use crate::storms::assert_rest;

/// What the operator goes by meanwhile.
const READ: &str = "DescribeDBInstances";

/// More than there are mishaps, so that some go well.
const FLEET: usize = 24;

/// What befalls some of the requests.
struct Mishap {
    effect: Value,
    times: usize,
    /// Whether the action happens for all that.
    happens: bool,
    /// Whether a create that happens is answered as one.
    is_told: bool,
}

fn mishaps() -> [Mishap; 7] {
    [
        (json!("lose-answer"), 3, true, false),
        (json!({"delay-answer": 1_000}), 3, true, true),
        // The second of two creates is refused, and its answer is sent.
        (json!("duplicate"), 3, true, false),
        (json!("truncate-answer"), 2, true, false),
        (json!("garble-answer"), 2, true, false),
        (json!("reset"), 3, false, false),
        (json!("bad-gateway"), 3, false, false),
    ]
    .map(|(effect, times, happens, is_told)| Mishap {
        effect,
        times,
        happens,
        is_told,
    })
}

fn rules(action: &str) -> Vec<Value> {
    let rule =
        |Mishap { effect, times, .. }| json!({"action": action, "times": times, "effect": effect});
    mishaps().into_iter().map(rule).collect()
}

fn how_many(of_it: impl Fn(&Mishap) -> bool) -> usize {
    let mishaps = mishaps().into_iter().filter(of_it);
    mishaps.map(|mishap| mishap.times).sum()
}

/// How often an action is sent that each object needs once.
fn needed() -> usize {
    FLEET + how_many(|mishap| !mishap.happens)
}

fn fleet(spec: &[&str]) -> String {
    (0..FLEET)
        .map(|index| database(&format!("db-{index:02}"), spec))
        .collect()
}

#[tokio::test]
async fn answers_lost_late_or_doubled_double_nothing() -> Result<()> {
    let stage = Stage::with_states_alone().await?;
    befall(&stage, &["CreateDBInstance"]).await?;
    stage
        .apply(&fleet(&["size: db.t4g.small", "storage: 20Gi"]), &[])
        .await?;
    stage.fleet(FLEET).await?;
    let others = assert_sent(&stage, &["CreateDBInstance"]).await?;
    // Whether RDS took the password of a create that it did not answer for is
    // not known: it is told once more, and nothing else is.
    for call in &others {
        let password = call.parameter("MasterUserPassword").unwrap_or_default();
        let want = [
            ("ApplyImmediately", "false"),
            ("MasterUserPassword", password),
        ];
        assert_eq!(call.action(), Some("ModifyDBInstance"));
        assert_eq!(asked(call), want.into());
    }
    let untold = how_many(|mishap| mishap.happens && !mishap.is_told);
    assert_eq!(others.len(), untold, "{others:?}");

    let changes = ["ModifyDBInstance", "AddTagsToResource"];
    befall(&stage, &changes).await?;
    let spec = ["size: db.t4g.large", "storage: 20Gi", "tags: {team: shop}"];
    stage.apply(&fleet(&spec), &[]).await?;
    for object in stage.fleet(FLEET).await? {
        assert_eq!(object["status"]["size"], "db.t4g.large", "{object}");
    }
    let others = assert_sent(&stage, &changes).await?;
    assert_eq!(others.len(), 0, "{others:?}");
    assert_rest(&stage).await?;

    befall(&stage, &["DeleteDBInstance"]).await?;
    stage
        .kubectl(&[
            "delete",
            "postgresdb",
            "--all",
            "-n",
            "shop",
            "--wait=false",
        ])
        .await?;
    stage.fleet(0).await?;
    let others = assert_sent(&stage, &["DeleteDBInstance"]).await?;
    assert_eq!(others.len(), 0, "{others:?}");
    assert_eq!(stage.instances("DBInstanceIdentifier").await?, [""; 0]);
    let manual = [("SnapshotType", "manual")];
    let rds = stage.rds();
    let snapshots = rds.texts("DescribeDBSnapshots", &manual, "DBSnapshotIdentifier");
    assert_eq!(snapshots.await?.len(), FLEET, "a final snapshot of each");
    Ok(())
}

/// Lets each mishap befall each of these actions, and what is read meanwhile.
async fn befall(stage: &Stage, actions: &[&str]) -> Result<()> {
    let all = actions.iter().chain(&[READ]);
    let rules: Vec<_> = all.flat_map(|action| rules(action)).collect();
    stage.drydock.set_faults(json!(rules)).await?;
    stage.only().rds.forget();
    Ok(())
}

/// Asserts that each mishap happened, and that each action was sent no more often
/// than that makes necessary; returns what else was sent.
async fn assert_sent(stage: &Stage, actions: &[&str]) -> Result<Vec<Call>> {
    let left = stage.drydock.faults().await?;
    let left = left.as_array().into_iter().flatten();
    // How often the instances are described is the sweeps' to know.
    let left: Vec<_> = left.filter(|rule| rule["action"] != READ).collect();
    assert_eq!(left, [&json!(null); 0], "every mishap happened");
    let mut sent = stage.only().rds.mutations();
    for action in actions {
        let before = sent.len();
        sent.retain(|call| call.action() != Some(action));
        assert_eq!(before - sent.len(), needed(), "{action}");
    }
    Ok(sent)
}
