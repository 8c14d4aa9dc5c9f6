//! The Secret: kept true, and its password the one that RDS has. That it is never
//! taken from somebody, `tenants` tests.

mod edits;
mod since_2017;

use harness::{Error, Result, eventually};
use http::Method;
use serde_json::{Value, json};

use crate::looks::{database, text_at};
use crate::stage::{NAMESPACE, PATIENCE, Stage, decoded};

const SPEC: [&str; 2] = ["size: db.t4g.small", "storage: 20Gi"];

/// The mark of a password that RDS may not have been told.
const MARK: &str = "/metadata/annotations/stow.myob.com~1password";

/// Waits until a Secret satisfies, and returns it.
async fn secret(
    stage: &Stage,
    name: &str,
    what: &str,
    satisfies: impl Fn(&Value) -> bool,
) -> Result<Value> {
    let found = eventually(format!("Secret {name}: {what}"), PATIENCE, || async {
        let secret = stage.get(&format!("secret/{name}")).await?;
        if satisfies(&secret) {
            Ok(secret)
        } else {
            Err(Error::Unexpected(format!("{secret}")))
        }
    });
    found.await.map_err(|error| stage.explain(&error))
}

/// Waits until a Secret can be connected with.
pub(crate) async fn complete(stage: &Stage, name: &str) -> Result<Value> {
    secret(stage, name, "complete", |secret| {
        secret["data"]["DATABASE_URL"].is_string() && secret.pointer(MARK).is_none()
    })
    .await
}

pub(crate) fn version(secret: &Value) -> &str {
    text_at(secret, "/metadata/resourceVersion")
}

/// A Secret as anybody may have made it.
pub(crate) fn opaque(name: &str, data: &[(&str, &str)]) -> String {
    let data = data
        .iter()
        .map(|(key, value)| format!("  {key}: \"{value}\"\n"));
    let data = data.collect::<Vec<_>>().concat();
    format!("apiVersion: v1\nkind: Secret\nmetadata:\n  name: {name}\nstringData:\n{data}---\n")
}

#[tokio::test]
async fn a_secret_is_renamed_restored_and_made_anew() -> Result<()> {
    let mut stage = Stage::running().await?;
    let names = [
        "renamed",
        "edited",
        "overwritten",
        "rewritten",
        "emptied",
        "lost",
    ];
    let all = names.map(|name| database(name, &SPEC));
    stage.apply(&all.concat(), &[]).await?;
    renamed(&stage).await?;
    edited(&stage).await?;
    overwritten(&stage).await?;
    for name in ["emptied", "lost"] {
        made_anew(&stage, name).await?;
    }
    rewritten(&stage, "told-at-once").await?;
    // One that starts anew has the Secret's own word alone.
    stage.replicas[0].operator.kill()?;
    stage.replicas[0].operator.wait(PATIENCE).await?;
    let old = rewrite(&stage, "told-after-all").await?;
    stage.only().rds.forget();
    stage.restart(0)?;
    told(&stage, "told-after-all", &old).await
}

/// The new one has the same password before the old one goes.
async fn renamed(stage: &Stage) -> Result<()> {
    stage.ready("renamed").await?;
    let before = stage.get("secret/renamed").await?;
    let api = &stage.only().api;
    api.forget();
    stage.edit("renamed", r#"{"secretName":"other"}"#).await?;
    stage.gone("secret/renamed").await?;
    let after = complete(stage, "other").await?;
    assert_eq!(after["data"], before["data"]);
    let writes = api.mutations();
    let of = |method: Method| {
        let found = writes
            .iter()
            .position(|call| call.is_for("secrets") && call.method == method);
        found.unwrap_or_else(|| panic!("no {method} in {writes:?}"))
    };
    assert!(of(Method::POST) < of(Method::DELETE));
    let object = stage
        .object("renamed", "bound to the other", |object| {
            object["status"]["binding"]["name"] == "other"
        })
        .await?;
    assert_eq!(object["spec"]["secretName"], "other");
    stage.ready("renamed").await?;
    assert_eq!(stage.sent("ModifyDBInstance", "renamed").len(), 0);
    stage.login("other").await?.run("SELECT 1").await?;
    Ok(())
}

/// What somebody took out or wrote over is put back, and RDS is not asked.
async fn edited(stage: &Stage) -> Result<()> {
    stage.ready("edited").await?;
    let before = complete(stage, "edited").await?;
    // "eA==" is x.
    let edit = r#"{"data":{"DB_HOST":null,"DB_PORT":"eA==","DATABASE_URL":"eA==","MINE":"eA=="}}"#;
    stage.patch("secret/edited", edit).await?;
    stage.nudge("edited").await?;
    let after = secret(stage, "edited", "restored", |secret| {
        ["DB_HOST", "DB_PORT", "DATABASE_URL"]
            .iter()
            .all(|key| secret["data"][key] == before["data"][key])
    })
    .await?;
    assert_eq!(after["data"]["DB_PASSWORD"], before["data"]["DB_PASSWORD"]);
    assert_eq!(
        after["data"]["MINE"], "eA==",
        "a key that Stow does not know"
    );
    stage.ready("edited").await?;
    assert_eq!(stage.sent("ModifyDBInstance", "edited").len(), 0);
    Ok(())
}

/// A password that somebody wrote is the one in use from then on: of what was
/// there before nothing is left but a URL.
async fn overwritten(stage: &Stage) -> Result<()> {
    stage.ready("overwritten").await?;
    let before = complete(stage, "overwritten").await?;
    stage.login("overwritten").await?.run("SELECT 1").await?;
    // "my-own-words"
    let edit = r#"{"data":{"DB_PASSWORD":"bXktb3duLXdvcmRz"}}"#;
    stage.patch("secret/overwritten", edit).await?;
    stage.nudge("overwritten").await?;
    let after = secret(stage, "overwritten", "settled", |secret| {
        let url = decoded(secret, "DATABASE_URL");
        secret.pointer(MARK).is_none() && url.is_ok_and(|url| url.contains(":my-own-words@"))
    })
    .await?;
    assert_eq!(decoded(&after, "DB_PASSWORD")?, "my-own-words");
    let calls = stage.sent("ModifyDBInstance", "overwritten");
    assert_eq!(calls.len(), 1, "{calls:?}");
    assert_eq!(
        calls[0].parameter("MasterUserPassword"),
        Some("my-own-words")
    );
    stage.ready("overwritten").await?;
    changed(stage, "overwritten", &before).await
}

/// Password and URL agree with each other, as in an older copy that is put
/// back, and RDS has neither.
async fn rewritten(stage: &Stage, password: &str) -> Result<()> {
    stage.ready("rewritten").await?;
    let old = rewrite(stage, password).await?;
    stage.only().rds.forget();
    stage.nudge("rewritten").await?;
    told(stage, password, &old).await
}

/// Returns the Secret as it was.
async fn rewrite(stage: &Stage, password: &str) -> Result<Value> {
    let old = complete(stage, "rewritten").await?;
    let url = decoded(&old, "DATABASE_URL")?;
    let before = decoded(&old, "DB_PASSWORD")?;
    let url = url.replace(&format!(":{before}@"), &format!(":{password}@"));
    let edit = json!({"stringData": {"DB_PASSWORD": password, "DATABASE_URL": url}});
    stage.patch("secret/rewritten", &edit.to_string()).await?;
    Ok(old)
}

async fn told(stage: &Stage, password: &str, old: &Value) -> Result<()> {
    let after = eventually(format!("{password} sent"), PATIENCE, || async {
        let calls = stage.sent("ModifyDBInstance", "rewritten");
        if calls.is_empty() {
            return Err(Error::Unexpected("not yet".to_owned()));
        }
        Ok((complete(stage, "rewritten").await?, calls))
    });
    let (secret, calls) = after.await.map_err(|error| stage.explain(&error))?;
    assert_eq!(calls.len(), 1, "{calls:?}");
    assert_eq!(calls[0].parameter("MasterUserPassword"), Some(password));
    assert_eq!(decoded(&secret, "DB_PASSWORD")?, password);
    stage.ready("rewritten").await?;
    changed(stage, "rewritten", old).await
}

/// A password that is nowhere any more is made anew, and RDS is told it.
async fn made_anew(stage: &Stage, name: &str) -> Result<()> {
    stage.ready(name).await?;
    let old = complete(stage, name).await?;
    let before = decoded(&old, "DB_PASSWORD")?;
    let what = format!("secret/{name}");
    if name == "lost" {
        stage.kubectl(&["delete", "-n", NAMESPACE, &what]).await?;
    } else {
        stage
            .patch(&what, r#"{"data":{"DB_PASSWORD":null}}"#)
            .await?;
    }
    stage.nudge(name).await?;
    let after = eventually(format!("a new password of {name}"), PATIENCE, || async {
        let secret = complete(stage, name).await?;
        let password = decoded(&secret, "DB_PASSWORD")?;
        if password.is_empty() || password == before {
            return Err(Error::Unexpected("not yet".to_owned()));
        }
        Ok((secret, password))
    });
    let (secret, password) = after.await?;
    let calls = stage.sent("ModifyDBInstance", name);
    assert_eq!(calls.len(), 1, "{name}: {calls:?}");
    assert_eq!(calls[0].parameter("MasterUserPassword"), Some(&*password));
    let url = decoded(&secret, "DATABASE_URL")?;
    assert!(url.contains(&format!(":{password}@")), "{name}");
    stage.ready(name).await?;
    changed(stage, name, &old).await
}

/// The database lets the Secret of now in, and the one of before no more.
async fn changed(stage: &Stage, name: &str, before: &Value) -> Result<()> {
    stage.login(name).await?.run("SELECT 1").await?;
    let refused = stage.login_by(&decoded(before, "DATABASE_URL")?).await;
    let said = refused.err().map(|error| error.to_string());
    let said = said.unwrap_or_else(|| panic!("{name}: the old password is let in"));
    assert!(said.contains("password authentication failed"), "{said}");
    Ok(())
}
