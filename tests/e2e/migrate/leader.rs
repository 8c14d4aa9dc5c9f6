//! The leader says that a migration is due, and carries it out where it was told to.

use harness::{Error, Result, eventually};
use serde_json::{Value, json};

use super::yard::{CRD, Yard, manifest};
use crate::stage::PATIENCE;

async fn is_due(yard: &Yard, due: bool) -> Result<()> {
    eventually(format!("stow_migration_due {due}"), PATIENCE, || async {
        let value = yard.stage.only().metric("stow_migration_due").await?;
        if (value > 0.5) == due {
            return Ok(());
        }
        Err(Error::Unexpected(value.to_string()))
    })
    .await
}

async fn event(yard: &Yard) -> Result<Value> {
    eventually("the Event", PATIENCE, || async {
        let events = yard
            .stage
            .kubectl(&["get", "events", "-A", "-o", "json"])
            .await?;
        let events: Value = serde_json::from_str(&events).unwrap_or_default();
        let mut events = events["items"].as_array().into_iter().flatten();
        let due = events.find(|event| event["reason"] == "MigrationDue");
        due.cloned()
            .ok_or_else(|| Error::Unexpected("there is none".to_owned()))
    })
    .await
}

#[tokio::test]
async fn the_leader_migrates_only_where_it_was_told_to() -> Result<()> {
    let mut yard = Yard::open().await?;
    let spec = json!({"size": "db.t3.small", "storage": "10"});
    yard.stage
        .apply(&manifest("v1alpha1", "orders", &spec), &[])
        .await?;
    yard.store("v1beta1").await?;
    let specs = yard.specs().await?;

    yard.stage.only().api.unblock();
    is_due(&yard, true).await?;
    let event = event(&yard).await?;
    let note = event["message"].as_str().unwrap_or_default();
    assert!(
        note.contains("stow migrate") && note.contains("v1alpha1"),
        "{event}"
    );
    assert_eq!(event["involvedObject"]["name"], CRD, "{event}");
    yard.stage.usable("orders").await?;
    assert_eq!(
        yard.stored_versions().await?,
        json!(["v1beta1", "v1alpha1"])
    );

    // Told to, it says what right it lacks.
    yard.stage.kill().await?;
    yard.stage.replicas.clear();
    yard.stage.start(&["--migrate-storage"]).await?;
    yard.stage
        .said(0, "apply yaml/migrate-storage.yaml")
        .await?;
    is_due(&yard, true).await?;
    yard.stage.manifest("yaml/migrate-storage.yaml").await?;
    // Nobody should wait for its next try here: a change of the CRD brings it on.
    let note = ["annotate", "crd", CRD, "test=now"];
    yard.stage.kubectl(&note).await?;
    is_due(&yard, false).await?;
    assert_eq!(yard.stored_versions().await?, json!(["v1beta1"]));
    assert_eq!(yard.old_at_rest().await?, <[&str; 0]>::default());
    let after = yard.specs().await?;
    assert_eq!(after["orders"], specs["orders"]);
    assert_eq!(yard.migrate(&["--verify"]).await?.code, 0);
    Ok(())
}
