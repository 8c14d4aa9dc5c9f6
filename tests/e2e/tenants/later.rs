//! A policy that comes later than a database: it is told, and breaks nothing.

use harness::Result;
use serde_json::{Value, json};

use super::{apply, set};
use crate::stage::{Stage, condition};

#[tokio::test]
async fn a_narrower_or_broken_policy_changes_no_database_that_runs() -> Result<()> {
    let stage = Stage::with_states_alone().await?;
    apply(
        &stage,
        "orders",
        &json!({"size": "db.m6g.large", "storage": "200Gi"}),
    )
    .await?;
    let before = stage.ready("orders").await?;
    stage.only().rds.forget();
    set(
        &stage,
        &json!({"policy.classes": "db.t4g.*", "policy.maxStorage": "100Gi"}),
    )
    .await?;
    let told = stage.stalled("orders", "NotAllowed").await?;
    for key in ["policy.classes", "policy.maxStorage"] {
        assert!(told.contains(key), "{told}");
    }
    let narrowed = stage.ready("orders").await?;
    assert_eq!(narrowed["status"]["size"], before["status"]["size"]);
    stage.sweeps(2).await?;
    assert_eq!(stage.only().rds.mutations().len(), 0);

    // Misspelt, a policy is no invitation; whoever asks for nothing new is not
    // bothered with it.
    let misspelt = json!({
        "policy.classes": null, "policy.maxStorage": null, "policy.maxStorge": "100Gi",
    });
    set(&stage, &misspelt).await?;
    let calm = |object: &Value| condition(object, "Stalled").is_none();
    stage.object("orders", "at rest", calm).await?;
    let said = stage.said(0, "policy.maxStorge").await?;
    let warnings = said
        .lines()
        .filter(|line| line.contains("policy.maxStorge"));
    assert_eq!(warnings.count(), 1, "{said}");
    let fault = "stow_configuration_faults{key=\"unknown\"} 1";
    assert!(stage.only().metrics().await?.contains(fault));
    stage.edit("orders", r#"{"storage": "300Gi"}"#).await?;
    let told = stage.stalled("orders", "InvalidConfiguration").await?;
    assert!(told.contains("policy.maxStorge"), "{told}");
    stage.sweeps(2).await?;
    assert_eq!(stage.only().rds.mutations().len(), 0);

    // Mended, what was asked for is done.
    set(&stage, &json!({"policy.maxStorge": null})).await?;
    let grown = |object: &Value| object["status"]["storage"] == "300Gi";
    stage.object("orders", "grown", grown).await?;
    assert!(
        !stage
            .only()
            .metrics()
            .await?
            .contains("stow_configuration_faults{")
    );
    Ok(())
}
