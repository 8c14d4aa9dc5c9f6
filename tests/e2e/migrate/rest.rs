//! Proven at rest: what etcd holds after a migration, and what a later apply makes
//! of it.

use harness::{Result, eventually};
use serde_json::{Value, json};

use super::yard::{CRD, NEW, OLD, Yard, manifest};
use crate::stage::{NAMESPACE, PATIENCE};

const SERVER_SIDE: &str = "--server-side";

/// Applies a manifest as a manager.
async fn apply(yard: &Yard, version: &str, name: &str, spec: Value, how: &[&str]) -> Result<()> {
    let manifest = manifest(version, name, &spec);
    yard.stage.apply(&manifest, how).await.map(drop)
}

async fn spec(yard: &Yard, name: &str) -> Result<Value> {
    Ok(yard.stage.get(&format!("{NEW}/{name}")).await?["spec"].clone())
}

/// What of 2017 no schema would let in today, each with what managed it.
fn garbage() -> Vec<(&'static str, Value)> {
    vec![
        ("size-number", json!({"size": 5, "storage": "10"})),
        ("storage-ten", json!({"storage": "ten", "ha": true})),
        (
            "ha-text",
            json!({"ha": "yes", "iops": "fast", "storage": 20}),
        ),
        ("tags-mixed", json!({"tags": {"team": "shop", "cost": 5}})),
        ("spec-text", json!("db.t2.small")),
        ("spec-empty", json!({})),
        ("spec-none", Value::Null),
    ]
}

fn fields_of(spec: &Value) -> Value {
    let fields = spec.as_object().into_iter().flatten();
    fields
        .map(|(name, value)| (format!("f:{name}"), fields_of(value)))
        .collect()
}

fn planted(name: &str, number: usize, spec: &Value) -> Value {
    let mut object = json!({
        "apiVersion": "myob.com/v1alpha1",
        "kind": "PostgresDB",
        "metadata": {
            "name": name,
            "namespace": NAMESPACE,
            "uid": format!("00000000-0000-4000-8000-{number:012}"),
            "creationTimestamp": "2017-11-22T00:00:00Z",
            "generation": 1,
            "annotations": {"note": "as of 2017"},
            "managedFields": [{
                "manager": "2017", "operation": "Update", "apiVersion": "myob.com/v1alpha1",
                "time": "2017-11-22T00:00:00Z", "fieldsType": "FieldsV1",
                "fieldsV1": {"f:spec": fields_of(spec)},
            }],
        },
        "status": {"ready": "available", "arn": "arn:aws:rds:us-east-1:1:db:x"},
    });
    if !spec.is_null() {
        object["spec"] = spec.clone();
    }
    object
}

async fn fill(yard: &Yard) -> Result<()> {
    let said = json!({"size": "db.t3.small", "storage": "10", "ha": true,
        "tags": {"team": "shop", "cost": "5"}});
    for name in ["client-side", "changes-sides"] {
        apply(yard, "v1alpha1", name, said.clone(), &[]).await?;
    }
    let tool = [SERVER_SIDE, "--field-manager", "tool"];
    let provisioned =
        json!({"storage": 100, "iops": "1000", "ha": false, "tags": {"a": "1", "b": "2"}});
    apply(yard, "v1alpha1", "server-side", provisioned, &tool).await?;

    let one = [SERVER_SIDE, "--field-manager", "one"];
    let other = [SERVER_SIDE, "--field-manager", "other"];
    let first = json!({"size": "db.t3.small", "storage": "20", "tags": {"a": "1"}});
    apply(yard, "v1alpha1", "two", first, &one).await?;
    apply(
        yard,
        "v1alpha1",
        "two",
        json!({"ha": true, "tags": {"b": "2"}}),
        &other,
    )
    .await?;

    let newer = json!({"storage": "20Gi", "storageType": "gp3", "deletionPolicy": "Retain"});
    apply(yard, "v1beta1", "mixed", newer, &other).await?;
    apply(
        yard,
        "v1alpha1",
        "mixed",
        json!({"size": "db.t3.small"}),
        &one,
    )
    .await?;
    let status = r#"{"status": {"ready": "available"}}"#;
    let patch = [
        "patch",
        OLD,
        "mixed",
        "-n",
        NAMESPACE,
        "--subresource=status",
        "--type=merge",
        "-p",
        status,
    ];
    yard.stage.kubectl(&patch).await?;
    for (number, (name, spec)) in garbage().iter().enumerate() {
        yard.stage.plant(name, &planted(name, number, spec)).await?;
    }
    Ok(())
}

#[tokio::test]
async fn property_17_nothing_at_rest_says_the_old_version() -> Result<()> {
    let mut yard = Yard::open().await?;
    fill(&yard).await?;
    yard.store("v1beta1").await?;
    let specs = yard.specs().await?;
    let count = specs.as_object().map_or(0, serde_json::Map::len);
    assert_eq!(
        yard.stage.old_at_rest().await?.len(),
        count,
        "a yard of the old version"
    );
    assert_eq!(
        yard.stage.stored_versions().await?,
        json!(["v1beta1", "v1alpha1"])
    );
    yard.remember().await?;
    let before = yard.stage.at_rest().await?;

    // Asked first, it writes nothing.
    let asked = yard.migrate(&["--dry-run"]).await?;
    assert_eq!(asked.code, 0, "{}", asked.said);
    for words in [
        "shop/client-side: would rewrite stored bytes, managedFields of kubectl-client-side-apply",
        "last-applied configuration",
        "shop/two: would rewrite stored bytes, managedFields of one, other",
        &format!("{count} objects would be rewritten, 0 could not be"),
    ] {
        assert!(asked.said.contains(words), "{words}: {}", asked.said);
    }
    assert!(before == yard.stage.at_rest().await?);

    let done = yard.migrate(&[]).await?;
    assert_eq!(done.code, 0, "{}", done.said);
    assert_eq!(
        yard.stage.old_at_rest().await?,
        <[&str; 0]>::default(),
        "{}",
        done.said
    );
    assert_eq!(yard.stage.stored_versions().await?, json!(["v1beta1"]));
    assert_eq!(yard.specs().await?, specs);
    let proof = yard.migrate(&["--verify"]).await?;
    assert_eq!(proof.code, 0, "{}", proof.said);
    // Done once more, it finds nothing to do.
    let at_rest = yard.stage.at_rest().await?;
    let again = yard.migrate(&[]).await?;
    assert_eq!(again.code, 0, "{}", again.said);
    assert!(again.said.contains("Rewrote 0 of"), "{}", again.said);
    assert!(at_rest == yard.stage.at_rest().await?);

    later_applies_remove(&yard).await?;
    the_old_version_goes(&yard).await
}

/// Whoever applied in v1alpha1 applies in v1beta1, and what is not said goes.
async fn later_applies_remove(yard: &Yard) -> Result<()> {
    let less = json!({"size": "db.t3.small", "storage": "10Gi", "tags": {"team": "shop"}});
    apply(yard, "v1beta1", "client-side", less.clone(), &[]).await?;
    assert_eq!(spec(yard, "client-side").await?, less);
    // kubectl takes over by itself what its client-side apply managed.
    apply(
        yard,
        "v1beta1",
        "changes-sides",
        less.clone(),
        &[SERVER_SIDE],
    )
    .await?;
    assert_eq!(spec(yard, "changes-sides").await?, less);

    let less = json!({"storage": "100Gi", "tags": {"b": "2"}});
    let tool = [SERVER_SIDE, "--field-manager", "tool"];
    apply(yard, "v1beta1", "server-side", less.clone(), &tool).await?;
    assert_eq!(spec(yard, "server-side").await?, less);

    // What the other manager says stays.
    let one = [SERVER_SIDE, "--field-manager", "one"];
    apply(yard, "v1beta1", "two", json!({"storage": "20Gi"}), &one).await?;
    let both = json!({"storage": "20Gi", "multiAZ": true, "tags": {"b": "2"}});
    assert_eq!(spec(yard, "two").await?, both);
    let other = [SERVER_SIDE, "--field-manager", "other"];
    apply(yard, "v1beta1", "two", json!({"tags": {"b": "2"}}), &other).await?;
    let less = json!({"storage": "20Gi", "tags": {"b": "2"}});
    assert_eq!(spec(yard, "two").await?, less);
    apply(
        yard,
        "v1beta1",
        "mixed",
        json!({"deletionPolicy": "Retain"}),
        &one,
    )
    .await?;
    let kept = json!({"storage": "20Gi", "storageType": "gp3", "deletionPolicy": "Retain"});
    assert_eq!(spec(yard, "mixed").await?, kept);
    Ok(())
}

/// v1alpha1 unserved, and taken out of the CRD; everything is still there.
async fn the_old_version_goes(yard: &Yard) -> Result<()> {
    let before = yard.stage.get(NEW).await?["items"]
        .as_array()
        .map_or(0, Vec::len);
    let mut crd = yard.definition().await?;
    for served in [true, false] {
        let versions = crd["spec"]["versions"].as_array_mut();
        for version in versions.into_iter().flatten() {
            if version["name"] == "v1alpha1" {
                version["served"] = false.into();
            }
        }
        if !served && let Some(versions) = crd["spec"]["versions"].as_array_mut() {
            versions.retain(|version| version["name"] == "v1beta1");
        }
        let patch = json!({"spec": {"versions": crd["spec"]["versions"]}}).to_string();
        let patch = ["patch", "crd", CRD, "--type=merge", "-p", &patch];
        yard.stage.kubectl(&patch).await?;
        let still = yard.migrate(&["--verify"]).await?;
        assert_eq!(still.code, 0, "{}", still.said);
    }
    eventually("v1alpha1 to be gone", PATIENCE, || async {
        let gone = yard
            .stage
            .kubectl(&["get", "--raw", "/apis/myob.com/v1alpha1"])
            .await;
        gone.map_or(Ok(()), Err)
    })
    .await?;
    let after = yard.stage.get(NEW).await?["items"]
        .as_array()
        .map_or(0, Vec::len);
    assert_eq!(after, before);
    let spec = json!({"size": "db.t3.small", "storage": "10Gi"});
    apply(yard, "v1beta1", "client-side", spec.clone(), &[]).await?;
    let tool = [SERVER_SIDE, "--field-manager", "tool", "--force-conflicts"];
    for (name, _) in garbage() {
        apply(yard, "v1beta1", name, spec.clone(), &tool).await?;
    }
    Ok(())
}
