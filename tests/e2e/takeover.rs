//! What the operator of 2017 left is taken over, and nothing of a database is
//! changed by that.

use std::collections::BTreeMap;

use harness::{Call, Result};
use serde_json::Value;

use crate::legacy::{self, Legacy, Relic, Shape, Unknown, in_v1alpha1, instances};
use crate::looks::asked;
use crate::stage::{Stage, condition};

/// What 2017 left, with an operator that has begun.
async fn begun(unknown: Unknown) -> Result<(Stage, Legacy, BTreeMap<String, String>)> {
    let mut stage = Stage::bare_with(&legacy::drydock_arguments()).await?;
    let left = Legacy::leave(&stage, unknown, Shape::ALL.len(), 1).await?;
    is_as_it_was_left(&stage, &left).await?;
    let before = instances::described(&stage).await?;
    for manifest in ["yaml/config-map.yaml", "yaml/deployment.yaml"] {
        stage.manifest(manifest).await?;
    }
    // The webhook serves before anything needs it.
    let replica = stage.replica(&[]).await?;
    stage.replicas.push(replica);
    stage.relay().await?;
    stage.serving(0).await?;
    for manifest in ["yaml/crd.yaml", "yaml/policies.yaml"] {
        stage.manifest(manifest).await?;
    }
    stage.trusted().await?;
    Ok((stage, left, before))
}

/// What no test of what follows would notice.
async fn is_as_it_was_left(stage: &Stage, left: &Legacy) -> Result<()> {
    let wrong = &left.of(Shape::WrongTypes).object;
    assert_eq!(wrong["spec"]["size"], 5);
    assert!(wrong["metadata"]["finalizers"].is_null(), "{wrong}");
    let beside = &left.of(Shape::Unknown).object;
    assert_eq!(beside["notes"]["owner"], "the shop");
    let (relic, identifier) = left.databases().next().expect("a database");
    assert_eq!(relic.object["status"]["id"], identifier);
    let raw = stage.stored(&relic.name).await?.to_string();
    assert!(raw.contains("myob.com/v1alpha1"), "{raw}");
    assert!(raw.contains(legacy::OPERATOR), "{raw}");
    Ok(())
}

/// What v1alpha1 shows of a spec that could be stored: its schema prunes fields
/// that no version ever had, and a null is no spec.
fn shown(relic: &Relic) -> Value {
    let mut spec = relic.shape.spec().unwrap_or_default();
    if let Some(fields) = spec.as_object_mut() {
        fields.retain(|field, _| field != "backup");
    }
    spec
}

/// What its object says is pending, in the order of the fields.
fn pending(object: &Value) -> Vec<&str> {
    let all = object["status"]["pending"].as_array();
    let all = all.into_iter().flatten();
    all.filter_map(|one| one["what"].as_str()).collect()
}

#[tokio::test]
async fn what_2017_left_is_taken_over_and_nothing_of_it_changes() -> Result<()> {
    let (mut stage, left, before) = begun(Unknown::BySchema).await?;
    let secrets: BTreeMap<_, _> = instances::secrets_of(&stage, &left).await?;

    for (relic, identifier) in left.databases() {
        let Relic { name, shape, .. } = relic;
        let garbage = matches!(shape, Shape::StorageTen | Shape::WrongTypes);
        if garbage {
            stage.stalled(name, "InvalidSpec").await?;
        } else {
            stage.ready(name).await?;
        }
        let object = stage.get(&format!("postgresdb/{name}")).await?;
        let finalizer = &object["metadata"]["finalizers"][0];
        assert_eq!(finalizer, "stow.myob.com/database", "{name}");
        assert_eq!(object["status"]["id"], identifier, "{name}");
        let waits: &[&str] = match shape {
            Shape::EditedSize => &["size db.m4.2xlarge"],
            Shape::EditedStorage => &["storage 50Gi"],
            Shape::EditedHa => &["multiAZ true"],
            Shape::EditedIops => &["iops 2000"],
            Shape::EditedTags => &["tags.team shop"],
            Shape::ChangedAtAws => &["storageType gp2"],
            _ => &[],
        };
        assert_eq!(pending(&object), waits, "{name}");
    }
    let refused = left.of(Shape::Refused);
    stage.stalled(&refused.name, "InvalidSpec").await?;
    stage.sweeps(2).await?;

    only_tagged(&stage, &left);
    assert_eq!(instances::described(&stage).await?, before);
    let tagged = stage.tags().await?;
    for (relic, identifier) in left.databases() {
        let tags = &tagged[identifier];
        let uid = relic.object["metadata"]["uid"].as_str();
        let tag = |key: &str| tags.get(key).map(String::as_str);
        assert_eq!(tag("stow.myob.com/uid"), uid, "{identifier}");
        assert_eq!(tag("stow.myob.com/identifier"), Some(identifier));
    }

    // Applications read what they read before, and one that lacked a key has it.
    for (name, data) in instances::secrets_of(&stage, &left).await? {
        for (key, value) in &secrets[&name] {
            assert_eq!(data.get(key), Some(value), "{name}: {key}");
        }
        assert!(data.contains_key("DATABASE_URL"), "{name}");
    }
    let database = stage.login(left.with_rows()).await?;
    assert_eq!(database.texts(instances::ITEMS).await?, ["salt", "tea"]);
    let objects = in_v1alpha1(&stage).await?;
    for relic in &left.relics {
        let spec = &objects[&relic.name]["spec"];
        assert_eq!(*spec, shown(relic), "{}", relic.name);
    }

    // What was left as it was is so for the next operator too.
    stage.kill().await?;
    stage.restart(0)?;
    stage.serving(0).await?;
    stage.sweeps(2).await?;
    only_tagged(&stage, &left);

    an_edit_counts(&stage, &left).await
}

/// Nothing but Stow's own tags was asked for, once for each instance.
fn only_tagged(stage: &Stage, left: &Legacy) {
    let mut calls = stage.only().rds.mutations();
    calls.retain(|call| call.action() != Some("AddTagsToResource"));
    let actions: Vec<_> = calls.iter().map(Call::action).collect();
    assert_eq!(actions, []);
    for (relic, _) in left.databases() {
        let calls = stage.sent("AddTagsToResource", &relic.name);
        assert_eq!(calls.len(), 1, "{}: {calls:?}", relic.name);
        let tags = asked(&calls[0]);
        assert!(!tags.values().any(|tag| *tag == "team"), "{tags:?}");
    }
}

/// What somebody writes now is done, and nothing that was there before; and by a
/// word, that too.
async fn an_edit_counts(stage: &Stage, left: &Legacy) -> Result<()> {
    let edited = &left.of(Shape::EditedSize).name;
    // By its whole name: kubectl goes on preferring the version that it knew.
    let new = format!("postgresdbs.v1beta1.myob.com/{edited}");
    stage.patch(&new, r#"{"spec":{"multiAZ":true}}"#).await?;
    stage
        .object(edited, "a standby", |object| {
            object["status"]["observedGeneration"] == object["metadata"]["generation"]
                && object["status"]["conditions"][0]["status"] == "True"
                && object["status"]["ready"] == "available"
        })
        .await?;
    stage.sweeps(1).await?;
    let modified = stage.sent("ModifyDBInstance", edited);
    let [modify] = modified.as_slice() else {
        panic!("{modified:?}")
    };
    let want = [("ApplyImmediately", "true"), ("MultiAZ", "true")];
    assert_eq!(asked(modify), BTreeMap::from(want));
    let object = stage.ready(edited).await?;
    assert_eq!(pending(&object), ["size db.m4.2xlarge"]);

    let meant = &left.of(Shape::EditedStorage).name;
    let word = r#"{"metadata":{"annotations":{"stow.myob.com/apply-spec":"true"}}}"#;
    stage.patch(&format!("postgresdb/{meant}"), word).await?;
    let object = stage
        .object(meant, "as its spec says", |object| {
            object["status"]["storage"] == "50Gi"
        })
        .await?;
    assert_eq!(pending(&object), [""; 0]);

    let mended = &left.of(Shape::StorageTen).name;
    let old = format!("postgresdbs.v1alpha1.myob.com/{mended}");
    stage.patch(&old, r#"{"spec":{"storage":"20"}}"#).await?;
    let clear = |object: &Value| condition(object, "Stalled").is_none();
    stage.object(mended, "clear", clear).await?;
    stage.sweeps(1).await?;
    assert_eq!(stage.sent("ModifyDBInstance", mended).len(), 0);
    Ok(())
}
