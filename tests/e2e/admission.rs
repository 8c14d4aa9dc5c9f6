//! What the API server refuses in Stow's name, in words that help, and what it
//! lets through all the same.

mod edges;

use harness::{Result, eventually};
use serde_json::{Value, json};

use crate::stage::{NAMESPACE, PATIENCE, Stage, condition};

fn manifest(version: &str, name: &str, spec: &Value) -> String {
    let api_version = format!("myob.com/{version}");
    json!({
        "apiVersion": api_version, "kind": "PostgresDB",
        "metadata": {"name": name}, "spec": spec,
    })
    .to_string()
}

/// Asserts that it was refused, and that the refusal says all of these words.
#[track_caller]
fn says(outcome: Result<String>, words: &[&str]) {
    let refusal = match outcome {
        Ok(output) => panic!("it was accepted, wanting {words:?}: {output}"),
        Err(error) => error.to_string(),
    };
    for word in words {
        assert!(refusal.contains(word), "{word:?} is missing: {refusal}");
    }
}

async fn patch(stage: &Stage, what: &str, spec: &Value) -> Result<String> {
    let body = json!({"spec": spec}).to_string();
    stage
        .kubectl(&["patch", "-n", NAMESPACE, what, "--type=merge", "-p", &body])
        .await
}

/// New objects that v1beta1's schema turns away.
async fn v1beta1(stage: &Stage) -> Result<()> {
    let refused = [
        (
            json!({"size": "t3.small"}),
            &["size", "db.<family>.<size>", "db.t3.small"][..],
        ),
        (
            json!({"storage": "1500Mi"}),
            &["storage", "Gi or Ti", "20Gi"],
        ),
        (json!({"storage": "20G"}), &["storage", "Gi or Ti", "20Gi"]),
        (json!({"storage": "0Gi"}), &["storage", "whole number"]),
        (json!({"storage": 20}), &["storage", "string"]),
        (json!({"storageType": "ssd"}), &["storageType", "gp3"]),
        (
            json!({"storageType": "gp2", "iops": 3000}),
            &["iops", "io1 or io2", "leave iops out"],
        ),
        (
            json!({"storageType": "gp3", "storage": "100Gi", "iops": 3000}),
            &["iops", "400Gi"],
        ),
        (
            json!({"storageType": "io1", "storage": "100Gi"}),
            &["need iops", "iops: 3000"],
        ),
        (
            json!({"storageType": "io2", "iops": 5}),
            &["1000 to 256000"],
        ),
        (
            json!({"tags": {"aws:team": "shop"}}),
            &["reserved", "another key"],
        ),
        (json!({"tags": {"stow.myob.com/uid": "x"}}), &["reserved"]),
        (json!({"tags": {"": "x"}}), &["1 to 128"]),
        (
            json!({"databaseName": "1st"}),
            &["databaseName", "a letter first", "orders"],
        ),
        (
            json!({"masterUsername": "admin"}),
            &["masterUsername", "dbowner"],
        ),
        (
            json!({"masterUsername": "pg_owner"}),
            &["masterUsername", "pg_"],
        ),
        (
            json!({"secretName": "Orders"}),
            &["secretName", "lowercase"],
        ),
        (json!({"multiAZ": "yes"}), &["multiAZ", "boolean"]),
        (json!({"sise": "db.t3.small"}), &["unknown field", "sise"]),
    ];
    for (spec, words) in &refused {
        let outcome = stage.apply(&manifest("v1beta1", "bad", spec), &[]).await;
        says(outcome, words);
    }
    let try_out = async |spec: &Value| {
        let manifest = manifest("v1beta1", "edge", spec);
        stage.apply(&manifest, &["--dry-run=server"]).await
    };
    for (spec, word) in &edges::refused() {
        says(try_out(spec).await, &[word]);
    }
    for spec in &edges::accepted() {
        try_out(spec).await?;
    }
    Ok(())
}

/// v1beta1 needs no webhook to be refused or stored; so no operator runs yet.
#[tokio::test]
async fn v1beta1_is_checked_before_any_operator_runs() -> Result<()> {
    let mut stage = Stage::boot().await?;
    v1beta1(&stage).await?;

    // What is right is stored, and what needs a conversion says why it fails.
    let orders = json!({"size": "db.t3.small", "storage": "50Gi", "databaseName": "orders",
        "masterUsername": "owner"});
    stage
        .apply(&manifest("v1beta1", "orders", &orders), &[])
        .await?;
    let old = manifest("v1alpha1", "old", &json!({"storage": "20"}));
    says(
        stage.apply(&old, &[]).await,
        &["conversion webhook", "failed"],
    );

    // Changes that RDS cannot make.
    let orders = "postgresdb/orders";
    let rename = |name: &str| json!({name: "another"});
    for name in ["databaseName", "masterUsername"] {
        let outcome = patch(&stage, orders, &rename(name)).await;
        says(outcome, &[name, "cannot change", "write "]);
    }
    let in_effect = r#"{"status": {"storage": "50Gi"}}"#;
    let status = [
        "patch",
        "-n",
        NAMESPACE,
        orders,
        "--subresource=status",
        "--type=merge",
        "-p",
    ];
    stage.kubectl(&[&status[..], &[in_effect]].concat()).await?;
    let shrink = patch(&stage, orders, &json!({"storage": "40Gi"})).await;
    says(shrink, &["cannot be less than", "50Gi", "never shrinks"]);
    patch(&stage, orders, &json!({"storage": null})).await?;
    patch(&stage, orders, &json!({"storage": "60Gi"})).await?;
    // It was never in effect, so it can be taken back.
    patch(&stage, orders, &json!({"storage": "50Gi"})).await?;

    let broken = ratchet(&stage).await?;

    decided_at_creation(&stage).await?;

    // Then the operator comes.
    stage.start(&[]).await?;
    stage.ready("orders").await?;
    stage.apply(&old, &[]).await?;
    let stalled = stage
        .condition(&broken, "Stalled", |_, reason| reason == "InvalidSpec")
        .await?;
    let said = condition(&stalled, "Stalled").map(|found| found["message"].to_string());
    let said = said.unwrap_or_default();
    for word in [
        "spec.size",
        "spec.storage",
        "spec.tags",
        "spec.masterUsername",
    ] {
        assert!(said.contains(word), "{word}: {said}");
    }
    v1alpha1(&stage).await
}

/// What is decided when a database is made cannot be changed, nor be taken out
/// and written anew while there is one.
async fn decided_at_creation(stage: &Stage) -> Result<()> {
    let made = json!({"encryption": {"enabled": true}, "network": {"subnetGroup": "private"},
        "restoreFrom": {"snapshot": "orders-1"}});
    stage
        .apply(&manifest("v1beta1", "made", &made), &[])
        .await?;
    let what = "postgresdb/made";
    let others = [
        (
            json!({"encryption": {"enabled": false}}),
            "write true again",
        ),
        (json!({"network": {"subnetGroup": "b"}}), "cannot change"),
        (json!({"restoreFrom": {"snapshot": "b"}}), "cannot change"),
    ];
    for (other, word) in &others {
        says(patch(stage, what, other).await, &[word]);
    }
    let out = json!({"encryption": null, "network": null, "restoreFrom": null});
    patch(stage, what, &out).await?;
    // Nothing was made yet, so it can be written anew.
    patch(stage, what, &made).await?;
    let status = r#"{"status": {"ready": "available", "engineVersion": "16.4"}}"#;
    let subresource = "--subresource=status";
    stage
        .kubectl(&[
            "patch",
            "-n",
            NAMESPACE,
            what,
            subresource,
            "--type=merge",
            "-p",
            status,
        ])
        .await?;
    patch(stage, what, &out).await?;
    for (other, _) in &others {
        says(
            patch(stage, what, other).await,
            &["once the database exists"],
        );
    }

    let version = |text: &str| json!({"engineVersion": text});
    let back = patch(stage, what, &version("15.9")).await;
    says(back, &["engineVersion", "cannot go back", "16.4"]);
    let major = patch(stage, what, &version("17")).await;
    says(major, &["allowMajorVersionUpgrade: true", "16.4"]);
    patch(stage, what, &version("16.9")).await?;
    stage.kubectl(&["delete", "-n", NAMESPACE, what]).await?;
    Ok(())
}

/// An object that was stored before there were rules.
async fn ratchet(stage: &Stage) -> Result<String> {
    let name = "broken";
    let spec = json!({
        "size": "t3.small", "storage": "1500Mi", "storageType": "gp2", "iops": 5,
        "tags": {"aws:team": "shop"}, "masterUsername": "admin", "secretName": "Orders",
    });
    let mut object: Value =
        serde_json::from_str(&manifest("v1beta1", name, &spec)).unwrap_or_default();
    object["metadata"] = json!({
        "name": name, "namespace": NAMESPACE, "generation": 1,
        "uid": "00000000-0000-4000-8000-00000000000b",
        "creationTimestamp": "2026-01-01T00:00:00Z",
    });
    stage.plant(name, &object).await?;

    let what = "postgresdb/broken";
    eventually("the API server to see it", PATIENCE, || stage.get(what)).await?;
    stage
        .kubectl(&["label", "-n", NAMESPACE, what, "touched=yes"])
        .await?;
    let finalizer = r#"{"metadata": {"finalizers": ["example.com/hold"]}}"#;
    let merge = ["patch", "-n", NAMESPACE, what, "--type=merge", "-p"];
    stage.kubectl(&[&merge[..], &[finalizer]].concat()).await?;
    stage
        .kubectl(&[&merge[..], &[r#"{"metadata": {"finalizers": null}}"#]].concat())
        .await?;
    patch(stage, what, &json!({"multiAZ": true})).await?;
    let label = json!({"apiVersion": "myob.com/v1beta1", "kind": "PostgresDB",
        "metadata": {"name": name, "labels": {"applied": "yes"}}});
    stage.apply(&label.to_string(), &["--server-side"]).await?;
    let status = ["--subresource=status", r#"{"status": {"ready": "x"}}"#];
    stage
        .kubectl(&[&merge[..merge.len() - 1], &status[..1], &["-p", status[1]]].concat())
        .await?;

    // What is touched is judged.
    says(
        patch(stage, what, &json!({"size": "m5.large"})).await,
        &["db.<family>.<size>"],
    );
    says(
        patch(stage, what, &json!({"storage": "2G"})).await,
        &["Gi or Ti"],
    );
    says(
        patch(stage, what, &json!({"iops": 7000})).await,
        &["io1 or io2"],
    );
    Ok(name.to_owned())
}

/// New garbage in 2017's version, where the schema alone can say anything.
async fn v1alpha1(stage: &Stage) -> Result<()> {
    let refused = [
        (
            json!({"storage": "ten"}),
            &["spec.storage", "[1-9][0-9]*"][..],
        ),
        (
            json!({"storage": true}),
            &["spec.storage has a wrong type", "whole number of GiB"],
        ),
        (
            json!({"storage": 0}),
            &["spec.storage", "greater than or equal to 1"],
        ),
        (json!({"storage": 1.5}), &["spec.storage", "multiple of 1"]),
        (json!({"storage": "10Gi"}), &["spec.storage"]),
        (
            json!({"size": 5, "iops": [1000]}),
            &[
                "spec.size has a wrong type",
                "db.t3.small",
                "spec.iops has a wrong type",
            ],
        ),
        (json!({"size": "t2.small"}), &["spec.size", "db"]),
        (json!({"ha": "yes"}), &["spec.ha", "true"]),
        (json!({"iops": "fast"}), &["spec.iops"]),
        (
            json!({"tags": {"cost": 5}}),
            &["spec.tags", "numbers in quotes"],
        ),
        (json!({"tags": ["team"]}), &["spec.tags has a wrong type"]),
        (json!({"multiAZ": true}), &["unknown field", "multiAZ"]),
    ];
    for (spec, words) in &refused {
        says(
            stage.apply(&manifest("v1alpha1", "bad", spec), &[]).await,
            words,
        );
    }
    Ok(())
}
