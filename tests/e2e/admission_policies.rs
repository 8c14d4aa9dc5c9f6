//! The shipped `ValidatingAdmissionPolicies` on a real API server: that each expression is sound,
//! and what they let through and hold up, for people and for the operator.

use harness::{Error, Result, eventually};
use serde_json::{Value, json};

use crate::looks::database;
use crate::stage::{NAMESPACE, PATIENCE, Stage};

const V1ALPHA1: &str = "postgresdbs.v1alpha1.myob.com";
const V1BETA1: &str = "postgresdbs.v1beta1.myob.com";
const KEPT: &str = "hub.stow.myob.com/deletionPolicy";

/// The API server checks each expression against the types that it is about.
#[tokio::test]
async fn no_expression_has_a_warning() -> Result<()> {
    let stage = Stage::boot().await?;
    let all = stage.get("validatingadmissionpolicies").await?;
    let names = all["items"].as_array().into_iter().flatten();
    let names: Vec<_> = names
        .map(|policy| policy["metadata"]["name"].clone())
        .collect();
    assert_eq!(
        json!(names),
        json!([
            "stow-conversion",
            "stow-hub-rules",
            "stow-kept-annotations",
            "stow-secrets",
            "stow-types"
        ])
    );
    for name in names {
        let what = format!(
            "validatingadmissionpolicy/{}",
            name.as_str().unwrap_or_default()
        );
        let checked = eventually(format!("the types of {what}"), PATIENCE, || async {
            let policy = stage.get(&what).await?;
            if policy["status"]["observedGeneration"] == policy["metadata"]["generation"] {
                Ok(policy)
            } else {
                Err(Error::Unexpected(policy["status"].to_string()))
            }
        });
        let warnings = checked.await?["status"]["typeChecking"]["expressionWarnings"].take();
        assert_eq!(warnings, Value::Null, "{what}: {warnings:#}");
    }
    Ok(())
}

#[track_caller]
fn refused(outcome: Result<String>, words: &[&str]) {
    let refusal = match outcome {
        Ok(output) => panic!("it was accepted, wanting {words:?}: {output}"),
        Err(error) => error.to_string(),
    };
    for word in words {
        assert!(refusal.contains(word), "{word:?} is missing: {refusal}");
    }
}

/// What `kubectl replace` comes to, once no write of the operator's comes between
/// its read and its write.
async fn replaced(stage: &Stage, manifest: impl AsyncFn() -> Result<String>) -> Result<String> {
    let arguments = ["replace", "-n", NAMESPACE, "-f", "-"];
    eventually("a replace", PATIENCE, || async {
        let manifest = manifest().await?;
        let outcome = stage.cluster.kubectl_in(&manifest, &arguments);
        match outcome.await?.ok() {
            Err(error) if error.to_string().contains("(Conflict)") => Err(error),
            outcome => Ok(outcome),
        }
    })
    .await?
}

/// An object of v1beta1 in the hands of clients that know v1alpha1 alone.
#[tokio::test]
async fn old_clients_keep_what_they_cannot_say() -> Result<()> {
    let stage = Stage::running().await?;
    stage
        .apply(
            &database("orders", &["storage: 20Gi", "deletionPolicy: Retain"]),
            &[],
        )
        .await?;
    stage.ready("orders").await?;
    let old = |spec: Value| {
        json!({"apiVersion": "myob.com/v1alpha1", "kind": "PostgresDB",
            "metadata": {"name": "orders"}, "spec": spec})
        .to_string()
    };
    let policy = async || -> Result<Value> {
        Ok(stage.get(&format!("{V1BETA1}/orders")).await?["spec"]["deletionPolicy"].take())
    };

    // Both kinds of apply, a patch, a label and an edit of what they see.
    stage
        .apply(&old(json!({"size": "db.t4g.small", "storage": "20"})), &[])
        .await?;
    stage
        .apply(
            &old(json!({"ha": true})),
            &["--server-side", "--force-conflicts"],
        )
        .await?;
    let merge = [
        "patch",
        "-n",
        NAMESPACE,
        V1ALPHA1,
        "orders",
        "--type=merge",
        "-p",
    ];
    stage
        .kubectl(&[&merge[..], &[r#"{"spec": {"ha": false}}"#]].concat())
        .await?;
    stage
        .kubectl(&["label", "-n", NAMESPACE, V1ALPHA1, "orders", "touched=yes"])
        .await?;
    replaced(&stage, async || {
        let mut seen = stage.get(&format!("{V1ALPHA1}/orders")).await?;
        seen["spec"]["tags"] = json!({"team": "shop"});
        Ok(seen.to_string())
    })
    .await?;
    assert_eq!(policy().await?, "Retain");

    // What would drop it or change it is refused, and says how not to.
    let words = ["stow-kept-annotations", KEPT, "kubectl apply", "v1beta1"];
    let bare = old(json!({"size": "db.t4g.small", "storage": "20"}));
    let replace = replaced(&stage, async || Ok(bare.clone())).await;
    refused(replace, &words);
    let drop = r#"{"metadata": {"annotations": null}}"#;
    refused(stage.kubectl(&[&merge[..], &[drop]].concat()).await, &words);
    for text in [format!("{KEPT}-"), format!("{KEPT}={{}}")] {
        let annotate = [
            "annotate",
            "--overwrite",
            "-n",
            NAMESPACE,
            V1ALPHA1,
            "orders",
            &text,
        ];
        refused(stage.kubectl(&annotate).await, &words);
    }
    assert_eq!(policy().await?, "Retain");

    // In v1beta1 it goes like any field.
    stage.edit("orders", r#"{"deletionPolicy": null}"#).await?;
    assert_eq!(policy().await?, Value::Null);
    Ok(())
}

fn secret(name: &str, marks: &Value, kind: &str) -> Value {
    let mut secret = json!({"apiVersion": "v1", "kind": "Secret", "type": kind,
        "metadata": {"name": name}, "stringData": {"key": "value"}});
    for (key, mark) in marks.as_object().into_iter().flatten() {
        secret["metadata"][key] = mark.clone();
    }
    secret
}

/// What the operator's own token can do to Secrets, in whoever's hands.
#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one life of one Secret, in order")]
async fn the_operator_writes_no_secret_but_those_it_manages() -> Result<()> {
    let stage = Stage::boot().await?;
    let token = stage.cluster.token("stow-system", "stow").await?;
    let operator = stage
        .cluster
        .kubectl_as(stage.cluster.kubeconfig(stage.cluster.url(), &token)?);
    let create = async |secret: &Value, namespace: &str| {
        let arguments = ["create", "-n", namespace, "-f", "-"];
        operator.run_in(&secret.to_string(), &arguments).await?.ok()
    };
    // A Secret without its owner is swept away.
    stage.apply(&database("orders", &[]), &[]).await?;
    let uid = stage.get("postgresdb/orders").await?["metadata"]["uid"].take();
    let owners = |kind: &str, group: &str| {
        json!([{"apiVersion": format!("{group}/v1beta1"), "kind": kind, "name": "orders",
            "uid": uid}])
    };
    let label = json!({"app.kubernetes.io/managed-by": "stow"});
    let ours = json!({"labels": label, "ownerReferences": owners("PostgresDB", "myob.com")});
    let opaque = "Opaque";
    create(&secret("ours", &ours, opaque), NAMESPACE).await?;
    create(&secret("stow-webhook", &json!({}), opaque), "stow-system").await?;

    let words = ["stow-secrets", "managed-by: stow", "spec.secretName"];
    let token_of = json!({"labels": label, "ownerReferences": owners("PostgresDB", "myob.com"),
        "annotations": {"kubernetes.io/service-account.name": "default"}});
    let strange = [
        (secret("a", &json!({}), opaque), NAMESPACE),
        (secret("a", &json!({"labels": label}), opaque), NAMESPACE),
        (
            secret(
                "a",
                &json!({"ownerReferences": owners("PostgresDB", "myob.com")}),
                opaque,
            ),
            NAMESPACE,
        ),
        (
            secret(
                "a",
                &json!({"labels": label, "ownerReferences": owners("Pod", "myob.com")}),
                opaque,
            ),
            NAMESPACE,
        ),
        (
            secret(
                "a",
                &json!({"labels": label, "ownerReferences": owners("PostgresDB", "myob.com.example")}),
                opaque,
            ),
            NAMESPACE,
        ),
        (
            secret("a", &token_of, "kubernetes.io/service-account-token"),
            NAMESPACE,
        ),
        (secret("stow-webhook", &json!({}), opaque), NAMESPACE),
        (secret("another", &json!({}), opaque), "stow-system"),
    ];
    for (secret, namespace) in &strange {
        refused(create(secret, namespace).await, &words);
    }

    // Somebody else's Secret, and one that the operator of 2017 left.
    let admin = async |secret: Value| {
        let arguments = ["create", "-n", NAMESPACE, "-f", "-"];
        stage
            .cluster
            .kubectl_in(&secret.to_string(), &arguments)
            .await?
            .ok()
    };
    admin(secret("foreign", &json!({}), opaque)).await?;
    let mut old = secret("old", &json!({}), opaque);
    old["stringData"] = json!({"DB_HOST": "a.example", "DB_PASSWORD": "x"});
    admin(old).await?;
    let patch = async |name: &str, patch: Value| {
        let patch = patch.to_string();
        let arguments = [
            "patch",
            "-n",
            NAMESPACE,
            "secret",
            name,
            "--type=merge",
            "-p",
            &patch,
        ];
        operator.run(&arguments).await?.ok()
    };
    let port = json!({"data": {"DB_PORT": "NTQzMg=="}});
    patch("ours", port.clone()).await?;
    patch("old", port.clone()).await?;
    refused(patch("foreign", port).await, &words);
    for change in [
        json!({"data": {"DB_PASSWORD": "eA=="}, "metadata": {"labels": label}}),
        json!({"data": {"DB_PASSWORD": "eHg="}}),
        json!({"data": {"DB_HOST": null}}),
        json!({"metadata": ours}),
    ] {
        refused(patch("old", change).await, &words);
    }
    refused(patch("foreign", json!({"metadata": ours})).await, &words);
    refused(
        patch("ours", json!({"metadata": {"labels": null}})).await,
        &words,
    );
    refused(
        patch("ours", json!({"metadata": {"ownerReferences": null}})).await,
        &words,
    );
    for name in ["foreign", "old"] {
        let delete = operator
            .run(&["delete", "secret", "-n", NAMESPACE, name])
            .await?
            .ok();
        refused(delete, &words);
    }
    operator
        .run(&["delete", "secret", "-n", NAMESPACE, "ours"])
        .await?
        .ok()?;
    // An administrator is not bound by it.
    stage
        .kubectl(&["delete", "secret", "-n", NAMESPACE, "foreign"])
        .await
        .map(drop)
}
