//! The Secret: no other than the object's own is written, deleted or given up.

use harness::{Answer, Call, Error, Result, eventually};
use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::looks::{database, said, text_at};
use crate::secrets::{complete, opaque, version};
use crate::stage::{PATIENCE, Stage};

fn is_secret(call: &Call, name: &str) -> bool {
    let path = call.kubernetes();
    path.is_some_and(|path| path.resource == "secrets" && path.name.as_deref() == Some(name))
}

/// A rule for the reads of a Secret.
fn read_of(name: &'static str) -> impl Fn(&Call) -> bool + Send + Sync + 'static {
    move |call| call.method == Method::GET && is_secret(call, name)
}

/// A Secret that carries the operator's label.
fn labelled(name: &str, kind: &str) -> String {
    let mut secret = json!({"apiVersion": "v1", "kind": "Secret", "type": kind,
        "metadata": {"name": name, "labels": {"app.kubernetes.io/managed-by": "stow"}}});
    if kind == "kubernetes.io/tls" {
        secret["stringData"] = json!({"tls.crt": "", "tls.key": ""});
    }
    format!("{secret}\n---\n")
}

#[tokio::test]
async fn secret_name_of_a_secret_that_serves_something_else() -> Result<()> {
    let stage = Stage::with_states_alone().await?;
    let secrets = [
        opaque("taken", &[("TOKEN", "x")]),
        opaque("till", &[]),
        labelled("marked", "Opaque"),
        labelled("certificate", "kubernetes.io/tls"),
    ];
    stage.apply(&secrets.concat(), &[]).await?;
    let named = |name: &str, secret: &str| database(name, &[&format!("secretName: {secret}")]);
    let objects = [
        database("orders", &[]),
        database("shared", &[]),
        database("moving", &[]),
        // Of the object's name, and there before it.
        database("taken", &[]),
        named("claims", "marked"),
        named("serves", "certificate"),
        // Another database's.
        named("thief", "orders"),
    ];
    for object in &objects[..3] {
        stage.apply(object, &[]).await?;
    }
    for name in ["orders", "shared", "moving"] {
        stage.ready(name).await?;
    }
    stage.apply(&objects[3..].concat(), &[]).await?;
    stage.edit("shared", r#"{"secretName":"till"}"#).await?;
    let mut before = Vec::new();
    for name in ["orders", "shared", "taken", "till", "marked", "certificate"] {
        before.push((name, stage.get(&format!("secret/{name}")).await?));
    }
    for (name, secret) in [
        ("taken", "taken"),
        ("claims", "marked"),
        ("serves", "certificate"),
        ("thief", "orders"),
        ("shared", "till"),
    ] {
        let told = stage.stalled(name, "SecretConflict").await?;
        assert!(told.contains(&format!("Secret {secret}")), "{name}: {told}");
        assert!(told.contains("Set spec.secretName"), "{name}: {told}");
    }
    stage.sweeps(2).await?;
    for (name, before) in &before {
        let after = stage.get(&format!("secret/{name}")).await?;
        assert_eq!(version(&after), version(before), "{name} was written");
    }
    for name in ["taken", "claims", "serves", "thief"] {
        assert_eq!(stage.asked_of(name).len(), 0, "{name}");
    }
    goes_as_it_was_seen(&stage).await?;

    // Each heals by itself once its obstacle is gone.
    stage.delete("secret/taken").await?;
    stage.ready("taken").await?;
    stage.edit("shared", r#"{"secretName":null}"#).await?;
    let calm = |object: &Value| crate::stage::condition(object, "Stalled").is_none();
    stage.object("shared", "at rest", calm).await?;
    let after = complete(&stage, "shared").await?;
    assert_eq!(version(&after), version(&before[1].1));
    Ok(())
}

/// Its own goes once another has replaced it: that very one, and no other that
/// has taken its name since.
async fn goes_as_it_was_seen(stage: &Stage) -> Result<()> {
    let own = complete(stage, "moving").await?;
    stage.edit("moving", r#"{"secretName":"moved"}"#).await?;
    stage.gone("secret/moving").await?;
    let calls = stage.only().api.mutations();
    let delete = |call: &&Call| call.method == Method::DELETE && is_secret(call, "moving");
    let delete = calls.iter().find(delete).expect("a delete").text();
    let options: Value = serde_json::from_str(&delete).expect("JSON");
    let expected = json!({
        "uid": text_at(&own, "/metadata/uid"), "resourceVersion": version(&own),
    });
    assert_eq!(options["preconditions"], expected);
    Ok(())
}

fn refusal(status: StatusCode, reason: &str) -> Answer {
    Answer::kubernetes_failure(status, reason, "no peeping")
}

#[tokio::test]
async fn a_secret_that_seems_missing() -> Result<()> {
    let stage = Stage::with_states_alone().await?;
    let api = &stage.only().api;
    let forbidden = || refusal(StatusCode::FORBIDDEN, "Forbidden");
    let not_found = || refusal(StatusCode::NOT_FOUND, "NotFound");
    // It may hold the password of a database that somebody kept.
    let unseen = api.when(read_of("unseen")).answer(forbidden());
    let names = ["veiled", "stale", "phantom"];
    let all: String = names.iter().map(|name| database(name, &[])).collect();
    stage.apply(&(all + &database("unseen", &[])), &[]).await?;
    let mut before = Vec::new();
    for name in names {
        stage.ready(name).await?;
        before.push(complete(&stage, name).await?);
    }

    api.forget();
    let veil = api.when(read_of("veiled")).answer(forbidden());
    let once = api.when(read_of("stale")).once().answer(not_found());
    let ever = api.when(read_of("phantom")).answer(not_found());
    for name in names {
        stage.nudge(name).await?;
    }
    for name in ["veiled", "unseen"] {
        let object = stage
            .condition(name, "Stalled", |_, reason| reason == "AccessDenied")
            .await?;
        let told = said(&object, "Stalled");
        assert!(told.contains("cannot be read: no peeping"), "{told}");
    }
    let seen = |count| async move {
        match count {
            0 => Err(Error::Unexpected("not yet".to_owned())),
            _ => Ok(()),
        }
    };
    eventually("a read of stale", PATIENCE, || seen(once.hits())).await?;
    // The API server knows better, when it is to make it.
    let tries = |name: &str| {
        let text = format!("\"name\":\"{name}\"");
        let made = |call: &Call| {
            call.is_for("secrets") && call.method == Method::POST && call.text().contains(&text)
        };
        u64::try_from(api.count(made)).unwrap_or(u64::MAX)
    };
    eventually("a try to make phantom", PATIENCE, || seen(tries("phantom"))).await?;
    stage.sweeps(2).await?;
    for name in ["veiled", "stale", "unseen"] {
        assert_eq!(tries(name), 0, "{name} was to be made");
    }
    for (name, before) in names.iter().zip(&before) {
        let after = complete(&stage, name).await?;
        assert_eq!(version(&after), version(before), "{name} was written");
        assert_eq!(stage.asked_of(name).len(), 1, "{name}: created");
    }
    assert_eq!(stage.asked_of("unseen").len(), 0);
    let written = |call: &Call| call.method != Method::GET && is_secret(call, "unseen");
    assert_eq!(api.count(written), 0);

    for rule in [veil, ever, unseen] {
        rule.remove();
    }
    for name in ["veiled", "phantom", "unseen"] {
        let calm = |object: &Value| crate::stage::condition(object, "Stalled").is_none();
        stage.object(name, "at rest", calm).await?;
        stage.ready(name).await?;
    }
    terminating(&stage).await
}

/// The Secrets go before the databases do, and are not made anew.
async fn terminating(stage: &Stage) -> Result<()> {
    stage.end_namespace().await?;
    let reset = |call: &Call| call.action() == Some("ModifyDBInstance");
    assert_eq!(stage.only().rds.count(reset), 0, "a password was reset");
    Ok(())
}
