//! `stow preflight` on a live cluster: what it says before anything is installed,
//! and that things then come as it said.

mod broken;
pub(crate) mod look;
mod rights;

use std::collections::{BTreeMap, BTreeSet};

use harness::Result;
use serde_json::{Value, json};

use self::look::{Looker, Told};
use crate::document::{commands, typed};
use crate::legacy::{Legacy, Shape, Unknown, in_v1alpha1};
use crate::stage::{NAMESPACE, Stage, condition};

const V1ALPHA1: &str = "postgresdbs.v1alpha1.myob.com";

/// An object that only its Secret is wrong with.
const FOREIGN: &str = "foreign";

#[tokio::test]
async fn property_20_preflight_predicts_the_outcome_for_every_object() -> Result<()> {
    let mut stage = Stage::bare_with(&["--without-postgres"]).await?;
    // On an empty cluster there is nothing to mend.
    for command in commands("docs/preflight.md")? {
        typed(&stage, &command).await?;
    }
    let looker = Looker::named(&stage, "stow-preflight").await?;
    let empty = looker.look().await?;
    assert_eq!(empty.code, Some(0), "{}", empty.report);
    assert_eq!(empty.of("note", "definition").len(), 1, "{}", empty.report);

    let left = Legacy::leave(&stage, Unknown::ByDefinition, Shape::ALL.len(), 0).await?;
    foreign(&stage).await?;
    let before = in_v1alpha1(&stage).await?;
    let foretold = looker.look().await?;
    foretells(&foretold, &left);
    assert_eq!(in_v1alpha1(&stage).await?, before, "preflight wrote");

    // The definition without its webhook: what was there can still be read.
    for manifest in ["crd", "config-map", "policies", "deployment"] {
        stage.manifest(&format!("yaml/{manifest}.yaml")).await?;
    }
    let early = looker.look().await?;
    assert_eq!(early.code, Some(1));
    assert_eq!(early.report["objects"], before.len(), "{}", early.report);
    for check in ["webhook", "certificate", "conversion"] {
        assert!(early.errors().contains(check), "{}", early.report);
    }

    stage.start(&["--read-only"]).await?;
    endpoints(&stage, &["10.99.0.1", "10.99.0.2"]).await?;
    comes_true(&stage, &before, &foretold).await?;
    let after = looker.look().await?;
    assert_eq!(
        after.errors(),
        BTreeSet::from(["refused", "secret", "stalled"]),
        "{}",
        after.report
    );
    for check in ["refused", "secret", "stalled"] {
        let names = |told: &Told| told.objects("error", check);
        assert_eq!(names(&after), names(&foretold), "{check}");
    }
    for check in [
        "definition",
        "policies",
        "rights",
        "config-map",
        "certificate",
        "conversion",
        "webhook",
    ] {
        assert_eq!(after.of("ok", check).len(), 1, "{check}: {}", after.report);
    }
    assert_eq!(after.of("warning", "migration").len(), 1);
    let writers = json!(after.of("warning", "writers")).to_string();
    for manager in ["postgresdb-controller", "kubectl", "git", "last-applied"] {
        assert!(writers.contains(manager), "{manager}: {writers}");
    }

    migrated(&stage, &before).await?;
    let bad = foretold.objects("error", "refused");
    for name in bad.iter().map(String::as_str).chain([FOREIGN]) {
        stage.delete(&format!("postgresdb/{name}")).await?;
    }
    let clean = looker.look().await?;
    assert_eq!(clean.code, Some(0), "{}", clean.report);
    assert_eq!(clean.of("ok", "migration").len(), 1, "{}", clean.report);
    let (code, table) = looker.run(&[]).await?;
    assert_eq!(code, Some(0));
    assert!(table.starts_with("SEVERITY"), "{table}");
    assert!(table.contains("Nothing has to be mended"), "{table}");

    broken::each_part(&mut stage, &looker).await?;
    rights::nothing_but_reads(&stage)?;
    rights::without_them_it_cannot_tell(&stage).await
}

/// Gives one object a Secret of something else.
async fn foreign(stage: &Stage) -> Result<()> {
    let object = json!({"apiVersion": "myob.com/v1alpha1", "kind": "PostgresDB",
        "metadata": {"name": FOREIGN}, "spec": {"size": "db.t2.small", "storage": "20"}});
    stage.apply(&object.to_string(), &[]).await?;
    let secret = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": FOREIGN},
        "type": "example.com/other", "stringData": {"DB_HOST": "hidden.example", "key": "hunter2"}});
    stage.apply(&secret.to_string(), &[]).await.map(drop)
}

/// What is said of each object that the operator of 2017 left.
fn foretells(foretold: &Told, left: &Legacy) {
    let report = &foretold.report;
    assert_eq!(foretold.code, Some(1), "{report}");
    assert_eq!(report["objects"], left.relics.len() + 1);
    let named = |shapes: &[Shape]| -> BTreeSet<String> {
        let relics = left.relics.iter();
        let of = relics.filter(|relic| shapes.contains(&relic.shape));
        of.map(|relic| relic.name.clone()).collect()
    };
    let garbage = named(&[Shape::StorageTen, Shape::WrongTypes, Shape::Refused]);
    assert_eq!(foretold.objects("error", "refused"), garbage, "{report}");
    assert_eq!(foretold.objects("error", "stalled"), garbage, "{report}");
    let mistyped = named(&[Shape::WrongTypes, Shape::Refused]);
    let warned = foretold.objects("warning", "wrong-type");
    assert_eq!(warned, mistyped, "{report}");
    let fields = |check| {
        let found = foretold.of("error", check).into_iter();
        let fields = found.filter_map(|finding| finding["field"].as_str());
        fields.collect::<Vec<_>>()
    };
    assert_eq!(fields("pruned"), ["notes", "spec.backup"], "{report}");
    assert_eq!(fields("lost"), [""; 0], "{report}");
    let foreign = BTreeSet::from([FOREIGN.to_owned()]);
    assert_eq!(foretold.objects("error", "secret"), foreign, "{report}");
    // All the others have a Secret of then, but for the one without an instance.
    let old = foretold.objects("note", "secret");
    assert_eq!(old.len(), left.databases().count(), "{report}");
    // Of the cluster nothing is an error: nothing is installed yet.
    let of_objects = BTreeSet::from(["pruned", "refused", "secret", "stalled"]);
    assert_eq!(foretold.errors(), of_objects, "{report}");
    let text = report.to_string();
    for value in ["hunter2", "hidden.example", "amazonaws.com"] {
        assert!(!text.contains(value), "{value}: {text}");
    }
    assert_eq!(report["clean"], left.relics.len() - 4);
}

/// Waits until each object is as it was foretold to be.
async fn comes_true(
    stage: &Stage,
    before: &BTreeMap<String, Value>,
    foretold: &Told,
) -> Result<()> {
    let stalled = foretold.objects("error", "stalled");
    for name in &stalled {
        stage
            .condition(name, "Stalled", |_, reason| reason == "InvalidSpec")
            .await?;
    }
    let refused = foretold.objects("error", "refused");
    let pruned = foretold.of("error", "pruned");
    let now = in_v1alpha1(stage).await?;
    assert_eq!(now.len(), before.len());
    for (name, was) in before {
        let is = &now[name];
        let mut expected = was.clone();
        let qualified = format!("{NAMESPACE}/{name}");
        for finding in pruned
            .iter()
            .filter(|found| found["object"] == qualified.as_str())
        {
            drop_field(&mut expected, finding["field"].as_str().unwrap_or_default());
        }
        for part in ["spec", "notes"] {
            let said = |object: &Value| object.get(part).filter(|it| !it.is_null()).cloned();
            assert_eq!(said(is), said(&expected), "{name}: {part}");
        }
        let reason = condition(is, "Stalled").map(|found| &found["reason"]);
        let invalid = reason.is_some_and(|reason| reason == "InvalidSpec");
        assert_eq!(invalid, stalled.contains(name), "{name}: {reason:?}");

        let copy = json!({"apiVersion": "myob.com/v1alpha1", "kind": "PostgresDB",
            "metadata": {"name": format!("copy-of-{name}"), "namespace": NAMESPACE},
            "spec": expected["spec"]});
        let create = ["create", "--dry-run=server", "--validate=false", "-f", "-"];
        let created = stage.cluster.kubectl_in(&copy.to_string(), &create).await?;
        assert_eq!(created.ok().is_err(), refused.contains(name), "{name}");
    }
    Ok(())
}

fn drop_field(object: &mut Value, path: &str) {
    let (parents, last) = path.rsplit_once('.').unwrap_or(("", path));
    let pointer = match parents {
        "" => String::new(),
        parents => format!("/{}", parents.replace('.', "/")),
    };
    let parent = object.pointer_mut(&pointer).and_then(Value::as_object_mut);
    parent.expect("a path of the object").remove(last);
}

/// What a Service's controller would say, had the Pods a kubelet.
async fn endpoints(stage: &Stage, addresses: &[&str]) -> Result<()> {
    let endpoints: Vec<_> = addresses
        .iter()
        .map(|it| json!({"addresses": [it]}))
        .collect();
    let slice = json!({
        "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
        "metadata": {"name": "stow-by-test", "namespace": "stow-system",
            "labels": {"kubernetes.io/service-name": "stow"}},
        "addressType": "IPv4", "endpoints": endpoints,
        "ports": [{"name": "webhook", "port": 8443, "protocol": "TCP"}],
    });
    let apply = ["apply", "-f", "-"];
    stage
        .cluster
        .kubectl_in(&slice.to_string(), &apply)
        .await?
        .ok()
        .map(drop)
}

/// Rewrites every object, and says so.
async fn migrated(stage: &Stage, objects: &BTreeMap<String, Value>) -> Result<()> {
    for name in objects.keys() {
        let label = [
            "label",
            "-n",
            NAMESPACE,
            "postgresdbs.v1beta1.myob.com",
            name,
        ];
        stage
            .kubectl(&[&label[..], &["rewritten=yes"]].concat())
            .await?;
    }
    let stored = r#"{"status": {"storedVersions": ["v1beta1"]}}"#;
    let patch = [
        "patch",
        "crd",
        "postgresdbs.myob.com",
        "--subresource=status",
    ];
    stage
        .kubectl(&[&patch[..], &["--type=merge", "-p", stored]].concat())
        .await
        .map(drop)
}
