//! The webhook at zero replicas: what waits for it before a migration, and nothing
//! after.

use harness::{Error, Result, eventually};
use serde_json::json;

use super::yard::{CRD, NEW, Yard, manifest};
use crate::stage::{NAMESPACE, PATIENCE};

/// Takes the webhook away, and has the API server read the objects from etcd anew,
/// as it does once it is started or the definition changes.
async fn take_away(yard: &Yard, category: &str) -> Result<()> {
    let webhooks = yard.stage.webhooks();
    webhooks.set_backends(&[]);
    webhooks.cut();
    let changed = json!({"spec": {"names": {"categories": [category]}}}).to_string();
    let patch = ["patch", "crd", CRD, "--type=merge", "-p", &changed];
    yard.stage.kubectl(&patch).await?;
    let accepted = format!("--for=jsonpath={{.status.acceptedNames.categories[0]}}={category}");
    let wait = ["wait", &accepted, &format!("crd/{CRD}"), "--timeout=60s"];
    yard.stage.kubectl(&wait).await.map(drop)
}

/// Makes a namespace with something in it, and has it deleted.
async fn doom(yard: &Yard, name: &str) -> Result<()> {
    yard.stage.kubectl(&["create", "namespace", name]).await?;
    let fill = ["create", "configmap", "something", "-n", name];
    yard.stage.kubectl(&fill).await?;
    let delete = ["delete", "namespace", name, "--wait=false"];
    yard.stage.kubectl(&delete).await.map(drop)
}

async fn is_gone(yard: &Yard, namespace: &str) -> Result<()> {
    eventually(format!("the end of {namespace}"), PATIENCE, || async {
        let get = ["get", "namespace", namespace, "--ignore-not-found"];
        match yard.stage.kubectl(&get).await?.as_str() {
            "" => Ok(()),
            left => Err(Error::Unexpected(left.to_owned())),
        }
    })
    .await
}

#[tokio::test]
async fn property_20_without_a_webhook_nothing_waits_once_all_is_migrated() -> Result<()> {
    let yard = Yard::open().await?;
    let spec = json!({"size": "db.t3.small", "storage": "20"});
    let orders = manifest("v1alpha1", "orders", &spec);
    yard.stage.apply(&orders, &[]).await?;
    yard.store("v1beta1").await?;

    // Before: a namespace that never had a database waits as well.
    take_away(&yard, "before").await?;
    doom(&yard, "elsewhere").await?;
    eventually("the namespace to say why it stays", PATIENCE, || async {
        let namespace = yard.stage.get("namespace/elsewhere").await?;
        let conditions = namespace["status"]["conditions"].as_array().cloned();
        let mut conditions = conditions.into_iter().flatten();
        let told = conditions.any(|condition| {
            let failed = condition["type"] == "NamespaceDeletionContentFailure";
            failed && condition["message"].to_string().contains("myob.com")
        });
        told.then_some(())
            .ok_or_else(|| Error::Unexpected(namespace["status"].to_string()))
    })
    .await?;
    // The way out.
    let backends = [yard.stage.only().webhook];
    yard.stage.webhooks().set_backends(&backends);
    is_gone(&yard, "elsewhere").await?;
    let done = yard.migrate(&[]).await?;
    assert_eq!(done.code, 0, "{}", done.said);

    take_away(&yard, "after").await?;
    doom(&yard, "another").await?;
    is_gone(&yard, "another").await?;
    yard.stage.get(NEW).await?;
    let label = ["label", NEW, "orders", "-n", NAMESPACE, "a=b"];
    yard.stage.kubectl(&label).await?;
    let delete = ["delete", NEW, "orders", "-n", NAMESPACE];
    yard.stage.kubectl(&delete).await.map(drop)
}
