//! The CRD in a cluster: what people see of it, and that its way to the webhook
//! survives whatever is done to it.

use harness::{Error, Result, eventually};
use serde_json::{Value, json};

use crate::stage::{NAMESPACE, PATIENCE, Stage, file};

const CRD: &str = "postgresdbs.myob.com";
const V1ALPHA1: &str = "postgresdbs.v1alpha1.myob.com";

async fn definition(stage: &Stage) -> Result<Value> {
    stage.get(&format!("crd/{CRD}")).await
}

fn bundle(crd: &Value) -> &Value {
    &crd["spec"]["conversion"]["webhook"]["clientConfig"]["caBundle"]
}

/// Waits until the stanza is as it was, and conversions work.
async fn healed(stage: &Stage, before: &Value) -> Result<()> {
    let healed = eventually("the CRD's conversion", PATIENCE, || async {
        let crd = definition(stage).await?;
        let (now, was) = (&crd["spec"]["conversion"], &before["spec"]["conversion"]);
        if now == was {
            Ok(())
        } else {
            Err(Error::Unexpected(now.to_string()))
        }
    });
    healed.await.map_err(|error| stage.explain(&error))?;
    converts(stage).await
}

/// Waits until what v1alpha1 cannot say is shown there in its annotation: proof
/// that the webhook converted.
async fn converts(stage: &Stage) -> Result<()> {
    eventually("a conversion", PATIENCE, || async {
        let old = stage.get(&format!("{V1ALPHA1}/orders")).await?;
        match &old["metadata"]["annotations"]["hub.stow.myob.com/storageType"] {
            Value::String(_) => Ok(()),
            other => Err(Error::Unexpected(other.to_string())),
        }
    })
    .await
}

const ORDERS: &str = r#"{"apiVersion": "myob.com/v1beta1", "kind": "PostgresDB",
    "metadata": {"name": "orders"},
    "spec": {"size": "db.t3.small", "storage": "20Gi", "storageType": "gp3"}}"#;

#[tokio::test]
async fn its_way_to_the_webhook_survives_what_is_done_to_it() -> Result<()> {
    let stage = Stage::running().await?;
    stage.apply(ORDERS, &[]).await?;
    stage.ready("orders").await?;
    converts(&stage).await?;
    let before = definition(&stage).await?;
    assert!(bundle(&before).is_string(), "{before}");

    // Re-applied, as GitOps tools do all day, nothing of it moves.
    let path = file("yaml/crd.yaml").display().to_string();
    let server_side = ["apply", "--server-side", "--force-conflicts", "-f", &path];
    for round in 0..20 {
        if round % 2 == 0 {
            stage.manifest("yaml/crd.yaml").await?;
        } else {
            stage.kubectl(&server_side).await?;
        }
        let crd = definition(&stage).await?;
        assert_eq!(bundle(&crd), bundle(&before), "round {round}");
        assert_eq!(
            crd["metadata"]["generation"], before["metadata"]["generation"],
            "round {round}"
        );
    }

    // Replaced, it has lost the bundle. Nobody heals it while the operator is
    // cut off, and until then what needs a conversion fails, and loses nothing.
    stage.only().api.block();
    stage.kubectl(&["replace", "-f", &path]).await?;
    assert!(bundle(&definition(&stage).await?).is_null());
    let refusal = eventually("conversions to fail", PATIENCE, || async {
        stage.get(&format!("{V1ALPHA1}/orders")).await.err()
    });
    let refusal = refusal.await?.to_string();
    assert!(refusal.contains("conversion webhook"), "{refusal}");
    let old = r#"{"apiVersion": "myob.com/v1alpha1", "kind": "PostgresDB",
        "metadata": {"name": "old"}, "spec": {"storage": "20"}}"#;
    assert!(
        stage.apply(old, &[]).await.is_err(),
        "a v1alpha1 write went through"
    );
    stage.only().api.unblock();
    healed(&stage, &before).await?;
    stage.apply(old, &[]).await?;

    // And while the operator watches, with each way to lose the stanza. The policy
    // that would keep it from `None` may not be there.
    let policy = "validatingadmissionpolicybinding/stow-conversion";
    stage.kubectl(&["delete", policy]).await?;
    let lost = [
        r#"{"spec": {"conversion": {"strategy": "None", "webhook": null}}}"#,
        r#"{"spec": {"conversion": null}}"#,
        r#"{"spec": {"conversion": {"webhook": {"clientConfig": {"caBundle": null}}}}}"#,
    ];
    for patch in lost {
        let merge = ["patch", "crd", CRD, "--type=merge", "-p", patch];
        // It is in force until the API server has noticed.
        eventually("the patch", PATIENCE, || stage.kubectl(&merge)).await?;
        healed(&stage, &before).await?;
    }
    stage.kubectl(&["replace", "-f", &path]).await?;
    healed(&stage, &before).await?;

    // Whoever healed it owns nothing that a later apply would fight over.
    let healed = definition(&stage).await?;
    stage.manifest("yaml/crd.yaml").await?;
    stage.kubectl(&server_side).await?;
    let crd = definition(&stage).await?;
    assert_eq!(bundle(&crd), bundle(&before));
    assert_eq!(
        crd["metadata"]["generation"],
        healed["metadata"]["generation"]
    );
    Ok(())
}

#[tokio::test]
async fn people_are_told_what_there_is() -> Result<()> {
    let stage = Stage::running().await?;
    stage.apply(ORDERS, &[]).await?;
    let ready = stage.ready("orders").await?;

    let crd = definition(&stage).await?;
    let spec = &crd["spec"];
    assert_eq!(spec["conversion"]["strategy"], "Webhook");
    assert_eq!(spec["names"]["shortNames"], json!(["pgdb"]));
    let versions = spec["versions"].as_array().cloned().unwrap_or_default();
    let served: Vec<_> = versions
        .iter()
        .map(|version| (&version["name"], &version["served"], &version["storage"]))
        .collect();
    let (yes, no) = (&json!(true), &json!(false));
    assert_eq!(
        served,
        [(&json!("v1beta1"), yes, yes), (&json!("v1alpha1"), yes, no)]
    );
    assert_eq!(crd["status"]["storedVersions"], json!(["v1beta1"]));
    for condition in crd["status"]["conditions"].as_array().into_iter().flatten() {
        // Such as what is wrong with a schema.
        assert_ne!(condition["type"], "NonStructuralSchema", "{condition}");
    }

    let explain =
        async |arguments: &[&str]| stage.kubectl(&[&["explain"], arguments].concat()).await;
    let storage = explain(&["postgresdb.spec.storage"]).await?;
    assert!(
        storage.contains("20Gi") && storage.contains("never"),
        "{storage}"
    );
    let fields = explain(&["pgdb.spec"]).await?;
    for field in [
        "size",
        "storage",
        "storageType",
        "iops",
        "multiAZ",
        "tags",
        "databaseName",
        "masterUsername",
        "secretName",
        "backup",
        "network",
        "encryption",
        "monitoring",
        "restoreFrom",
        "deletionPolicy",
    ] {
        assert!(
            fields
                .lines()
                .any(|line| line.trim_start().starts_with(&format!("{field}\t"))),
            "{field}: {fields}"
        );
    }
    let old = explain(&["postgresdb.spec.ha", "--api-version=myob.com/v1alpha1"]).await?;
    assert!(old.contains("multiAZ"), "{old}");
    let status = explain(&["postgresdb.status.conditions"]).await?;
    assert!(status.contains("Stalled"), "{status}");

    let line = |table: &str, row: usize| -> Vec<String> {
        let line = table.lines().nth(row).unwrap_or_default();
        line.split_whitespace().map(str::to_owned).collect()
    };
    for what in ["pgdb", V1ALPHA1] {
        let table = stage.kubectl(&["get", what, "-n", NAMESPACE]).await?;
        assert_eq!(
            line(&table, 0),
            ["NAME", "READY", "SIZE", "STORAGE", "TYPE", "STALLED", "AGE"]
        );
        let row = line(&table, 1);
        assert_eq!(
            row[..5],
            ["orders", "available", "db.t3.small", "20Gi", "gp3"],
            "{table}"
        );
        let wide = stage
            .kubectl(&["get", what, "-n", NAMESPACE, "-o", "wide"])
            .await?;
        assert_eq!(line(&wide, 0).last().map(String::as_str), Some("ENDPOINT"));
        assert_eq!(
            line(&wide, 1).last().map(|text| json!(text)),
            Some(ready["status"]["endpoint"]["address"].clone())
        );
    }

    let warning = async |what: &str| -> Result<String> {
        let get = ["get", "-n", NAMESPACE, what];
        Ok(stage.cluster.kubectl(&get).await?.stderr)
    };
    let told = warning("postgresdbs.v1alpha1.myob.com/orders").await?;
    for word in ["deprecated", "myob.com/v1beta1", "multiAZ", "10Gi"] {
        assert!(told.contains(word), "{word}: {told}");
    }
    assert_eq!(warning("postgresdb/orders").await?, "");
    Ok(())
}

/// A webhook that waits for its definition, as in an upgrade.
#[tokio::test]
async fn the_operator_waits_for_the_definition() -> Result<()> {
    let mut stage = Stage::bare().await?;
    stage.manifest("yaml/config-map.yaml").await?;
    stage.manifest("yaml/deployment.yaml").await?;
    let replica = stage.replica(&[]).await?;
    stage.replicas.push(replica);
    stage.relay().await?;
    stage.serving(0).await?;
    stage
        .said(
            0,
            "postgresdbs.myob.com does not exist: apply yaml/crd.yaml",
        )
        .await?;

    let pid = stage.only().operator.pid();
    stage.manifest("yaml/crd.yaml").await?;
    stage
        .kubectl(&[
            "wait",
            "--for=condition=Established",
            "crd",
            CRD,
            "--timeout=60s",
        ])
        .await?;
    stage.apply(ORDERS, &[]).await?;
    stage.ready("orders").await?;
    converts(&stage).await?;
    stage.serving(0).await?;
    assert_eq!(stage.only().operator.pid(), pid);
    Ok(())
}
