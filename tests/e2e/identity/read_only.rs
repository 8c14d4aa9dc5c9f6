//! `--read-only`: all is observed and reported, and nothing changed.

use harness::Result;
use serde_json::Value;

use super::yard::{SPEC, Yard};
use crate::looks::{database, said};

#[tokio::test]
async fn a_read_only_operator_reports_and_changes_nothing() -> Result<()> {
    let mut yard = Yard::boot().await?;
    yard.start(&["--read-only"], None).await?;
    yard.stage.apply(&database("alpha", &SPEC), &[]).await?;
    let told = yard.stage.stalled("alpha", "Paused").await?;
    assert!(told.contains("--read-only"), "{told}");
    assert!(told.contains("create Secret alpha"), "{told}");
    yard.sweeps(3).await?;
    assert_eq!(yard.changes(), Vec::<String>::new());
    assert_eq!(yard.pin().await?, Value::Null);
    assert!(yard.stage.only().metric("stow_read_only").await? > 0.0);

    yard.end().await?;
    yard.start(&[], None).await?;
    yard.stage.apply(&database("omega", &SPEC), &[]).await?;
    for name in ["alpha", "omega"] {
        yard.stage.ready(name).await?;
    }

    yard.end().await?;
    yard.rds.forget();
    yard.start(&["--read-only"], None).await?;
    let stage = &yard.stage;
    let tells = |object: &Value| said(object, "Ready").contains("--read-only");
    stage.object("alpha", "its word", tells).await?;
    let alpha = stage.ready("alpha").await?;
    assert!(crate::stage::condition(&alpha, "Stalled").is_none());
    stage.edit("alpha", "{\"size\":\"db.t4g.medium\"}").await?;
    stage.delete("postgresdb/omega").await?;
    for (name, would) in [
        ("alpha", "size db.t4g.medium"),
        ("omega", "delete RDS instance omega-"),
    ] {
        let told = stage.stalled(name, "Paused").await?;
        assert!(told.contains(would), "{told}");
    }
    yard.sweeps(3).await?;
    assert_eq!(yard.changes(), Vec::<String>::new());

    yard.end().await?;
    yard.start(&[], None).await?;
    yard.stage.gone("postgresdb/omega").await
}
