//! One Secret, edited in every odd way that the API server lets through: each
//! ends in one that applications can log in with, and RDS is told of passwords
//! alone.

use harness::{Error, Result, eventually};
use serde_json::{Value, json};

use super::{MARK, SPEC};
use crate::looks::{asked, database};
use crate::stage::{NAMESPACE, PATIENCE, Stage, decoded};

const NAME: &str = "edited";
const SECRET: &str = "secret/edited";

/// What somebody does to the Secret, and whether RDS hears of a password then.
fn edits() -> Vec<(&'static str, Value, bool)> {
    let long = "eHh4".repeat(20_000);
    let data = |data: Value| json!({ "data": data });
    vec![
        (
            "keys that are not text",
            data(json!({"DB_HOST": "//79", "DB_PORT": "gA==", "DATABASE_URL": "//79"})),
            false,
        ),
        (
            "keys that are empty",
            data(json!({"DB_HOST": "", "DB_NAME": "", "DB_USER": null, "DATABASE_URL": ""})),
            false,
        ),
        (
            "a URL that is none",
            // "://@:"
            data(json!({"DATABASE_URL": "Oi8vQDo="})),
            false,
        ),
        (
            "somebody's keys, large and odd",
            data(json!({"db_password": "eA==", "..data": null, "a.b-c_d": long.as_str()})),
            false,
        ),
        (
            "a mark that says nothing",
            json!({"metadata": {"annotations": {"stow.myob.com/password": "done"}}}),
            false,
        ),
        (
            "a mark that RDS may not have the password",
            json!({"metadata": {"annotations": {"stow.myob.com/password": "pending"}}}),
            // It has: this operator saw it accept it.
            false,
        ),
        (
            "finalizers and labels of somebody's",
            json!({"metadata": {"labels": {"team": "shop"}, "annotations": {"note": "\u{202e}"}}}),
            false,
        ),
        (
            "a password that is not text",
            data(json!({"DB_PASSWORD": "//79/A=="})),
            true,
        ),
        (
            "a password that is empty",
            data(json!({"DB_PASSWORD": ""})),
            true,
        ),
        (
            "a password of one's own",
            // "own.words~1"
            data(json!({"DB_PASSWORD": "b3duLndvcmRzfjE="})),
            true,
        ),
        ("nothing left", json!({"data": null}), true),
    ]
}

/// What makes it nobody's, and what makes it this object's again. One whose
/// owner does not exist is the garbage collector's, so that is left out.
fn estrangements(secret: &Value) -> Vec<(&'static str, Value, Value)> {
    let owners = &secret["metadata"]["ownerReferences"];
    let label = |by: Value| json!({"metadata": {"labels": {"app.kubernetes.io/managed-by": by}}});
    let owned = |by: Value| json!({"metadata": {"ownerReferences": by}});
    vec![
        ("no label", label(Value::Null), label(json!("stow"))),
        (
            "another's label",
            label(json!("Helm")),
            label(json!("stow")),
        ),
        ("no owner", owned(Value::Null), owned(owners.clone())),
    ]
}

#[tokio::test]
async fn a_secret_edited_in_any_way_ends_in_one_that_logs_in() -> Result<()> {
    let stage = Stage::running().await?;
    stage.apply(&database(NAME, &SPEC), &[]).await?;
    stage.ready(NAME).await?;
    let mut kept = sound(&stage, "made").await?;
    let mut told = 0;
    for (what, edit, tells) in edits() {
        stage.patch(SECRET, &edit.to_string()).await?;
        stage.nudge(NAME).await?;
        if tells {
            told += 1;
            eventually(format!("RDS to hear of {what}"), PATIENCE, || async {
                passwords(&stage).len() >= told
            })
            .await?;
        }
        let now = sound(&stage, what).await?;
        if !tells {
            for key in ["DB_HOST", "DB_PORT", "DB_NAME", "DB_USER", "DB_PASSWORD"] {
                assert_eq!(now["data"][key], kept["data"][key], "{what}: {key}");
            }
        }
        let passwords = passwords(&stage);
        assert_eq!(passwords.len(), told, "{what}");
        if let Some(last) = passwords.last() {
            assert_eq!(*last, decoded(&now, "DB_PASSWORD")?, "{what}");
        }
        kept = now;
    }
    for (what, edit, back) in estrangements(&kept) {
        stage.patch(SECRET, &edit.to_string()).await?;
        let before = stage.get(SECRET).await?;
        stage.nudge(NAME).await?;
        stage.stalled(NAME, "SecretConflict").await?;
        let after = stage.get(SECRET).await?;
        assert_eq!(after, before, "{what}: it was written");
        stage.patch(SECRET, &back.to_string()).await?;
        stage.nudge(NAME).await?;
        sound(&stage, what).await?;
    }
    frozen(&stage).await?;
    assert_eq!(passwords(&stage).len(), told + 1);
    let mut calls = stage.asked_of(NAME);
    assert_eq!(calls.remove(0).action(), Some("CreateDBInstance"));
    stage.login(NAME).await?.run("SELECT 1").await?;
    Ok(())
}

/// One that can be written no more is told of, and made anew once it is gone.
async fn frozen(stage: &Stage) -> Result<()> {
    let edit = r#"{"immutable":true,"data":{"DB_HOST":null}}"#;
    stage.patch(SECRET, edit).await?;
    stage.nudge(NAME).await?;
    let object = stage
        .condition(NAME, "Stalled", |status, _| status == "True")
        .await?;
    let message = crate::looks::said(&object, "Stalled");
    assert!(message.contains("immutable"), "{message}");
    stage.kubectl(&["delete", "-n", NAMESPACE, SECRET]).await?;
    stage.nudge(NAME).await?;
    sound(stage, "made anew").await.map(drop)
}

/// The Secret, once it is all that an application needs, and the object says so.
async fn sound(stage: &Stage, what: &str) -> Result<Value> {
    let found = eventually(format!("a sound Secret after {what}"), PATIENCE, || async {
        let secret = stage.get(SECRET).await?;
        if is_sound(&secret).is_some_and(|sound| sound) {
            Ok(secret)
        } else {
            Err(Error::Unexpected(format!("{secret:.2000}")))
        }
    });
    let secret = found.await.map_err(|error| stage.explain(&error))?;
    stage.ready(NAME).await?;
    Ok(secret)
}

fn is_sound(secret: &Value) -> Option<bool> {
    let text = |key| {
        let text = decoded(secret, key).ok();
        text.filter(|text| !text.is_empty())
    };
    let (user, password) = (text("DB_USER")?, text("DB_PASSWORD")?);
    let (host, port, name) = (text("DB_HOST")?, text("DB_PORT")?, text("DB_NAME")?);
    let url = format!("postgres://{user}:{password}@{host}:{port}/{name}?sslmode=require");
    let mark = secret.pointer(MARK).and_then(Value::as_str);
    Some(text("DATABASE_URL")? == url && mark != Some("pending"))
}

/// The passwords that RDS was told, and that it was told nothing else.
fn passwords(stage: &Stage) -> Vec<String> {
    let calls = stage.sent("ModifyDBInstance", NAME);
    let told = calls.iter().map(|call| {
        let mut asked = asked(call);
        asked.remove("ApplyImmediately");
        let password = asked.remove("MasterUserPassword");
        assert!(asked.is_empty(), "{asked:?}");
        password.expect("a password").to_owned()
    });
    told.collect()
}
