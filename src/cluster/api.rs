//! [`Cluster`] on kube.
//!
//! Nothing here may decide on a retry: the caller observes again. That kube's
//! client repeats what the API server was too busy for is no harm: no write does
//! more where it is made twice.

mod note;
mod pin;
mod secret;

use std::collections::BTreeMap;
use std::future::Future;
use std::time::Duration;

use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use kube::api::{DeleteParams, Patch, PatchParams, PostParams, Preconditions};
use kube::runtime::events::{Event as KubeEvent, EventType, Recorder};
use kube::runtime::reflector::{ObjectRef, Store};
use kube::{Api, Client, Resource, ResourceExt};
use serde_json::{Value, json};
use stow_versions::FINALIZER;
use stow_versions::status::PostgresDBStatus;
use tokio::time::timeout;

use crate::chain::Chain;
use crate::complaint::unreadable;
use crate::events::recorder;
use crate::plan::{HeldSecret, SecretContent};

use super::{Cluster, Error, Event, Kept, Neighbour, PostgresDB, SecretRead, is_secret_name};

/// The field manager of all that the operator writes, and whom Events are from.
const STOW: &str = "stow";

/// How long one call may take: kube sets no bound, and an API server that went
/// away without a word would hold its object for ever.
const PATIENCE: Duration = Duration::from_secs(15);

/// The API server's limit for an Event's note, in bytes.
const NOTE: usize = 1024;

/// Kubernetes by its API server.
#[derive(Clone)]
pub struct KubeCluster {
    client: Client,
    recorder: Recorder,
    config_map: Store<ConfigMap>,
    config_map_ref: ObjectRef<ConfigMap>,
    objects: Store<PostgresDB>,
}

impl KubeCluster {
    /// `config_map` is a store that a watch of the operator's ConfigMap feeds,
    /// `objects` one that a watch of every object does; `instance` names this replica in Events.
    pub fn new(
        client: Client,
        config_map: Store<ConfigMap>,
        config_map_ref: ObjectRef<ConfigMap>,
        objects: Store<PostgresDB>,
        instance: &str,
    ) -> Self {
        let recorder = recorder(client.clone(), instance);
        Self {
            client,
            recorder,
            config_map,
            config_map_ref,
            objects,
        }
    }

    fn objects(&self, namespace: &str) -> Api<PostgresDB> {
        Api::namespaced(self.client.clone(), namespace)
    }

    /// Of the operator's own namespace.
    fn config_maps(&self) -> Api<ConfigMap> {
        let namespace = self.config_map_ref.namespace.as_deref().unwrap_or_default();
        Api::namespaced(self.client.clone(), namespace)
    }

    fn secrets(&self, namespace: &str) -> Api<Secret> {
        Api::namespaced(self.client.clone(), namespace)
    }
}

impl Cluster for KubeCluster {
    async fn fetch(&self, namespace: &str, name: &str) -> Result<Option<PostgresDB>, Error> {
        let what = format!("reading postgresdb {namespace}/{name}");
        timed(what, self.objects(namespace).get_opt(name)).await
    }

    async fn set_finalizer(&self, object: &PostgresDB, present: bool) -> Result<PostgresDB, Error> {
        let mut finalizers = object.metadata.finalizers.clone().unwrap_or_default();
        finalizers.retain(|finalizer| finalizer != FINALIZER);
        if present {
            finalizers.push(FINALIZER.to_owned());
        }
        // A merge patch, since a server-side apply fails on an object that
        // holds a value of a wrong type.
        let patch = json!({"metadata": {
            "finalizers": finalizers,
            "uid": object.metadata.uid,
            "resourceVersion": object.metadata.resource_version,
        }});
        let name = object.name_any();
        let namespace = object.namespace().unwrap_or_default();
        let what = format!("writing the finalizer of postgresdb {namespace}/{name}");
        let (params, patch) = (by_stow(), Patch::Merge(patch));
        timed(what, self.objects(&namespace).patch(&name, &params, &patch)).await
    }

    async fn set_status(
        &self,
        object: &PostgresDB,
        status: &PostgresDBStatus,
    ) -> Result<PostgresDB, Error> {
        let name = object.name_any();
        let namespace = object.namespace().unwrap_or_default();
        let what = || format!("writing the status of postgresdb {namespace}/{name}");
        let value = |status: &PostgresDBStatus| {
            serde_json::to_value(status).map_err(|error| Error::Invalid {
                what: what(),
                message: error.to_string(),
            })
        };
        let patch = json!({
            "metadata": {"uid": object.metadata.uid},
            "status": merge_patch(&value(&object.status)?, value(status)?),
        });
        let (params, patch) = (by_stow(), Patch::Merge(patch));
        let objects = self.objects(&namespace);
        timed(what(), objects.patch_status(&name, &params, &patch)).await
    }

    async fn secret(&self, namespace: &str, name: &str) -> Result<SecretRead, Error> {
        // A name comes from specs and statuses that anybody may have written, and
        // becomes part of a URL: `..` and `/` would lead to another namespace.
        if !is_secret_name(name) {
            return Ok(SecretRead::Missing);
        }
        let what = format!("reading Secret {namespace}/{name}");
        let secret = timed(what, self.secrets(namespace).get_opt(name)).await?;
        Ok(secret.map_or(SecretRead::Missing, SecretRead::from))
    }

    async fn create_secret(
        &self,
        owner: &PostgresDB,
        content: &SecretContent,
    ) -> Result<(), Error> {
        let namespace = owner.namespace().unwrap_or_default();
        let secret = secret::new(owner, content);
        let params = PostParams {
            field_manager: Some(STOW.to_owned()),
            ..PostParams::default()
        };
        let what = format!("creating Secret {namespace}/{}", content.name);
        timed(what, self.secrets(&namespace).create(&params, &secret))
            .await
            .map(drop)
    }

    async fn update_secret(
        &self,
        namespace: &str,
        held: &HeldSecret,
        content: &SecretContent,
    ) -> Result<(), Error> {
        let what = format!("writing Secret {namespace}/{}", held.name);
        let patch = Patch::Merge(secret::patch(held, content));
        timed(
            what,
            self.secrets(namespace)
                .patch(&held.name, &by_stow(), &patch),
        )
        .await
        .map(drop)
    }

    async fn delete_secret(&self, namespace: &str, held: &HeldSecret) -> Result<(), Error> {
        let preconditions = Preconditions {
            uid: Some(held.uid.clone()),
            resource_version: Some(held.resource_version.clone()),
        };
        let params = DeleteParams::default().preconditions(preconditions);
        let what = format!("deleting Secret {namespace}/{}", held.name);
        timed(what, self.secrets(namespace).delete(&held.name, &params))
            .await
            .map(drop)
    }

    async fn publish(&self, object: &PostgresDB, event: &Event) -> Result<(), Error> {
        let kube_event = KubeEvent {
            type_: if event.warning {
                EventType::Warning
            } else {
                EventType::Normal
            },
            reason: event.reason.clone(),
            note: Some(cut(&event.note, NOTE)),
            action: event.action.clone(),
            secondary: None,
        };
        let what = format!("publishing an Event about postgresdb {}", object.name_any());
        timed(
            what,
            self.recorder.publish(&kube_event, &object.object_ref(&())),
        )
        .await
    }

    fn config_map(&self) -> Option<BTreeMap<String, String>> {
        let config_map = self.config_map.get(&self.config_map_ref)?;
        Some(config_map.data.clone().unwrap_or_default())
    }

    fn neighbours(&self, namespace: &str, uid: &str) -> Vec<Neighbour> {
        let all = self.objects.state();
        let others = all.iter().filter(|object| {
            let metadata = &object.metadata;
            metadata.namespace.as_deref() == Some(namespace) && metadata.uid.as_deref() != Some(uid)
        });
        others.map(|object| object.as_neighbour()).collect()
    }

    async fn identity(&self) -> Result<Option<Kept>, Error> {
        pin::read(&self.config_maps()).await
    }

    async fn pin_identity(
        &self,
        data: &BTreeMap<String, String>,
        over: Option<&str>,
    ) -> Result<(), Error> {
        pin::write(&self.config_maps(), data, over).await
    }
}

/// A text within a limit of bytes.
fn cut(text: &str, limit: usize) -> String {
    text[..text.floor_char_boundary(limit)].to_owned()
}

/// What a call came to, within [`PATIENCE`].
async fn timed<T, E: Into<kube::Error>>(
    what: String,
    call: impl Future<Output = Result<T, E>>,
) -> Result<T, Error> {
    let Ok(outcome) = timeout(PATIENCE, call).await else {
        let message = format!("no answer within {} s", PATIENCE.as_secs());
        return Err(Error::Unavailable { what, message });
    };
    outcome.map_err(|error| classify(what, error.into()))
}

fn by_stow() -> PatchParams {
    PatchParams {
        field_manager: Some(STOW.to_owned()),
        ..PatchParams::default()
    }
}

/// `to`, with a null for each key that only `from` has: a merge patch that
/// leaves nothing of the old value behind.
fn merge_patch(from: &Value, to: Value) -> Value {
    let (Value::Object(from), Value::Object(mut to)) = (from, to.clone()) else {
        return to;
    };
    for (key, old) in from {
        match to.get_mut(key) {
            None => {
                to.insert(key.clone(), Value::Null);
            }
            Some(new) => *new = merge_patch(old, new.take()),
        }
    }
    Value::Object(to)
}

fn classify(what: String, error: kube::Error) -> Error {
    match error {
        kube::Error::Api(status) if status.is_conflict() || status.is_already_exists() => {
            Error::Conflict { what }
        }
        kube::Error::Api(status) if status.is_not_found() => Error::NotFound { what },
        kube::Error::Api(status) if status.is_forbidden() => Error::Forbidden {
            what,
            message: status.message.clone(),
        },
        kube::Error::Api(status) if status.code == 422 || status.code == 400 => Error::Invalid {
            what,
            message: status.message.clone(),
        },
        kube::Error::SerdeError(error) => Error::Unavailable {
            what,
            message: unreadable(&error),
        },
        error => Error::Unavailable {
            what,
            message: Chain(&error).to_string(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_merge_patch_leaves_nothing_of_the_old_status() {
        let from = json!({"ready": "creating", "endpoint": {"address": "a", "port": 1}, "pending": [1, 2]});
        let to = json!({"arn": "x", "endpoint": {"address": "b"}, "pending": [3]});
        assert_eq!(
            merge_patch(&from, to),
            json!({"ready": null, "arn": "x", "endpoint": {"address": "b", "port": null}, "pending": [3]}),
        );
    }
}
