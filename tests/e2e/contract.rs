//! The API server's side of conversion: how often it calls, what it sends, and
//! what an apply that it knows nothing of leaves.
//!
//! The operator only converts here: nobody leads.

mod capture;
mod cost;

use harness::{Result, eventually};
use serde_json::{Value, json};

use crate::stage::{NAMESPACE, PATIENCE, Stage};
use crate::twin::converting;

const V1ALPHA1: &str = "postgresdbs.v1alpha1.myob.com";
const V1BETA1: &str = "postgresdbs.v1beta1.myob.com";

fn manifest(version: &str, name: &str, spec: &Value) -> Value {
    json!({
        "apiVersion": format!("myob.com/{version}"), "kind": "PostgresDB",
        "metadata": {"name": name, "namespace": NAMESPACE}, "spec": spec,
    })
}

/// A manifest that moves by client-side apply, as it is: what it says lands, and
/// what it says no more stays.
#[tokio::test]
async fn client_side_apply_moves_what_it_says_and_removes_nothing() -> Result<()> {
    let stage = converting().await?;
    let old = json!({"size": "db.t3.small", "storage": "20", "ha": true});
    let new = json!({"size": "db.t3.medium", "storage": "20Gi"});
    stage
        .apply(&manifest("v1alpha1", "moves", &old).to_string(), &[])
        .await?;
    stage
        .apply(&manifest("v1beta1", "moves", &new).to_string(), &[])
        .await?;
    let object = stage.get(&format!("{V1BETA1}/moves")).await?;
    let left = json!({
        "size": "db.t3.medium", "storage": "20Gi", "storageType": "gp2", "multiAZ": true,
    });
    assert_eq!(
        object["spec"], left,
        "multiAZ was ha, which the manifest had"
    );

    // From there on it removes what it has said in v1beta1.
    let less = json!({"size": "db.t3.medium"});
    stage
        .apply(&manifest("v1beta1", "moves", &less).to_string(), &[])
        .await?;
    let object = stage.get(&format!("{V1BETA1}/moves")).await?;
    assert_eq!(object["spec"]["storage"], Value::Null, "{object}");

    // Server-side apply removes, by the same manager.
    for (version, spec) in [("v1alpha1", &old), ("v1beta1", &new)] {
        let apply = ["--server-side", "--field-manager=team"];
        stage
            .apply(&manifest(version, "leaves", spec).to_string(), &apply)
            .await?;
    }
    let object = stage.get(&format!("{V1BETA1}/leaves")).await?;
    assert_eq!(object["spec"]["multiAZ"], Value::Null, "{object}");
    assert_eq!(object["spec"]["size"], "db.t3.medium");

    // An export of before brings annotations back that a policy refuses.
    let full = json!({"storage": "20Gi", "storageType": "gp3", "secretName": "one"});
    let apply = ["--server-side", "--field-manager=team"];
    stage
        .apply(&manifest("v1beta1", "exported", &full).to_string(), &apply)
        .await?;
    let mut exported = stage.get(&format!("{V1ALPHA1}/exported")).await?;
    if let Some(metadata) = exported["metadata"].as_object_mut() {
        metadata.retain(|name, _| ["name", "namespace", "annotations"].contains(&name.as_str()));
    }
    let changed = json!({"storage": "20Gi", "storageType": "gp3", "secretName": "two"});
    stage
        .apply(
            &manifest("v1beta1", "exported", &changed).to_string(),
            &apply,
        )
        .await?;
    let refused = stage.apply(&exported.to_string(), &[]).await;
    let said = refused.expect_err("it would undo an edit").to_string();
    assert!(said.contains("hub.stow.myob.com/secretName"), "{said}");
    an_annotation_can_change_the_spec_and_not_the_generation(&stage).await
}

/// The spec of the hub lies partly in the spoke's annotations, which have no
/// generation. Here a client takes one out, as only one can that no policy holds.
async fn an_annotation_can_change_the_spec_and_not_the_generation(stage: &Stage) -> Result<()> {
    stage
        .kubectl(&["delete", "validatingadmissionpolicybindings", "--all"])
        .await?;
    let spec = json!({"storage": "20Gi", "storageType": "gp3", "secretName": "one"});
    stage
        .apply(&manifest("v1beta1", "quiet", &spec).to_string(), &[])
        .await?;
    let before = stage.get(&format!("{V1BETA1}/quiet")).await?;
    let what = format!("{V1ALPHA1}/quiet");
    // The API server takes a moment to forget a policy.
    eventually("an annotation taken out", PATIENCE, || async {
        let name = "hub.stow.myob.com/secretName-";
        stage
            .kubectl(&["annotate", "-n", NAMESPACE, &what, name])
            .await
    })
    .await?;
    let after = stage.get(&format!("{V1BETA1}/quiet")).await?;
    assert_eq!(after["spec"]["secretName"], Value::Null, "{after}");
    assert_eq!(
        after["metadata"]["generation"],
        before["metadata"]["generation"]
    );
    Ok(())
}

/// Anybody may write an annotation, and a list is read as a whole: what the API
/// server cannot read is not recalled from one.
#[tokio::test]
async fn no_annotation_hides_the_objects_beside_it() -> Result<()> {
    let stage = converting().await?;
    for name in ["forged", "beside"] {
        let object = manifest("v1beta1", name, &json!({"size": "db.t3.small"}));
        stage.apply(&object.to_string(), &[]).await?;
    }
    let lists = |depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    for (value, kept) in [
        (lists(9_990), true),
        (lists(9_991), false),
        (lists(20_000), false),
        ("1e999".to_owned(), false),
    ] {
        let text = format!(r#"{{"value":{value}}}"#);
        let body = json!({"metadata": {"annotations": {"spoke.stow.myob.com/ha": text}}});
        let object = format!("{V1BETA1}/forged");
        let patch = ["patch", &object, "-n", NAMESPACE, "--type=merge", "-p"];
        stage
            .kubectl(&[&patch[..], &[&body.to_string()]].concat())
            .await?;
        let list = format!("/apis/myob.com/v1alpha1/namespaces/{NAMESPACE}/postgresdbs");
        let list = stage.kubectl(&["get", "--raw", &list]).await?;
        assert!(list.contains(r#""name":"beside""#), "{list:.400}");
        assert_eq!(list.contains(&value), kept, "{value:.20}");
    }
    Ok(())
}
