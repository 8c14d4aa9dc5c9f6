//! Changes that RDS has accepted or refuses for a while: both are shown, and
//! nobody has to do anything.

use std::time::Duration;

use harness::Result;
use serde_json::json;

use crate::looks::database;
use crate::stage::{Stage, condition};

const DAY: Duration = Duration::from_hours(24);

const SPEC: [&str; 3] = ["size: db.t4g.small", "storage: 20Gi", "storageType: gp3"];

/// What somebody deferred in RDS is shown until its window opens, and Stow does
/// not ask for it a second time.
#[tokio::test]
async fn what_waits_for_the_window_is_shown_until_then() -> Result<()> {
    let stage = Stage::running().await?;
    // The class is the platform's default, and then nobody's business but RDS's.
    stage.apply(&database("orders", &SPEC[1..]), &[]).await?;
    stage.ready("orders").await?;
    let identifier = stage.identifier("orders").await?;
    let later = [
        ("DBInstanceIdentifier", identifier.as_str()),
        ("DBInstanceClass", "db.t4g.large"),
        ("ApplyImmediately", "false"),
    ];
    let rds = &stage.only().rds;
    rds.forget();
    stage.behind("ModifyDBInstance", &later).await?;
    let object = stage
        .object("orders", "the class pending", |object| {
            let pending = object["status"]["pending"].to_string();
            pending.contains("db.t4g.large")
        })
        .await?;
    let pending = object["status"]["pending"].to_string();
    assert!(pending.contains("RDS has accepted it"), "{pending}");
    assert_eq!(object["status"]["size"], "db.t4g.small");
    // What is asked for is under way.
    stage.edit("orders", r#"{"size":"db.t4g.large"}"#).await?;
    stage.judged("orders").await?;
    stage.ready("orders").await?;
    stage.sweeps(2).await?;
    assert_eq!(rds.mutations().len(), 0, "{:?}", rds.mutations());

    // The window opens once a week.
    stage.drydock.advance(7 * DAY).await?;
    let object = stage
        .object("orders", "the window used", |object| {
            object["status"]["size"] == "db.t4g.large" && object["status"].get("pending").is_none()
        })
        .await?;
    assert!(condition(&object, "Stalled").is_none(), "{object}");
    stage.ready("orders").await?;
    assert_eq!(rds.mutations().len(), 0, "{:?}", rds.mutations());
    Ok(())
}

/// RDS takes four changes of storage in a day, and none while it optimizes: both
/// pass, and nobody has to do anything.
#[tokio::test]
async fn storage_that_cools_down_is_waited_for() -> Result<()> {
    let stage = Stage::running().await?;
    stage.apply(&database("orders", &SPEC), &[]).await?;
    stage.ready("orders").await?;

    stage.hold(&["storage-optimization"]).await?;
    stage.edit("orders", r#"{"storage":"30Gi"}"#).await?;
    stage
        .object("orders", "optimizing", |object| {
            object["status"]["ready"] == "storage-optimization"
        })
        .await?;
    stage.edit("orders", r#"{"storage":"40Gi"}"#).await?;
    let object = stage
        .condition("orders", "Reconciling", |_, reason| {
            reason == "StorageOptimizing"
        })
        .await?;
    assert_eq!(object["status"]["storage"], "30Gi");
    stage.usable("orders").await?;
    stage.let_go().await?;
    for size in ["40Gi", "50Gi", "60Gi"] {
        let edit = json!({ "storage": size }).to_string();
        stage.edit("orders", &edit).await?;
        stage
            .object("orders", size, |object| {
                object["status"]["storage"] == size && object["status"]["ready"] == "available"
            })
            .await?;
    }

    stage.edit("orders", r#"{"storage":"70Gi"}"#).await?;
    let object = stage
        .object("orders", "a fifth change", |object| {
            condition(object, "Reconciling").is_some_and(|found| {
                let message = found["message"].as_str().unwrap_or_default();
                message.contains("can't currently modify the storage")
            })
        })
        .await?;
    assert!(condition(&object, "Stalled").is_none(), "{object}");
    assert_eq!(stage.warnings("orders").await?, []);
    stage.ready("orders").await?;
    stage.drydock.advance(2 * DAY).await?;
    stage
        .object("orders", "the next day", |object| {
            object["status"]["storage"] == "70Gi"
        })
        .await?;
    Ok(())
}
