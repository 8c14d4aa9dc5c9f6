//! How much a namespace may have.

use harness::Result;
use serde_json::json;

use super::{apply, refused, set};
use crate::stage::{Stage, condition};

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
