//! How a test looks at one object, its instance, and the calls made for both.
//!
//! Nothing here may assert what a test is about.

use std::collections::BTreeMap;
use std::io::Write;

use harness::{Call, Error, Result, eventually};
use serde_json::Value;

use crate::stage::{NAMESPACE, PATIENCE, Stage, condition};
use crate::sweep::{is_for, is_sweep};

/// A v1beta1 object; each line of the spec in YAML, `size: db.t4g.small`.
pub(crate) fn database(name: &str, spec: &[&str]) -> String {
    let spec = spec.iter().map(|line| format!("  {line}\n"));
    let spec = spec.collect::<Vec<_>>().concat();
    let spec = if spec.is_empty() {
        "  {}\n".to_owned()
    } else {
        spec
    };
    format!(
        "apiVersion: myob.com/v1beta1\nkind: PostgresDB\nmetadata:\n  name: {name}\nspec:\n{spec}---\n"
    )
}

/// What a condition says.
#[track_caller]
pub(crate) fn said(object: &Value, kind: &str) -> String {
    let message = condition(object, kind).and_then(|found| found["message"].as_str());
    message
        .unwrap_or_else(|| panic!("no condition {kind}: {object}"))
        .to_owned()
}

/// A text at a path such as `/metadata/uid`.
#[track_caller]
pub(crate) fn text_at<'a>(object: &'a Value, path: &str) -> &'a str {
    let found = object.pointer(path).and_then(Value::as_str);
    found.unwrap_or_else(|| panic!("no text at {path}: {object}"))
}

/// A call's parameters, but those that every call has and the identifier.
pub(crate) fn asked(call: &Call) -> BTreeMap<&str, &str> {
    let known = ["Action", "Version", "DBInstanceIdentifier"];
    call.form
        .iter()
        .map(|(key, value)| (key.as_str(), value.as_str()))
        .filter(|(key, _)| !known.contains(key))
        .collect()
}

impl Stage {
    /// The mutations that RDS was asked for about the object of this name, in
    /// their order.
    pub(crate) fn asked_of(&self, name: &str) -> Vec<Call> {
        let mut calls = self.only().rds.mutations();
        calls.retain(|call| is_for(call, name));
        calls
    }

    /// Those of one action.
    pub(crate) fn sent(&self, action: &str, name: &str) -> Vec<Call> {
        let mut calls = self.asked_of(name);
        calls.retain(|call| call.action() == Some(action));
        calls
    }

    /// Waits until so many further sweeps are over, and what follows from them.
    pub(crate) async fn sweeps(&self, count: usize) -> Result<()> {
        let rds = &self.only().rds;
        let finished = || rds.count(|call| is_sweep(call) && call.status.is_some());
        let enough = finished() + count + 1;
        eventually(format!("{count} sweeps"), PATIENCE, || async {
            finished() >= enough
        })
        .await
    }

    /// A merge patch of an object of the tests' namespace.
    pub(crate) async fn patch(&self, what: &str, patch: &str) -> Result<()> {
        let patch = ["patch", "-n", NAMESPACE, what, "--type=merge", "-p", patch];
        self.kubectl(&patch).await.map(drop)
    }

    /// A merge patch of a spec in v1beta1.
    pub(crate) async fn edit(&self, name: &str, spec: &str) -> Result<()> {
        let patch = format!("{{\"spec\":{spec}}}");
        self.patch(&format!("postgresdb/{name}"), &patch).await
    }

    /// Has the operator look at an object, and at its Secret.
    pub(crate) async fn nudge(&self, name: &str) -> Result<()> {
        let object = format!("postgresdb/{name}");
        let version = self.get(&object).await?;
        let version = text_at(&version, "/metadata/resourceVersion");
        let patch = format!("{{\"metadata\":{{\"annotations\":{{\"nudged\":\"{version}\"}}}}}}");
        self.patch(&object, &patch).await
    }

    /// Waits until an object satisfies, and returns it.
    pub(crate) async fn object(
        &self,
        name: &str,
        what: &str,
        satisfies: impl Fn(&Value) -> bool,
    ) -> Result<Value> {
        let found = eventually(format!("{name}: {what}"), PATIENCE, || async {
            let object = self.get(&format!("postgresdb/{name}")).await?;
            if satisfies(&object) {
                Ok(object)
            } else {
                let seen = (&object["metadata"]["generation"], &object["status"]);
                Err(Error::Unexpected(format!("{seen:?}")))
            }
        });
        found.await.map_err(|error| self.explain(&error))
    }

    /// Waits until the operator has judged the object as it is now.
    pub(crate) async fn judged(&self, name: &str) -> Result<Value> {
        self.object(name, "judged as it is", |object| {
            object["status"]["observedGeneration"] == object["metadata"]["generation"]
        })
        .await
    }

    /// Waits until an object is stalled for a reason, and returns its message.
    pub(crate) async fn stalled(&self, name: &str, reason: &str) -> Result<String> {
        let is_so = |status: &str, found: &str| status == "True" && found == reason;
        let object = self.condition(name, "Stalled", is_so).await?;
        Ok(said(&object, "Stalled"))
    }

    /// Whether the cluster has a `StorageVersionMigration` that is stable: a release
    /// before 1.37 has none, and what is shown of it is skipped there.
    pub(crate) async fn migrates_by_itself(&self) -> Result<bool> {
        let get = ["get", "--raw", "/apis/storagemigration.k8s.io/v1"];
        let there = self.cluster.kubectl(&get).await?.success();
        if !there {
            let skipped = "skipped: the cluster's own migration, which it has not\n";
            // Nobody may miss it, and nothing depends on its being read.
            let _ = std::io::stderr().write_all(skipped.as_bytes());
        }
        Ok(there)
    }

    /// Every database of the tests' namespace.
    pub(crate) async fn objects(&self) -> Result<Vec<Value>> {
        let get = ["get", "postgresdb", "-n", NAMESPACE, "-o", "json"];
        let mut list: Value = serde_json::from_str(&self.kubectl(&get).await?)
            .map_err(|error| Error::Unexpected(error.to_string()))?;
        Ok(match list["items"].take() {
            Value::Array(items) => items,
            _ => Vec::new(),
        })
    }

    /// Waits until there are so many databases, each Ready and at rest, and
    /// returns them.
    pub(crate) async fn fleet(&self, size: usize) -> Result<Vec<Value>> {
        let ready = eventually("the fleet", 3 * PATIENCE, || async {
            let objects = self.objects().await?;
            let at_rest = |object: &&Value| {
                condition(object, "Ready").is_some_and(|ready| ready["status"] == "True")
                    && condition(object, "Reconciling").is_none()
                    && condition(object, "Stalled").is_none()
                    && object["status"]["observedGeneration"] == object["metadata"]["generation"]
            };
            match objects.iter().filter(at_rest).count() {
                count if count == size && objects.len() == size => Ok(objects),
                count => Err(Error::Unexpected(format!(
                    "{count} of {} are ready",
                    objects.len()
                ))),
            }
        });
        ready.await.map_err(|error| self.explain(&error))
    }

    /// Deletes the tests' namespace, and waits for its end.
    pub(crate) async fn end_namespace(&self) -> Result<()> {
        let delete = ["delete", "namespace", NAMESPACE, "--wait=false"];
        self.kubectl(&delete).await?;
        let get = ["get", "namespace", NAMESPACE];
        let get = [&get[..], &["--ignore-not-found", "-o", "yaml"]].concat();
        let gone = eventually("the end of the namespace", PATIENCE, || async {
            match self.kubectl(&get).await?.as_str() {
                "" => Ok(()),
                there => Err(Error::Unexpected(there.to_owned())),
            }
        });
        gone.await.map_err(|error| self.explain(&error))
    }

    /// Waits until there is no such thing in the tests' namespace.
    pub(crate) async fn gone(&self, what: &str) -> Result<()> {
        let get = [
            "get",
            "-n",
            NAMESPACE,
            what,
            "--ignore-not-found",
            "-o",
            "name",
        ];
        let gone = eventually(format!("the end of {what}"), PATIENCE, || async {
            match self.kubectl(&get).await?.as_str() {
                "" => Ok(()),
                there => Err(Error::Unexpected(there.to_owned())),
            }
        });
        gone.await.map_err(|error| self.explain(&error))
    }

    /// Asks for an object's deletion, and does not wait for it.
    pub(crate) async fn delete(&self, what: &str) -> Result<()> {
        let delete = ["delete", "-n", NAMESPACE, what, "--wait=false"];
        self.kubectl(&delete).await.map(drop)
    }

    /// The Warning Events about an object, by reason, with their messages.
    pub(crate) async fn warnings(&self, name: &str) -> Result<Vec<(String, String)>> {
        let get = ["get", "events", "-n", NAMESPACE, "-o", "json"];
        let list: Value = serde_json::from_str(&self.kubectl(&get).await?)
            .map_err(|error| Error::Unexpected(error.to_string()))?;
        let events = list["items"].as_array().into_iter().flatten();
        let about = events
            .filter(|event| event["involvedObject"]["name"] == name && event["type"] == "Warning");
        Ok(about
            .map(|event| {
                let text = |key: &str| event[key].as_str().unwrap_or_default().to_owned();
                (text("reason"), text("message"))
            })
            .collect())
    }

    /// The identifier of an object's instance, for names that need no change.
    pub(crate) async fn identifier(&self, name: &str) -> Result<String> {
        let object = self.get(&format!("postgresdb/{name}")).await?;
        Ok(format!("{name}-{}", text_at(&object, "/metadata/uid")))
    }
}
