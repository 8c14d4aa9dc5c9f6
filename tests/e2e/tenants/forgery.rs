//! What a tenant can write into annotations of v1alpha1, and what does not follow
//! from it.

use harness::{Call, Result};
use serde_json::{Value, json};

use super::apply;
use crate::looks::{said, text_at};
use crate::stage::{NAMESPACE, Stage};

/// The schema of v1beta1 does not judge what a v1alpha1 client says of the hub
/// in annotations: a policy does, and where that was got round the operator.
#[tokio::test]
async fn the_conversion_annotation_forged_to_smuggle_hub_fields_past_v1beta1s_rules() -> Result<()>
{
    let stage = Stage::with_states_alone().await?;
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
        let mut object = json!({
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
        planted(&mut object, index);
        plant(&stage, &object).await?;
        let object = stage
            .condition(&name, "Stalled", |_, reason| reason == "InvalidSpec")
            .await?;
        let stalled = said(&object, "Stalled");
        assert!(stalled.contains("spec."), "{field} {value}: {stalled}");
    }
    assert_eq!(stage.only().rds.mutations().len(), 0);
    let strayed = |call: &Call| call.path.contains("victim") || call.path.contains("..");
    assert_eq!(
        stage.only().api.count(strayed),
        0,
        "a name led to another namespace"
    );
    paths_that_no_field_has(&stage).await?;
    a_database_that_runs(&stage).await
}

/// What an annotation may stand for is on a list.
async fn paths_that_no_field_has(stage: &Stage) -> Result<()> {
    let memories = json!({
        "hub.stow.myob.com/status.ready": "\"forged\"",
        "hub.stow.myob.com/metadata.finalizers": "[\"forged.example/held\"]",
        "hub.stow.myob.com/metadata.labels": "{\"forged\": \"yes\"}",
        "hub.stow.myob.com/size": "\"db.r6g.16xlarge\"",
        "hub.stow.myob.com/network": "{\"publiclyAccessible\": true}",
        "hub.stow.myob.com/adopt": "{\"identifier\": \"theirs\"}",
    });
    let object = json!({
        "apiVersion": "myob.com/v1alpha1", "kind": "PostgresDB",
        "metadata": {"name": "ignored", "annotations": memories},
        "spec": {"size": "db.t3.small", "storage": "20"},
    });
    stage.apply(&object.to_string(), &[]).await?;
    let object = stage.ready("ignored").await?;
    let expected = json!({"size": "db.t3.small", "storage": "20Gi", "storageType": "gp2"});
    assert_eq!(object["spec"], expected);
    assert_eq!(object["metadata"]["labels"], Value::Null);
    let finalizers = json!(["stow.myob.com/database"]);
    assert_eq!(object["metadata"]["finalizers"], finalizers);
    let creates = stage.sent("CreateDBInstance", "ignored");
    assert_eq!(creates.len(), 1, "{creates:?}");
    let asked = |parameter| creates[0].parameter(parameter);
    assert_eq!(asked("DBInstanceClass"), Some("db.t3.small"));
    assert_ne!(asked("PubliclyAccessible"), Some("true"));
    Ok(())
}

/// What never changes is compared with RDS, whatever was stored.
async fn a_database_that_runs(stage: &Stage) -> Result<()> {
    apply(stage, "orders", &json!({})).await?;
    stage.ready("orders").await?;
    stage.only().rds.forget();
    let mut object = stage.get("postgresdbs.v1alpha1.myob.com/orders").await?;
    for (field, value) in [
        ("masterUsername", "dbowner"),
        ("databaseName", "theirs"),
        ("deletionPolicy", "Delete"),
    ] {
        let memory = format!("hub.stow.myob.com/{field}");
        object["metadata"]["annotations"][memory] = json!(json!(value).to_string());
    }
    plant(stage, &object).await?;
    let told = stage.stalled("orders", "InvalidSpec").await?;
    for words in [
        "spec.masterUsername cannot change",
        "spec.databaseName cannot change",
        "policy.minimumDeletionPolicy",
    ] {
        assert!(told.contains(words), "{words}: {told}");
    }
    stage.sweeps(2).await?;
    let calls = stage.only().rds.mutations();
    assert_eq!(calls.len(), 0, "{calls:?}");
    Ok(())
}

/// What the API server adds to an object that it stores.
fn planted(object: &mut Value, number: usize) {
    let metadata = &mut object["metadata"];
    metadata["namespace"] = json!(NAMESPACE);
    metadata["uid"] = json!(format!("00000000-0000-4000-8000-{number:012}"));
    metadata["creationTimestamp"] = json!("2026-01-01T00:00:00Z");
    metadata["generation"] = json!(1);
}

/// Puts an object where no policy is asked.
async fn plant(stage: &Stage, object: &Value) -> Result<()> {
    let name = text_at(object, "/metadata/name");
    stage.plant(name, object).await
}
