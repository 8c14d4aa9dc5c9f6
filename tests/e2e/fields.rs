//! The fields of v1beta1 beyond machine and volume: at creation, in place, and
//! when the object goes.

use harness::Result;

use crate::looks::{asked, database};
use crate::stage::{Stage, condition};

const SPEC: [&str; 2] = ["size: db.t4g.small", "storage: 20Gi"];

#[tokio::test]
async fn fields_are_sent_at_creation_and_changed_in_place() -> Result<()> {
    let stage = Stage::running().await?;
    let more = [
        "maxStorage: 40Gi",
        "port: 5433",
        "backup: {retentionDays: 14, window: \"01:00-02:00\"}",
        "maintenanceWindow: mon:03:00-mon:04:00",
        "autoMinorVersionUpgrade: false",
        "deletionProtection: true",
        "iamAuthentication: true",
    ];
    let spec: Vec<_> = SPEC.iter().chain(&more).copied().collect();
    stage.apply(&database("orders", &spec), &[]).await?;
    stage.ready("orders").await?;
    stage.login("orders").await?.run("SELECT 1").await?;
    let created = stage.sent("CreateDBInstance", "orders");
    for (key, value) in [
        ("MaxAllocatedStorage", "40"),
        ("Port", "5433"),
        ("BackupRetentionPeriod", "14"),
        ("PreferredBackupWindow", "01:00-02:00"),
        ("PreferredMaintenanceWindow", "mon:03:00-mon:04:00"),
        ("AutoMinorVersionUpgrade", "false"),
        ("DeletionProtection", "true"),
        ("EnableIAMDatabaseAuthentication", "true"),
        ("PubliclyAccessible", "false"),
    ] {
        assert_eq!(created[0].parameter(key), Some(value), "{key}");
    }
    // A spec that is in effect asks for nothing.
    let rds = &stage.only().rds;
    rds.forget();
    stage.sweeps(2).await?;
    assert_eq!(rds.mutations().len(), 0, "{:?}", rds.mutations());

    // One that interrupts nothing flushes nothing; growth is off at the storage.
    let edit = r#"{"deletionProtection":false,"maxStorage":"20Gi","backup":{"retentionDays":21}}"#;
    stage.edit("orders", edit).await?;
    stage.judged("orders").await?;
    stage.ready("orders").await?;
    stage.sweeps(2).await?;
    let calls = rds.mutations();
    assert_eq!(calls.len(), 1, "{calls:?}");
    let want = [
        ("ApplyImmediately", "false"),
        ("BackupRetentionPeriod", "21"),
        ("DeletionProtection", "false"),
        ("MaxAllocatedStorage", "20"),
    ];
    assert_eq!(asked(&calls[0]), want.into());

    // The window is waited for, and the database is ready meanwhile.
    rds.forget();
    let edit = r#"{"applyChanges":"MaintenanceWindow","size":"db.t4g.large","port":5434}"#;
    stage.edit("orders", edit).await?;
    let object = stage
        .object("orders", "the class pending", |object| {
            let pending = object["status"]["pending"].to_string();
            pending.contains("size db.t4g.large") && pending.contains("port 5434")
        })
        .await?;
    assert!(condition(&object, "Stalled").is_none(), "{object}");
    stage.ready("orders").await?;
    stage.sweeps(2).await?;
    let calls = rds.mutations();
    assert_eq!(calls.len(), 1, "{calls:?}");
    let want = [
        ("ApplyImmediately", "false"),
        ("DBInstanceClass", "db.t4g.large"),
    ];
    assert_eq!(asked(&calls[0]), want.into());
    // Until somebody cannot wait any longer.
    let edit = r#"{"applyChanges":"Immediately"}"#;
    stage.edit("orders", edit).await?;
    stage
        .object("orders", "the class changed", |object| {
            let status = &object["status"];
            status["size"] == "db.t4g.large" && status.get("pending").is_none()
        })
        .await?;
    let calls = rds.mutations();
    assert_eq!(calls.len(), 2, "{calls:?}");
    let want = [
        ("ApplyImmediately", "true"),
        ("DBInstanceClass", "db.t4g.large"),
        ("DBPortNumber", "5434"),
    ];
    assert_eq!(asked(&calls[1]), want.into());
    stage.ready("orders").await?;
    Ok(())
}

#[tokio::test]
async fn a_retained_database_outlives_its_object_and_a_paused_one_is_left_alone() -> Result<()> {
    let stage = Stage::running().await?;
    let kept: Vec<_> = SPEC
        .iter()
        .chain(&["deletionPolicy: Retain"])
        .copied()
        .collect();
    stage.apply(&database("kept", &kept), &[]).await?;
    stage.apply(&database("paused", &SPEC), &[]).await?;
    stage.apply(&database("gone", &SPEC), &[]).await?;
    for name in ["kept", "paused", "gone"] {
        stage.ready(name).await?;
    }
    // No database would be made with it.
    stage.edit("gone", r#"{"deletionPolicy":"Delete"}"#).await?;
    stage.delete("postgresdb/kept").await?;
    stage.gone("postgresdb/kept").await?;
    stage.sweeps(1).await?;
    assert_eq!(stage.instances("DBInstanceStatus").await?.len(), 3);
    assert_eq!(stage.sent("DeleteDBInstance", "kept").len(), 0);

    let pause = r#"{"metadata":{"annotations":{"stow.myob.com/paused":"true"}}}"#;
    stage.patch("postgresdb/paused", pause).await?;
    stage
        .condition("paused", "Ready", |status, reason| {
            status == "True" && reason == "Paused"
        })
        .await?;
    stage.edit("paused", r#"{"size":"db.t4g.large"}"#).await?;
    let told = stage.stalled("paused", "Paused").await?;
    assert!(told.contains("size db.t4g.large"), "{told}");
    assert_eq!(stage.sent("ModifyDBInstance", "paused").len(), 0);

    // Nothing goes without a snapshot that the platform wants taken.
    stage.delete("postgresdb/gone").await?;
    let told = stage.stalled("gone", "NotAllowed").await?;
    assert!(told.contains("policy.minimumDeletionPolicy"), "{told}");
    assert_eq!(stage.sent("DeleteDBInstance", "gone").len(), 0);
    stage
        .edit("gone", r#"{"deletionPolicy":"Snapshot"}"#)
        .await?;
    stage.gone("postgresdb/gone").await?;
    let deletes = stage.sent("DeleteDBInstance", "gone");
    assert_eq!(deletes[0].parameter("SkipFinalSnapshot"), Some("false"));
    Ok(())
}
