//! How much a namespace may have.

use harness::{Error, Result, eventually};
use serde_json::json;

use super::{apply, refused, set};
use crate::stage::{PATIENCE, Stage, condition};

#[tokio::test]
async fn hundreds_of_large_databases() -> Result<()> {
    let stage = Stage::with_states_alone().await?;
    let ceilings = json!({
        "policy.classes": "db.t4g.*", "policy.maxStorage": "100Gi", "policy.maxIops": "3000",
    });
    set(&stage, &ceilings).await?;
    let rows = [
        ("huge", json!({"size": "db.r6g.16xlarge"}), "policy.classes"),
        ("vast", json!({"storage": "64Ti"}), "policy.maxStorage"),
        (
            "growing",
            json!({"storage": "20Gi", "maxStorage": "64Ti"}),
            "policy.maxStorage",
        ),
        (
            "fast",
            json!({"storageType": "io2", "storage": "100Gi", "iops": 10000}),
            "policy.maxIops",
        ),
    ];
    refused(&stage, &rows).await?;
    for (name, ..) in rows {
        stage.delete(&format!("postgresdb/{name}")).await?;
    }

    set(&stage, &json!({"policy.maxPerNamespace": "2"})).await?;
    for name in ["a", "b", "c", "d"] {
        apply(&stage, name, &json!({})).await?;
    }
    let mut waiting = Vec::new();
    for name in ["a", "b", "c", "d"] {
        let object = stage.judged(name).await?;
        let found = condition(&object, "Stalled").map(|found| &found["reason"]);
        if found.is_some_and(|reason| reason == "NotAllowed") {
            let told = stage.stalled(name, "NotAllowed").await?;
            assert!(told.contains("policy.maxPerNamespace"), "{told}");
            waiting.push(name);
        } else {
            stage.ready(name).await?;
        }
    }
    assert_eq!(waiting.len(), 2, "{waiting:?}");
    assert_eq!(stage.instances("DBInstanceIdentifier").await?.len(), 2);
    Ok(())
}

/// Whoever has databases kept, and asks for others, gets no more than whoever
/// keeps the objects.
#[tokio::test]
async fn more_databases_by_leaving_them_behind() -> Result<()> {
    let stage = Stage::with_states_alone().await?;
    set(&stage, &json!({"policy.maxPerNamespace": "1"})).await?;
    apply(&stage, "first", &json!({"deletionPolicy": "Retain"})).await?;
    stage.ready("first").await?;
    let identifier = stage.identifier("first").await?;
    stage.delete("postgresdb/first").await?;
    stage.gone("postgresdb/first").await?;

    apply(&stage, "second", &json!({})).await?;
    let told = stage.stalled("second", "NotAllowed").await?;
    assert!(told.contains("policy.maxPerNamespace"), "{told}");
    assert!(told.contains(&identifier), "{told}");
    assert_eq!(
        stage.instances("DBInstanceIdentifier").await?,
        [&*identifier]
    );
    stage.said(0, &identifier).await?;
    counted(&stage, 1.0).await?;

    let of_it = [
        ("DBInstanceIdentifier", identifier.as_str()),
        ("SkipFinalSnapshot", "true"),
    ];
    stage.behind("DeleteDBInstance", &of_it).await?;
    stage.ready("second").await?;
    counted(&stage, 0.0).await
}

/// Waits until a sweep counts so many instances that were left behind: it may have
/// looked just before the object was gone.
async fn counted(stage: &Stage, left: f64) -> Result<()> {
    eventually(format!("{left} to be left behind"), PATIENCE, || async {
        let found = stage.only().metric("stow_instances_left_behind").await?;
        if (found - left).abs() < f64::EPSILON {
            return Ok(());
        }
        Err(Error::Unexpected(format!("{found}")))
    })
    .await
}
