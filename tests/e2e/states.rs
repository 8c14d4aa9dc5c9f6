//! What people are told while RDS is slow, strange or broken, and what is left
//! alone meanwhile.

use harness::Result;
use serde_json::Value;

use crate::looks::{database, said};
use crate::stage::{NAMESPACE, PATIENCE, Stage, condition, decoded};

const SPEC: [&str; 2] = ["size: db.t4g.small", "storage: 20Gi"];

const KEYS: [&str; 6] = [
    "DATABASE_URL",
    "DB_HOST",
    "DB_NAME",
    "DB_PASSWORD",
    "DB_PORT",
    "DB_USER",
];

fn keys(secret: &Value) -> Vec<&str> {
    let data = secret["data"].as_object();
    data.into_iter()
        .flat_map(|data| data.keys().map(String::as_str))
        .collect()
}

fn is(object: &Value, kind: &str, status: &str) -> bool {
    condition(object, kind).is_some_and(|found| found["status"] == status)
}

#[tokio::test]
async fn a_creation_is_followed_to_its_end() -> Result<()> {
    let stage = Stage::running().await?;
    stage.hold(&["creating", "backing-up"]).await?;
    stage.apply(&database("slow", &SPEC), &[]).await?;

    let object = stage
        .condition("slow", "Reconciling", |_, reason| reason == "Creating")
        .await?;
    assert!(is(&object, "Ready", "False"), "{object}");
    assert!(condition(&object, "Stalled").is_none(), "{object}");
    let object = stage
        .object("slow", "creating", |object| {
            object["status"]["ready"] == "creating"
        })
        .await?;
    assert_eq!(object["status"].get("endpoint"), None);
    stage.sweeps(2).await?;
    let secret = stage.get("secret/slow").await?;
    assert_eq!(keys(&secret), ["DB_PASSWORD"], "nothing to connect to yet");
    let password = decoded(&secret, "DB_PASSWORD")?;

    stage.pass().await?;
    let object = stage
        .object("slow", "backing-up", |object| {
            object["status"]["ready"] == "backing-up"
        })
        .await?;
    assert!(is(&object, "Reconciling", "True"), "{object}");
    // The first backup takes a while, and the database serves meanwhile.
    let object = stage.usable("slow").await?;
    assert_eq!(object["status"]["ready"], "backing-up");
    let secret = stage.get("secret/slow").await?;
    assert_eq!(keys(&secret), KEYS);
    assert_eq!(decoded(&secret, "DB_PASSWORD")?, password);
    stage.login("slow").await?.run("SELECT 1").await?;

    stage.let_go().await?;
    let object = stage
        .object("slow", "at rest", |object| {
            object["status"]["ready"] == "available" && condition(object, "Reconciling").is_none()
        })
        .await?;
    assert!(is(&object, "Ready", "True"), "{object}");
    let calls = stage.asked_of("slow");
    assert_eq!(calls.len(), 1, "created, and nothing else: {calls:?}");

    // RDS can state an endpoint before anybody can connect to it.
    stage.say("slow", "creating").await?;
    let object = stage
        .object("slow", "creating again", |object| {
            object["status"]["ready"] == "creating"
        })
        .await?;
    assert!(object["status"]["endpoint"]["address"].is_string());
    assert!(is(&object, "Ready", "False"), "{object}");
    Ok(())
}

/// Whoever watches the object sees RDS's statuses, each of them and in order.
#[tokio::test]
async fn a_watch_sees_each_status_in_order() -> Result<()> {
    let stage = Stage::running().await?;
    let kubectl = stage.cluster.kubectl_as(stage.cluster.admin_kubeconfig());
    let ready = r#"jsonpath={.status.ready}{"\n"}"#;
    let watch = ["get", "postgresdb", "-n", NAMESPACE, "--watch", "-o", ready];
    let statuses = [
        "creating",
        "backing-up",
        "available",
        "modifying",
        "available",
        "deleting",
    ];
    let passing = statuses.iter().filter(|status| **status != "available");
    let passing: Vec<_> = passing.copied().collect();
    stage.hold(&passing).await?;
    stage.apply(&database("slow", &SPEC), &[]).await?;
    let mut watched = kubectl.follow(&watch)?;
    for (index, expected) in statuses.iter().enumerate() {
        let seen = async {
            loop {
                match watched.line().await?.as_str() {
                    // Nothing yet, or the same again.
                    "" => {}
                    line if index > 0 && line == statuses[index - 1] => {}
                    line => return Ok::<_, harness::Error>(line.to_owned()),
                }
            }
        };
        let seen = tokio::time::timeout(PATIENCE, seen).await;
        assert_eq!(seen.expect("a status")?, *expected);
        match (*expected, index) {
            ("available", 2) => stage.edit("slow", r#"{"size":"db.t4g.large"}"#).await?,
            ("available", _) => stage.delete("postgresdb/slow").await?,
            ("deleting", _) => {}
            _ => stage.pass().await?,
        }
    }
    stage.let_go().await?;
    stage.gone("postgresdb/slow").await
}

/// What RDS says, and what the message tells to do.
const BROKEN: [(&str, &str); 3] = [
    ("failed", "until it is repaired there"),
    ("incompatible-network", "events in RDS say what it needs"),
    ("incompatible-parameters", "events in RDS say what it needs"),
];

#[tokio::test]
async fn what_rds_says_is_told_and_waited_for() -> Result<()> {
    let stage = Stage::running().await?;
    let rds = &stage.only().rds;
    stage.apply(&database("odd", &SPEC), &[]).await?;
    stage.ready("odd").await?;
    let strange = "doing-what-nobody-knew-in-2026";

    stage.say("odd", strange).await?;
    let object = stage
        .object("odd", strange, |object| {
            object["status"]["ready"] == strange
        })
        .await?;
    assert!(is(&object, "Ready", "Unknown"), "{object}");
    assert!(is(&object, "Reconciling", "True"), "{object}");
    assert!(condition(&object, "Stalled").is_none(), "{object}");
    rds.forget();
    stage.edit("odd", r#"{"size":"db.t4g.large"}"#).await?;
    stage.judged("odd").await?;
    stage.sweeps(2).await?;

    for (status, advice) in BROKEN {
        stage.say("odd", status).await?;
        let object = stage
            .object("odd", status, |object| object["status"]["ready"] == status)
            .await?;
        assert!(said(&object, "Stalled").contains(advice), "{object}");
        let reason = condition(&object, "Stalled").map(|stalled| &stalled["reason"]);
        assert_eq!(reason, Some(&Value::from("IncompatibleState")));
        assert!(is(&object, "Ready", "False"), "{object}");
        assert!(condition(&object, "Reconciling").is_none(), "{object}");
    }
    stage.sweeps(2).await?;
    assert_eq!(rds.mutations().len(), 0, "{:?}", rds.mutations());

    // Of all that is wrong this alone can be mended by the spec.
    stage.say("odd", "storage-full").await?;
    let message = stage
        .object("odd", "full", |object| {
            object["status"]["ready"] == "storage-full"
        })
        .await?;
    assert!(said(&message, "Stalled").contains("raise spec.storage"));
    stage.edit("odd", r#"{"storage":"40Gi"}"#).await?;
    stage
        .object("odd", "grown", |object| {
            object["status"]["storage"] == "40Gi"
        })
        .await?;
    stage.say("odd", "available").await?;
    let object = stage.ready("odd").await?;
    assert_eq!(object["status"]["size"], "db.t4g.large");
    assert!(condition(&object, "Stalled").is_none(), "{object}");
    Ok(())
}
