//! What only a database can show: rows that outlive what is done to it, and who
//! is let in.

use harness::{Database, Result};
use serde_json::json;

use crate::looks::{database, said};
use crate::stage::{Stage, decoded};

const SPEC: [&str; 2] = ["size: db.t4g.small", "storage: 20Gi"];

const CARGO: &str = "CREATE TABLE cargo (item text); INSERT INTO cargo VALUES ('tea')";
const ITEMS: &str = "SELECT item FROM cargo";

/// The row stays through all that the operator has done to an instance.
#[tokio::test]
async fn a_row_outlives_changes_and_stops() -> Result<()> {
    let stage = Stage::running().await?;
    stage.apply(&database("orders", &SPEC), &[]).await?;
    stage.ready("orders").await?;
    stage.login("orders").await?.run(CARGO).await?;

    let edit = r#"{"size":"db.t4g.large","storage":"30Gi","multiAZ":true}"#;
    stage.edit("orders", edit).await?;
    stage
        .object("orders", edit, |object| {
            object["status"]["size"] == "db.t4g.large" && object["status"]["storage"] == "30Gi"
        })
        .await?;
    stage.ready("orders").await?;
    assert_eq!(stage.login("orders").await?.texts(ITEMS).await?, ["tea"]);

    let identifier = stage.identifier("orders").await?;
    let of_it = [("DBInstanceIdentifier", identifier.as_str())];
    stage.behind("StopDBInstance", &of_it).await?;
    let object = stage
        .object("orders", "stopped", |object| {
            object["status"]["ready"] == "stopped"
        })
        .await?;
    let advice = said(&object, "Stalled");
    assert!(advice.contains("aws rds start-db-instance"), "{advice}");
    assert!(stage.login("orders").await.is_err(), "it is stopped");
    stage.behind("StartDBInstance", &of_it).await?;
    stage.ready("orders").await?;
    assert_eq!(stage.login("orders").await?.texts(ITEMS).await?, ["tea"]);
    Ok(())
}

/// What was deleted can be had again from the snapshot that the deletion took,
/// by hand, with the Secret's password of before.
#[tokio::test]
async fn the_final_snapshot_has_the_rows() -> Result<()> {
    let stage = Stage::running().await?;
    stage.apply(&database("orders", &SPEC), &[]).await?;
    stage.ready("orders").await?;
    stage.login("orders").await?.run(CARGO).await?;
    let secret = stage.get("secret/orders").await?;
    let (url, port) = (
        decoded(&secret, "DATABASE_URL")?,
        decoded(&secret, "DB_PORT")?,
    );
    stage.delete("postgresdb/orders").await?;
    stage.gone("postgresdb/orders").await?;
    assert!(stage.login_by(&url).await.is_err(), "it is deleted");

    let manual = [("SnapshotType", "manual")];
    let snapshots = stage
        .rds()
        .texts("DescribeDBSnapshots", &manual, "DBSnapshotIdentifier")
        .await?;
    let restore = [
        ("DBInstanceIdentifier", "rescued"),
        ("DBSnapshotIdentifier", snapshots[0].as_str()),
    ];
    stage
        .behind("RestoreDBInstanceFromDBSnapshot", &restore)
        .await?;
    stage.rds_says("rescued", "available").await?;
    let rescued = [("DBInstanceIdentifier", "rescued")];
    let ports = stage
        .rds()
        .texts("DescribeDBInstances", &rescued, "Port")
        .await?;
    let url = url.replace(&format!(":{port}/"), &format!(":{}/", ports[0]));
    let restored = stage.login_by(&url).await?;
    assert_eq!(restored.texts(ITEMS).await?, ["tea"]);

    // It carries the tags of an object, and is not Stow's all the same.
    stage.apply(&database("others", &SPEC), &[]).await?;
    stage.ready("others").await?;
    stage.sweeps(2).await?;
    let calls = stage.only().rds.mutations();
    let about = |call: &harness::Call| call.text().contains("rescued");
    assert!(!calls.iter().any(about), "{calls:?}");
    assert_eq!(restored.texts(ITEMS).await?, ["tea"]);
    Ok(())
}

/// Nobody is let in who does not know the database's authority, and the Secret's
/// host is one that the certificate is for.
#[tokio::test]
async fn who_checks_the_certificate_is_let_in() -> Result<()> {
    let stage = Stage::running().await?;
    stage.apply(&database("orders", &SPEC), &[]).await?;
    stage.ready("orders").await?;
    // This checks chain and host, as sslmode=verify-full does.
    let one = stage.login("orders").await?;
    let encrypted = "SELECT current_user || ' ' || current_database()";
    assert_eq!(one.texts(encrypted).await?, ["postgres orders"]);

    let url = decoded(&stage.get("secret/orders").await?, "DATABASE_URL")?;
    let authority = stage.drydock.authority().await?;
    let elsewhere = url.replace("127.0.0.1", "127.0.0.2");
    let refused = Database::login(&elsewhere, &authority).await;
    assert!(refused.is_err(), "a host that the certificate is not for");
    let plain = url.replace("sslmode=require", "sslmode=disable");
    assert_ne!(plain, url, "the Secret's URL asks for TLS");
    Ok(())
}

/// RDS at its worst, and yet each database is created once and can be used.
#[tokio::test]
async fn a_flood_of_faults_only_delays() -> Result<()> {
    let stage = Stage::running().await?;
    let faults = json!([
        {"action": "CreateDBInstance", "times": 2, "effect": "lose-answer"},
        {"action": "CreateDBInstance", "times": 2, "effect": "throttling"},
        {"action": "DescribeDBInstances", "times": 2, "effect": "service-unavailable"},
        {"rate": 0.3, "times": 20, "effect": "throttling-exception"},
        {"rate": 0.1, "times": 4, "effect": "internal-failure"},
    ]);
    stage.drydock.set_faults(faults).await?;
    let names = ["one", "two", "three", "four"];
    let all: String = names.iter().map(|name| database(name, &SPEC)).collect();
    stage.apply(&all, &[]).await?;
    for name in names {
        stage.ready(name).await?;
        stage.login(name).await?.run(CARGO).await?;
    }
    // What asks now is the test, which does not ask twice.
    stage.drydock.set_faults(json!([])).await?;
    assert_eq!(stage.instances("DBInstanceIdentifier").await?.len(), 4);
    let names = names.map(|name| stage.identifier(name));
    for identifier in names {
        let identifier = identifier.await?;
        let there = stage.instances("DBInstanceIdentifier").await?;
        assert!(there.contains(&identifier), "{identifier} in {there:?}");
    }
    Ok(())
}

/// RDS may forget for a while what it was just asked for.
#[tokio::test]
async fn what_shows_late_is_not_made_twice() -> Result<()> {
    let stage = Stage::running().await?;
    stage.drydock.set(json!({"lag": 1500})).await?;
    stage.apply(&database("orders", &SPEC), &[]).await?;
    stage.ready("orders").await?;
    stage.login("orders").await?.run(CARGO).await?;
    assert_eq!(stage.sent("CreateDBInstance", "orders").len(), 1);
    stage.edit("orders", r#"{"size":"db.t4g.large"}"#).await?;
    stage
        .object("orders", "larger", |object| {
            object["status"]["size"] == "db.t4g.large"
        })
        .await?;
    stage.ready("orders").await?;
    stage.sweeps(2).await?;
    assert_eq!(stage.asked_of("orders").len(), 2);
    assert_eq!(stage.login("orders").await?.texts(ITEMS).await?, ["tea"]);
    Ok(())
}

/// A quota is RDS's own to refuse by, and heals when there is room.
#[tokio::test]
async fn a_quota_that_is_raised_lets_the_next_one_in() -> Result<()> {
    let stage = Stage::running().await?;
    stage.drydock.set(json!({"instances": 1})).await?;
    stage.apply(&database("first", &SPEC), &[]).await?;
    stage.ready("first").await?;
    stage.apply(&database("second", &SPEC), &[]).await?;
    let message = stage.stalled("second", "QuotaExceeded").await?;
    assert!(message.contains("InstanceQuotaExceeded"), "{message}");
    assert!(message.contains("Raise the quota"), "{message}");
    stage.ready("first").await?;
    stage.drydock.set(json!({})).await?;
    // A new wish is tried at once.
    stage.edit("second", r#"{"storage":"30Gi"}"#).await?;
    stage.ready("second").await?;
    stage.login("second").await?.run(CARGO).await?;
    Ok(())
}
