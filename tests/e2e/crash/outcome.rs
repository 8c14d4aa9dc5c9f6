//! What there must be in the end, whatever happened on the way: asked of the
//! API server and of RDS themselves, past the operator.

use std::collections::BTreeSet;

use harness::{Call, Error, Result, eventually};
use serde_json::Value;

use crate::stage::{NAMESPACE, PATIENCE, Stage, condition, decoded};

pub(crate) const FINALIZER: &str = "stow.myob.com/database";

/// An object that is asked for, and how it came to be what it is.
pub(crate) struct Subject {
    pub(crate) name: String,
    pub(crate) uid: String,
}

impl Subject {
    pub(crate) fn of(object: &Value) -> Self {
        let text = |key: &str| object["metadata"][key].as_str().unwrap_or_default();
        Self {
            name: text("name").to_owned(),
            uid: text("uid").to_owned(),
        }
    }

    pub(crate) fn identifier(&self) -> String {
        format!("{}-{}", self.name, self.uid)
    }
}

/// A database as the tests ask for one, in the hub version.
pub(crate) fn manifest(name: &str) -> String {
    format!(
        "---\napiVersion: myob.com/v1beta1\nkind: PostgresDB\nmetadata: {{name: {name}}}\nspec: {{size: db.t3.micro, storage: 20Gi}}\n"
    )
}

/// Whether one sends this action about that instance.
pub(crate) fn sends(call: &Call, action: &str, identifier: &str) -> bool {
    call.action() == Some(action) && call.parameter("DBInstanceIdentifier") == Some(identifier)
}

/// Asserts that the object is Ready and that everything is there once, by what
/// RDS was told. `what` says what happened on the way.
pub(crate) async fn created(
    stage: &Stage,
    name: &str,
    told: &[Call],
    what: &str,
) -> Result<Subject> {
    let object = stage.get(&format!("postgresdb/{name}")).await?;
    let subject = Subject::of(&object);
    let identifier = subject.identifier();
    assert_eq!(instances(stage, name).await?, [&*identifier], "{what}");
    assert_eq!(
        object["metadata"]["finalizers"],
        serde_json::json!([FINALIZER]),
        "{what}"
    );
    for kind in ["Stalled", "Reconciling"] {
        assert_eq!(condition(&object, kind), None, "{what}");
    }

    let secrets = secrets(stage, &subject).await?;
    let [secret] = secrets.as_slice() else {
        panic!("{what}: {} Secrets", secrets.len());
    };
    assert_eq!(secret["metadata"]["name"], name, "{what}");
    let annotations = secret["metadata"]["annotations"].as_object();
    let annotations: Vec<_> = annotations.iter().flat_map(|all| all.keys()).collect();
    let accepted = "stow.myob.com/accepted-password";
    assert_eq!(annotations, [accepted], "{what}: the password is RDS's");
    let password = decoded(secret, "DB_PASSWORD")?;
    let url = decoded(secret, "DATABASE_URL")?;
    assert!(url.contains(&password), "{what}");
    let login = stage.login_by(&url).await?.run("SELECT 1").await;
    login.map_err(|error| Error::Unexpected(format!("{what}: {error}")))?;

    let about = |call: &&Call| call.parameter("DBInstanceIdentifier") == Some(&*identifier);
    let passwords: BTreeSet<_> = told
        .iter()
        .filter(about)
        .filter_map(|call| call.parameter("MasterUserPassword"))
        .collect();
    assert_eq!(passwords, BTreeSet::from([&*password]), "{what}");
    let creates = told
        .iter()
        .filter(|call| sends(call, "CreateDBInstance", &identifier));
    assert_eq!(creates.count(), 1, "{what}: one create");
    Ok(subject)
}

/// Asserts that nothing is left of the object but one final snapshot, named
/// after when its deletion was asked for; waits for the garbage collector.
pub(crate) async fn deleted(
    stage: &Stage,
    subject: &Subject,
    deletion: &str,
    told: &[Call],
    what: &str,
) -> Result<()> {
    let identifier = subject.identifier();
    assert_eq!(instances(stage, &subject.name).await?, [""; 0], "{what}");
    let digits: String = deletion.chars().filter(char::is_ascii_digit).collect();
    let snapshot = format!("{identifier}-{digits}");
    let parameters = [
        ("DBInstanceIdentifier", &*identifier),
        ("SnapshotType", "manual"),
    ];
    let snapshots = stage
        .rds()
        .texts("DescribeDBSnapshots", &parameters, "DBSnapshotIdentifier")
        .await?;
    assert_eq!(snapshots, [snapshot], "{what}");
    let deletes = told
        .iter()
        .filter(|call| sends(call, "DeleteDBInstance", &identifier));
    assert_eq!(deletes.count(), 1, "{what}: one delete");
    eventually(format!("{what}: no Secret"), PATIENCE, || async {
        match secrets(stage, subject).await?.len() {
            0 => Ok(()),
            count => Err(Error::Unexpected(format!("{count} Secrets"))),
        }
    })
    .await
}

/// Asks for the deletion of an object; when, as the API server says.
pub(crate) async fn delete(stage: &Stage, name: &str) -> Result<String> {
    let path = format!("/apis/myob.com/v1beta1/namespaces/{NAMESPACE}/postgresdbs/{name}");
    let answer = stage.kubectl(&["delete", "--raw", &path]).await?;
    let object: Value = parsed(&answer)?;
    let when = object["metadata"]["deletionTimestamp"].as_str();
    when.map(str::to_owned).ok_or(Error::Unexpected(answer))
}

/// Waits until an object does not exist.
pub(crate) async fn gone(stage: &Stage, name: &str) -> Result<()> {
    let what = format!("postgresdb/{name}");
    let get = [
        "get",
        "-n",
        NAMESPACE,
        &what,
        "--ignore-not-found",
        "-o",
        "json",
    ];
    let gone = eventually(format!("{what} to be gone"), PATIENCE, || async {
        match stage.kubectl(&get).await?.as_str() {
            "" => Ok(()),
            status => Err(Error::Unexpected(status.to_owned())),
        }
    });
    gone.await.map_err(|error| stage.explain(&error))
}

/// Waits for an Event about an object whose message ends so.
pub(crate) async fn told(stage: &Stage, uid: &str, words: &str) -> Result<()> {
    let selector = format!("involvedObject.uid={uid}");
    let get = [
        "get",
        "events",
        "-n",
        NAMESPACE,
        "--field-selector",
        &selector,
        "-o",
        "json",
    ];
    eventually(format!("an Event: {words}"), PATIENCE, || async {
        let events = parsed(&stage.kubectl(&get).await?)?;
        let mut messages = items(events)
            .into_iter()
            .map(|event| event["message"].clone());
        let found = messages.any(|text| text.as_str().is_some_and(|text| text.contains(words)));
        let found = found.then_some(());
        found.ok_or(Error::Unexpected("it is not among them".to_owned()))
    })
    .await
}

/// The identifiers of the instances that might be those of an object.
async fn instances(stage: &Stage, name: &str) -> Result<Vec<String>> {
    let mut all = stage.instances("DBInstanceIdentifier").await?;
    all.retain(|identifier| identifier.starts_with(&format!("{name}-")));
    Ok(all)
}

async fn secrets(stage: &Stage, subject: &Subject) -> Result<Vec<Value>> {
    let all = stage
        .kubectl(&["get", "secrets", "-n", NAMESPACE, "-o", "json"])
        .await?;
    let mut all = items(parsed(&all)?);
    all.retain(|secret| secret["metadata"]["ownerReferences"][0]["uid"] == *subject.uid);
    Ok(all)
}

fn parsed(text: &str) -> Result<Value> {
    serde_json::from_str(text).map_err(|error| Error::Unexpected(format!("{error}: {text}")))
}

fn items(mut list: Value) -> Vec<Value> {
    match list["items"].take() {
        Value::Array(items) => items,
        _ => Vec::new(),
    }
}
