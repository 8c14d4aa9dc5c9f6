//! One object in two versions: what either says the other shows, and what it
//! cannot say survives its writes.

use std::collections::BTreeMap;

use harness::{Error, Result, eventually};
use serde_json::{Value, json};

use crate::stage::{NAMESPACE, PATIENCE, Stage};

const V1ALPHA1: &str = "postgresdbs.v1alpha1.myob.com";
const V1BETA1: &str = "postgresdbs.v1beta1.myob.com";

fn manifest(version: &str, name: &str, spec: &Value) -> String {
    let metadata = json!({"name": name});
    let kind = "PostgresDB";
    let api_version = format!("myob.com/{version}");
    json!({"apiVersion": api_version, "kind": kind, "metadata": metadata, "spec": spec}).to_string()
}

/// The annotations with which conversion keeps what the other side cannot say.
fn kept(object: &Value) -> BTreeMap<String, String> {
    let annotations = object["metadata"]["annotations"].as_object();
    let ours = annotations.into_iter().flatten().filter_map(|(key, text)| {
        let ours = key.contains("stow.myob.com/");
        ours.then_some((key.clone(), text.as_str()?.to_owned()))
    });
    ours.collect()
}

fn names(annotations: &BTreeMap<String, String>) -> Vec<&str> {
    annotations.keys().map(String::as_str).collect()
}

#[tokio::test]
async fn what_one_version_says_the_other_shows() -> Result<()> {
    let stage = Stage::running().await?;
    let said_in_2017 = [
        (
            json!({"size": "db.t3.small", "storage": "30"}),
            json!({"size": "db.t3.small", "storage": "30Gi", "storageType": "gp2"}),
            &[][..],
        ),
        (
            json!({"storage": 30, "ha": true, "tags": {"team": "shop"}}),
            json!({"storage": "30Gi", "storageType": "gp2", "multiAZ": true, "tags": {"team": "shop"}}),
            &["spoke.stow.myob.com/storage"],
        ),
        (
            json!({"size": "db.t3.small", "storage": "100", "iops": 1000, "ha": false}),
            json!({"size": "db.t3.small", "storage": "100Gi", "iops": 1000, "storageType": "io1", "multiAZ": false}),
            &[],
        ),
        (
            json!({"storage": "100", "iops": "1000"}),
            json!({"storage": "100Gi", "iops": 1000, "storageType": "io1"}),
            &["spoke.stow.myob.com/iops"],
        ),
        (json!({}), json!({}), &[]),
    ];
    for (index, (said, meant, memories)) in said_in_2017.iter().enumerate() {
        let name = format!("old-{index}");
        stage.apply(&manifest("v1alpha1", &name, said), &[]).await?;
        let old = stage.get(&format!("{V1ALPHA1}/{name}")).await?;
        assert_eq!(old["spec"], *said);
        assert_eq!(names(&kept(&old)), <[&str; 0]>::default(), "{said}");
        let new = stage.get(&format!("{V1BETA1}/{name}")).await?;
        assert_eq!(new["spec"], *meant, "{said}");
        assert_eq!(names(&kept(&new)), **memories, "{said}");
    }

    let said_in_v1beta1 = [
        (
            json!({"size": "db.t3.small", "storage": "20Gi", "storageType": "gp3"}),
            json!({"size": "db.t3.small", "storage": "20"}),
            &["hub.stow.myob.com/storageType"][..],
        ),
        (
            json!({"storage": "1Ti", "databaseName": "orders", "masterUsername": "owner", "secretName": "s", "multiAZ": true}),
            json!({"storage": "1024", "ha": true}),
            &[
                "hub.stow.myob.com/databaseName",
                "hub.stow.myob.com/masterUsername",
                "hub.stow.myob.com/secretName",
                "hub.stow.myob.com/storage",
                "hub.stow.myob.com/storageType",
            ],
        ),
        (
            json!({"storage": "100Gi", "storageType": "io1", "iops": 1000}),
            json!({"storage": "100", "iops": 1000}),
            &[],
        ),
    ];
    for (index, (said, shown, memories)) in said_in_v1beta1.iter().enumerate() {
        let name = format!("new-{index}");
        stage.apply(&manifest("v1beta1", &name, said), &[]).await?;
        let new = stage.get(&format!("{V1BETA1}/{name}")).await?;
        assert_eq!(new["spec"], *said);
        assert_eq!(names(&kept(&new)), <[&str; 0]>::default(), "{said}");
        let old = stage.get(&format!("{V1ALPHA1}/{name}")).await?;
        assert_eq!(old["spec"], *shown, "{said}");
        assert_eq!(names(&kept(&old)), **memories, "{said}");
    }

    for name in ["old-0", "new-0"] {
        let ready = stage.ready(name).await?;
        let old = stage.get(&format!("{V1ALPHA1}/{name}")).await?;
        assert_eq!(old["status"], ready["status"], "{name}");
        assert_eq!(old["status"]["ready"], "available");
    }
    Ok(())
}

/// A v1alpha1 client's ways to write, each with the spec that it means.
#[tokio::test]
async fn an_old_client_changes_what_it_says_and_nothing_else() -> Result<()> {
    let stage = Stage::running().await?;
    let spec = json!({
        "size": "db.t3.small", "storage": "20Gi", "storageType": "gp3", "databaseName": "orders",
        "masterUsername": "owner", "secretName": "orders-db", "multiAZ": false,
    });
    // Not by apply, whose own annotation would decide what a later one removes.
    let create = ["create", "-n", NAMESPACE, "-f", "-"];
    let created = manifest("v1beta1", "orders", &spec);
    stage.cluster.kubectl_in(&created, &create).await?.ok()?;
    stage.ready("orders").await?;

    let old = format!("{V1ALPHA1}/orders");
    let patch = |kind: &'static str, text: &'static str| {
        [
            "patch",
            "-n",
            NAMESPACE,
            "postgresdbs.v1alpha1.myob.com/orders",
            "--type",
            kind,
            "-p",
            text,
        ]
    };
    // What they change, as v1beta1 says it. Each goes on from the last.
    let merge = patch("merge", r#"{"spec": {"size": "db.t3.medium"}}"#);
    stage.kubectl(&merge).await?;
    expect(&stage, "merge patch", &[("size", json!("db.t3.medium"))]).await?;

    let by_json = patch(
        "json",
        r#"[{"op": "replace", "path": "/spec/ha", "value": true}]"#,
    );
    stage.kubectl(&by_json).await?;
    expect(
        &stage,
        "JSON patch",
        &[("size", json!("db.t3.medium")), ("multiAZ", json!(true))],
    )
    .await?;

    let put = |spec: &mut Value| {
        spec["storage"] = json!("30");
        spec["tags"] = json!({"team": "shop"});
    };
    rewrite(&stage, &old, &[], put).await?;
    let edited = [
        ("size", json!("db.t3.medium")),
        ("multiAZ", json!(true)),
        ("storage", json!("30Gi")),
        ("tags", json!({"team": "shop"})),
    ];
    expect(&stage, "GET and PUT", &edited).await?;

    // Its manifest says what is there already, in 2017's words.
    let same =
        json!({"size": "db.t3.medium", "storage": "30", "ha": true, "tags": {"team": "shop"}});
    let same = manifest("v1alpha1", "orders", &same);
    stage.apply(&same, &[]).await?;
    expect(&stage, "client-side apply", &edited).await?;
    let server_side = [
        "--server-side",
        "--force-conflicts",
        "--field-manager",
        "old",
    ];
    stage.apply(&same, &server_side).await?;
    expect(&stage, "server-side apply", &edited).await?;

    let other =
        json!({"size": "db.t3.large", "storage": "40", "ha": false, "tags": {"team": "pay"}});
    let other = manifest("v1alpha1", "orders", &other);
    let edited = [
        ("size", json!("db.t3.large")),
        ("multiAZ", json!(false)),
        ("storage", json!("40Gi")),
        ("tags", json!({"team": "pay"})),
    ];
    stage.apply(&other, &server_side).await?;
    expect(&stage, "server-side apply of a change", &edited).await?;
    // Back, but for storage, which may have grown by now.
    let back =
        json!({"size": "db.t3.medium", "storage": "40", "ha": true, "tags": {"team": "shop"}});
    let back = manifest("v1alpha1", "orders", &back);
    stage.apply(&back, &[]).await?;
    stage.apply(&other, &[]).await?;
    expect(&stage, "client-side apply of a change", &edited).await?;

    // The presence of IOPS is 2017's word for io1, and beats what is remembered.
    let iops = patch("merge", r#"{"spec": {"storage": 100, "iops": 2000}}"#);
    stage.kubectl(&iops).await?;
    let mut edited = edited.to_vec();
    edited.retain(|(name, _)| *name != "storage");
    edited.extend([
        ("storage", json!("100Gi")),
        ("iops", json!(2000)),
        ("storageType", json!("io1")),
    ]);
    expect(&stage, "IOPS", &edited).await?;

    // A status that an old client writes whole stays whole.
    stage.ready("orders").await?;
    let status = ["--subresource=status"];
    let (read, written) = rewrite(&stage, &old, &status, |_| ()).await?;
    assert_eq!(written["status"], read["status"]);
    assert_eq!(written["spec"], read["spec"]);
    Ok(())
}

/// GET and PUT, as `kubectl edit` does, anew when the operator wrote between
/// them. Returns what was read and what was written.
async fn rewrite(
    stage: &Stage,
    what: &str,
    arguments: &[&str],
    edit: impl Fn(&mut Value),
) -> Result<(Value, Value)> {
    let replace = ["replace", "-n", NAMESPACE, "-f", "-", "-o", "json"];
    let replace = [&replace[..], arguments].concat();
    eventually(format!("a PUT of {what}"), PATIENCE, || async {
        let mut read = stage.get(what).await?;
        edit(&mut read["spec"]);
        let body = read.to_string();
        let written = stage.cluster.kubectl_in(&body, &replace).await?.ok()?;
        let written =
            serde_json::from_str(&written).map_err(|error| Error::Unexpected(error.to_string()))?;
        Ok::<_, Error>((read, written))
    })
    .await
}

/// The hub's spec is the one created with these fields on top, and the status
/// has lost none of its fields.
async fn expect(stage: &Stage, after: &str, changes: &[(&str, Value)]) -> Result<()> {
    let mut spec = json!({
        "size": "db.t3.small", "storage": "20Gi", "storageType": "gp3", "databaseName": "orders",
        "masterUsername": "owner", "secretName": "orders-db", "multiAZ": false,
    });
    for (name, value) in changes {
        spec[*name] = value.clone();
    }
    let object = stage.get(&format!("{V1BETA1}/orders")).await?;
    assert_eq!(object["spec"], spec, "after {after}");
    let status = &object["status"];
    for field in [
        "arn",
        "id",
        "endpoint",
        "engineVersion",
        "binding",
        "conditions",
        "ready",
    ] {
        assert!(!status[field].is_null(), "{field} after {after}: {status}");
    }
    Ok(())
}
