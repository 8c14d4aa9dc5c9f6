//! What an installation can lack: rights, credentials, settings. Each is named
//! with what to do, holds up only what needs it, and heals without a restart.

use harness::{OperatorConfig, Result, eventually};
use serde_json::{Value, json};

use crate::stage::{NAMESPACE, PATIENCE, Stage, condition};

async fn apply(stage: &Stage, name: &str) -> Result<String> {
    let object = json!({
        "apiVersion": "myob.com/v1beta1", "kind": "PostgresDB",
        "metadata": {"name": name}, "spec": {"size": "db.t3.small", "storageType": "gp3"},
    });
    stage.apply(&object.to_string(), &[]).await
}

/// Waits until an object is stalled for the configuration, and returns why.
async fn misconfigured(stage: &Stage, name: &str) -> Result<String> {
    let stalled = |_: &str, reason: &str| reason == "InvalidConfiguration";
    let object = stage.condition(name, "Stalled", stalled).await?;
    let message = condition(&object, "Stalled").map(|found| found["message"].to_string());
    Ok(message.unwrap_or_default())
}

#[tokio::test]
async fn aws_settings_that_are_missing_are_named() -> Result<()> {
    let mut stage = Stage::boot().await?;
    let missing = [
        ("region", "AWS_REGION", &["AWS_REGION", "AWS_PROFILE"][..]),
        (
            "credentials",
            "AWS_ACCESS_KEY_ID",
            &["AWS_ACCESS_KEY_ID", "eks.amazonaws.com/role-arn"],
        ),
    ];
    for (name, variable, words) in missing {
        let without = |config: &mut OperatorConfig| {
            config
                .env
                .retain(|(key, _)| key != variable && key != "AWS_SECRET_ACCESS_KEY");
            if variable == "AWS_REGION" {
                config
                    .env
                    .push(("AWS_SECRET_ACCESS_KEY".to_owned(), "test".to_owned()));
            }
        };
        let replica = stage.replica_with(&[], without).await?;
        stage.replicas.push(replica);
        stage.relay().await?;
        stage.serving(0).await?;
        // It converts all the same.
        stage.trusted().await?;
        let said = stage.said(0, words[0]).await?;
        apply(&stage, name).await?;
        let told = misconfigured(&stage, name).await?;
        for word in words {
            assert!(said.contains(word), "the log lacks {word}: {said}");
            assert!(told.contains(word), "the condition lacks {word}: {told}");
        }
        let old = stage
            .get(&format!("postgresdbs.v1alpha1.myob.com/{name}"))
            .await?;
        assert_eq!(old["spec"]["size"], "db.t3.small");
        assert_eq!(
            stage.only().rds.calls().len(),
            0,
            "without {name} nothing can be asked"
        );

        let mut replica = stage.replicas.remove(0);
        replica.operator.terminate()?;
        assert_eq!(replica.operator.wait(PATIENCE).await?, 0);
    }
    // One that has both does what the others could not.
    stage.start(&[]).await?;
    for (name, ..) in missing {
        stage.ready(name).await?;
    }
    Ok(())
}

#[tokio::test]
async fn rights_that_are_missing_are_named() -> Result<()> {
    let mut stage = Stage::boot().await?;
    let unbind = ["delete", "clusterrolebinding", "stow"];
    stage.kubectl(&unbind).await?;
    forbidden(&stage, "get", "namespaces/kube-system").await?;
    let replica = stage.replica(&[]).await?;
    stage.replicas.push(replica);
    stage.relay().await?;
    // Its own namespace's Role suffices to serve.
    stage.serving(0).await?;
    let said = stage.said(0, "get namespaces \"kube-system\"").await?;
    assert!(said.contains("apply yaml/deployment.yaml"), "{said}");
    let said = stage.said(0, "postgresdbs.myob.com").await?;
    assert!(
        said.contains("list and watch customresourcedefinitions"),
        "{said}"
    );

    stage.manifest("yaml/deployment.yaml").await?;
    stage.trusted().await?;
    apply(&stage, "first").await?;
    stage.ready("first").await?;

    // Lost while it runs, a right is named as well.
    stage.kubectl(&unbind).await?;
    forbidden(&stage, "patch", "postgresdbs.myob.com").await?;
    apply(&stage, "second").await?;
    let said = stage.said(0, "shop/second").await?;
    let line = said
        .lines()
        .find(|line| line.contains("shop/second"))
        .unwrap_or_default();
    for word in ["forbids", "cannot get resource", "yaml/deployment.yaml"] {
        assert!(line.contains(word), "{word}: {line}");
    }
    stage.manifest("yaml/deployment.yaml").await?;
    stage.ready("second").await?;

    // One right alone: the object itself can say so, and nothing is created
    // whose password could not be kept.
    let patch = r#"[{"op": "replace", "path": "/rules/4/verbs", "value": ["get"]}]"#;
    let patch = ["patch", "clusterrole", "stow", "--type=json", "-p", patch];
    stage.kubectl(&patch).await?;
    forbidden(&stage, "create", "secrets").await?;
    apply(&stage, "third").await?;
    let denied = |_: &str, reason: &str| reason == "AccessDenied";
    let object = stage.condition("third", "Stalled", denied).await?;
    let told = condition(&object, "Stalled").map(Value::to_string);
    let told = told.unwrap_or_default();
    for word in ["Secret shop/third", "cannot create", "yaml/deployment.yaml"] {
        assert!(told.contains(word), "{word}: {told}");
    }
    assert_eq!(stage.instances("DBInstanceIdentifier").await?.len(), 2);
    Ok(())
}

/// Waits until the API server denies the operator a right in the tests'
/// namespace: it reads its roles by watches.
async fn forbidden(stage: &Stage, verb: &str, resource: &str) -> Result<()> {
    let account = "--as=system:serviceaccount:stow-system:stow";
    let ask = ["auth", "can-i", verb, resource, account, "-n", NAMESPACE];
    eventually(
        format!("no right to {verb} {resource}"),
        PATIENCE,
        || async {
            let answer = stage.cluster.kubectl(&ask).await?.stdout;
            match answer.trim() {
                "no" => Ok(()),
                _ => Err(harness::Error::Unexpected(answer)),
            }
        },
    )
    .await
}

#[tokio::test]
async fn settings_are_read_live_and_faults_are_named() -> Result<()> {
    let mut stage = Stage::running().await?;
    apply(&stage, "running").await?;
    stage.ready("running").await?;
    let delete = ["delete", "configmap", "stow", "-n", "stow-system"];
    let before = stage.get("postgresdb/running").await?;
    stage.only().rds.forget();

    // Without settings, and with one that cannot be used, what is new waits.
    stage.kubectl(&delete).await?;
    apply(&stage, "early").await?;
    let told = misconfigured(&stage, "early").await?;
    assert!(
        told.contains("kubectl apply -f yaml/config-map.yaml"),
        "{told}"
    );
    // Nor does a restart forget what it lacks.
    stage.replicas[0].operator.terminate()?;
    stage.replicas[0].operator.wait(PATIENCE).await?;
    stage.restart(0)?;
    stage.serving(0).await?;
    apply(&stage, "earlier").await?;
    assert_eq!(misconfigured(&stage, "earlier").await?, told);
    stage.manifest("yaml/config-map.yaml").await?;
    stage.ready("early").await?;
    stage.ready("earlier").await?;

    let set = async |key: &str, value: &str| {
        let patch = json!({"data": {key: value}}).to_string();
        let arguments = [
            "patch",
            "configmap",
            "stow",
            "-n",
            "stow-system",
            "--type=merge",
            "-p",
        ];
        stage
            .kubectl(&[&arguments[..], &[patch.as_str()]].concat())
            .await
    };
    let port = "aws.rds.postgres.default.port";
    set(port, "eighty").await?;
    set("aws.rds.postgres.default.storage.type", "ssd").await?;
    apply(&stage, "late").await?;
    let both = |told: &str| told.contains(port) && told.contains("eighty") && told.contains("ssd");
    let told = misconfigured(&stage, "late").await?;
    assert!(both(&told), "{told}");

    // What runs is as it was: changed by its spec alone, and that still.
    let patch = r#"{"spec": {"size": "db.t3.medium"}}"#;
    let patch = [
        "patch",
        "-n",
        NAMESPACE,
        "postgresdb/running",
        "--type=merge",
        "-p",
        patch,
    ];
    stage.kubectl(&patch).await?;
    eventually("the change of size", PATIENCE, || async {
        let object = stage.get("postgresdb/running").await?;
        let size = &object["status"]["size"];
        if size == "db.t3.medium" {
            Ok(())
        } else {
            Err(harness::Error::Unexpected(size.to_string()))
        }
    })
    .await?;
    let running = stage.ready("running").await?;
    assert!(condition(&running, "Stalled").is_none(), "{running}");
    assert_eq!(running["status"]["endpoint"], before["status"]["endpoint"]);
    let id = before["status"]["id"].as_str().unwrap_or_default();
    let changes: Vec<_> = stage
        .only()
        .rds
        .mutations()
        .into_iter()
        .filter(|call| call.text().contains(id))
        .filter_map(|call| call.action().map(str::to_owned))
        .collect();
    assert_eq!(changes, ["ModifyDBInstance"]);

    set(port, "6432").await?;
    set("aws.rds.postgres.default.storage.type", "gp3").await?;
    stage.ready("late").await?;
    // drydock's instances share one address, so each has a port of its own.
    let creates = stage.sent("CreateDBInstance", "late");
    assert_eq!(creates.len(), 1, "{creates:?}");
    assert_eq!(creates[0].parameter("Port"), Some("6432"));
    let running: Value = stage.get("postgresdb/running").await?;
    assert_eq!(running["status"]["endpoint"], before["status"]["endpoint"]);
    Ok(())
}
