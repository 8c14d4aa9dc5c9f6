//! Deletion: a final snapshot first, always, and the object only goes once its
//! instance has.

use harness::Result;
use serde_json::Value;

use crate::looks::{database, said, text_at};
use crate::stage::Stage;
use crate::sweep::{edited, is_for};

const SPEC: [&str; 2] = ["size: db.t4g.small", "storage: 20Gi"];

/// The name that the final snapshot of an object must have.
fn snapshot_of(object: &Value) -> String {
    let name = text_at(object, "/metadata/name");
    let uid = text_at(object, "/metadata/uid");
    let mut at = text_at(object, "/metadata/deletionTimestamp").to_owned();
    at.retain(|c| c.is_ascii_digit());
    assert_eq!(at.len(), 14, "seconds, in UTC");
    format!("{name}-{uid}-{at}")
}

/// That no instance was ever deleted without its final snapshot.
fn snapshots_always(stage: &Stage) {
    for call in stage.only().rds.calls() {
        assert_ne!(call.parameter("SkipFinalSnapshot"), Some("true"));
        if call.action() == Some("DeleteDBInstance") {
            assert_eq!(call.parameter("SkipFinalSnapshot"), Some("false"));
            assert_eq!(call.parameter("DeleteAutomatedBackups"), Some("false"));
            assert!(call.parameter("FinalDBSnapshotIdentifier").is_some());
        }
    }
}

#[tokio::test]
async fn the_object_goes_after_its_instance() -> Result<()> {
    let stage = Stage::running().await?;
    stage.apply(&database("going", &SPEC), &[]).await?;
    stage.ready("going").await?;
    stage.hold(&["deleting"]).await?;

    // No Secret is needed for it.
    stage.delete("secret/going").await?;
    stage.gone("secret/going").await?;
    stage.delete("postgresdb/going").await?;
    let object = stage
        .object("going", "its deletion told", |object| {
            object["status"]["ready"] == "deleting"
        })
        .await?;
    let snapshot = snapshot_of(&object);
    assert!(said(&object, "Reconciling").contains(&snapshot), "{object}");
    assert!(said(&object, "Ready").contains(&snapshot), "{object}");
    stage.sweeps(3).await?;
    let object = stage.get("postgresdb/going").await?;
    let finalizer = "stow.myob.com/database";
    assert_eq!(object["metadata"]["finalizers"][0], finalizer);
    assert_eq!(stage.instances("DBInstanceStatus").await?, ["deleting"]);

    stage.let_go().await?;
    stage.gone("postgresdb/going").await?;
    let deletes = stage.sent("DeleteDBInstance", "going");
    assert_eq!(deletes.len(), 1, "{deletes:?}");
    let named = deletes[0].parameter("FinalDBSnapshotIdentifier");
    assert_eq!(named, Some(&*snapshot));
    let named = [("DBSnapshotIdentifier", snapshot.as_str())];
    let xml = stage.behind("DescribeDBSnapshots", &named).await?;
    assert!(xml.contains("<Key>stow.myob.com/object</Key><Value>shop/going</Value>"));
    snapshots_always(&stage);
    Ok(())
}

#[tokio::test]
async fn what_stands_in_the_way_is_waited_for_or_told() -> Result<()> {
    let stage = Stage::running().await?;
    let rds = &stage.only().rds;
    let refused = rds
        .when(|call| call.action() == Some("CreateDBInstance") && is_for(call, "stillborn"))
        .answer(harness::Answer::rds_fault(
            http::StatusCode::BAD_REQUEST,
            "InvalidParameterValue",
            "no such class",
        ));
    let names = ["young", "shielded", "source", "failed"];
    let all: String = names.iter().map(|name| database(name, &SPEC)).collect();
    let all = all + &database("stillborn", &SPEC);
    stage.apply(&all, &[]).await?;
    for name in names {
        stage.ready(name).await?;
    }
    stage.stalled("stillborn", "Refused").await?;

    stage.say("young", "creating").await?;
    stage.say("failed", "failed").await?;
    let shielded = stage.identifier("shielded").await?;
    let protect = |on: &'static str| {
        [
            ("DBInstanceIdentifier", shielded.as_str()),
            ("DeletionProtection", on),
        ]
    };
    stage.behind("ModifyDBInstance", &protect("true")).await?;
    let replicated = rds
        .when(|call| call.action() == Some("DescribeDBInstances"))
        .map(|xml| edited(&xml, "source", with_a_replica));
    // The operator must have seen all that, or it would delete in good faith.
    stage.sweeps(1).await?;
    stage
        .object("young", "creating", |object| {
            object["status"]["ready"] == "creating"
        })
        .await?;

    for name in names.iter().chain(&["stillborn"]) {
        stage.delete(&format!("postgresdb/{name}")).await?;
    }
    // It never had an instance.
    stage.gone("postgresdb/stillborn").await?;
    stage.gone("secret/stillborn").await?;
    assert_eq!(refused.hits(), 1);

    let message = stage.stalled("shielded", "IncompatibleState").await?;
    assert!(message.contains("--no-deletion-protection"), "{message}");
    assert!(message.contains(&shielded), "{message}");
    let message = stage.stalled("source", "IncompatibleState").await?;
    assert!(message.contains("reader"), "{message}");
    assert!(
        message.contains("delete or promote them first"),
        "{message}"
    );
    let message = stage.stalled("failed", "IncompatibleState").await?;
    assert!(message.contains("RDS says failed"), "{message}");
    assert!(message.contains("delete it in RDS yourself"), "{message}");
    let object = stage
        .condition("young", "Reconciling", |_, reason| reason == "Deleting")
        .await?;
    assert!(said(&object, "Reconciling").contains("RDS says creating"));
    stage.sweeps(2).await?;
    let deletes = |call: &harness::Call| call.action() == Some("DeleteDBInstance");
    assert_eq!(rds.count(deletes), 0);

    stage.say("young", "available").await?;
    stage.say("failed", "available").await?;
    stage.behind("ModifyDBInstance", &protect("false")).await?;
    replicated.remove();
    for name in names {
        stage.gone(&format!("postgresdb/{name}")).await?;
    }
    assert_eq!(rds.count(deletes), names.len());
    assert_eq!(stage.instances("DBInstanceIdentifier").await?.len(), 0);
    snapshots_always(&stage);
    Ok(())
}

/// drydock has no read replicas.
fn with_a_replica(instance: &str) -> String {
    let none = "<ReadReplicaDBInstanceIdentifiers/>";
    let one = "<ReadReplicaDBInstanceIdentifiers><ReadReplicaDBInstanceIdentifier>reader\
        </ReadReplicaDBInstanceIdentifier></ReadReplicaDBInstanceIdentifiers>";
    let none_open = "<ReadReplicaDBInstanceIdentifiers></ReadReplicaDBInstanceIdentifiers>";
    instance.replace(none, one).replace(none_open, one)
}

#[tokio::test]
async fn a_namespace_goes_with_its_databases() -> Result<()> {
    let stage = Stage::running().await?;
    let both = database("one", &SPEC) + &database("two", &SPEC);
    stage.apply(&both, &[]).await?;
    let mut identifiers = Vec::new();
    for name in ["one", "two"] {
        stage.ready(name).await?;
        identifiers.push(stage.identifier(name).await?);
    }
    stage.end_namespace().await?;

    assert_eq!(stage.instances("DBInstanceIdentifier").await?.len(), 0);
    let taken = stage
        .rds()
        .texts("DescribeDBSnapshots", &[], "DBSnapshotIdentifier")
        .await?;
    for identifier in identifiers {
        let of_it = |name: &&String| name.starts_with(&format!("{identifier}-"));
        assert_eq!(taken.iter().filter(of_it).count(), 1, "{taken:?}");
    }
    let rds = &stage.only().rds;
    assert_eq!(
        rds.count(|call| call.action() == Some("DeleteDBInstance")),
        2
    );
    // A Secret that is collected while the namespace goes is not made anew, nor
    // is its password reset.
    assert_eq!(
        rds.count(|call| call.action() == Some("ModifyDBInstance")),
        0
    );
    snapshots_always(&stage);
    Ok(())
}
