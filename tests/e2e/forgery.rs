//! What a tenant can write into annotations, and what does not follow from it.

use harness::{Call, Result};
use serde_json::{Value, json};

use crate::stage::{NAMESPACE, Stage, condition};

/// The schema of v1beta1 does not judge what a v1alpha1 client says of the hub
/// in annotations: a policy does, and where that was got round the operator.
#[tokio::test]
async fn forged_memories_lead_past_no_rule() -> Result<()> {
    let stage = Stage::running().await?;
    stage.kubectl(&["create", "namespace", "other"]).await?;
    let create = [
        "create",
        "secret",
        "generic",
        "victim",
        "-n",
        "other",
        "--from-literal=a=b",
    ];
    stage.kubectl(&create).await?;
    let without_iops = |kind: &str| json!({"value": kind, "shown": false});
    let forged = [
        ("secretName", json!("Orders")),
        ("secretName", json!("../../other/secrets/victim")),
        ("databaseName", json!("1; drop table")),
        ("masterUsername", json!("RDSadmin")),
        ("storageType", without_iops("ssd")),
        ("storageType", without_iops("io2")),
        ("tags", json!({"value": {"stow.myob.com/uid": "another"}})),
    ];
    for (index, (field, value)) in forged.iter().enumerate() {
        let name = format!("forged-{index}");
        let memory = format!("hub.stow.myob.com/{field}");
        let object = json!({
            "apiVersion": "myob.com/v1alpha1", "kind": "PostgresDB",
            "metadata": {"name": name, "annotations": {memory: value.to_string()}},
            "spec": {"size": "db.t3.small", "storage": "100"},
        });
        let refusal = stage.apply(&object.to_string(), &[]).await;
        let refusal = refusal.map_err(|error| error.to_string());
        assert!(
            refusal
                .as_ref()
                .is_err_and(|text| text.contains("stow-hub-rules")),
            "{field} {value}: {refusal:?}"
        );
        plant(&stage, object, index).await?;
        let object = stage
            .condition(&name, "Stalled", |_, reason| reason == "InvalidSpec")
            .await?;
        let stalled = condition(&object, "Stalled")
            .map(Value::to_string)
            .unwrap_or_default();
        assert!(stalled.contains("spec."), "{field} {value}: {stalled}");
    }
    assert_eq!(stage.only().rds.mutations().len(), 0);
    let strayed = |call: &Call| call.path.contains("victim") || call.path.contains("..");
    assert_eq!(
        stage.only().api.count(strayed),
        0,
        "a name led to another namespace"
    );
    Ok(())
}

/// Puts an object where no policy is asked.
async fn plant(stage: &Stage, mut object: Value, number: usize) -> Result<()> {
    let name = object["metadata"]["name"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    let metadata = &mut object["metadata"];
    metadata["namespace"] = json!(NAMESPACE);
    metadata["uid"] = json!(format!("00000000-0000-4000-8000-{number:012}"));
    metadata["creationTimestamp"] = json!("2026-01-01T00:00:00Z");
    metadata["generation"] = json!(1);
    let key = format!("/registry/myob.com/postgresdbs/{NAMESPACE}/{name}");
    stage.cluster.etcd().put(&key, object.to_string()).await
}
