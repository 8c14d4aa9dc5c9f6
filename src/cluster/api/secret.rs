//! A database's Secret as Kubernetes has it: what is read of one, and what is
//! written.
//!
//! Nothing here may judge whose it is.

use std::collections::BTreeMap;

use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use kube::Resource;
use serde_json::{Map, Value, json};
use stow_versions::{GROUP, v1beta1};

use super::super::{PostgresDB, SecretRead};
use super::{STOW, note};
use crate::plan::{HeldSecret, Noted, SecretContent};

pub(super) const MANAGED_BY: &str = "app.kubernetes.io/managed-by";

/// Marks a Secret whose password RDS may not have been told.
const PASSWORD: &str = "stow.myob.com/password";
const PENDING: &str = "pending";

/// A Secret of this content that goes with its object.
pub(super) fn new(owner: &PostgresDB, content: &SecretContent) -> Secret {
    let mut secret = Secret {
        type_: Some("Opaque".to_owned()),
        data: Some(encoded(&content.data)),
        ..Secret::default()
    };
    secret.metadata.name = Some(content.name.clone());
    secret.metadata.labels = Some(BTreeMap::from([(MANAGED_BY.to_owned(), STOW.to_owned())]));
    secret.metadata.owner_references = owner.controller_owner_ref(&()).map(|mut reference| {
        // Nobody's deletion waits for the Secret.
        reference.block_owner_deletion = None;
        vec![reference]
    });
    if content.password_pending {
        secret.metadata.annotations =
            Some(BTreeMap::from([(PASSWORD.to_owned(), PENDING.to_owned())]));
    }
    secret
}

/// The merge patch that gives a Secret this content, if it is still as it was
/// read.
pub(super) fn patch(held: &HeldSecret, content: &SecretContent) -> Value {
    let mut annotations = Map::new();
    if content.password_pending || held.password_pending {
        let mark = content.password_pending.then_some(PENDING);
        annotations.insert(PASSWORD.to_owned(), json!(mark));
    }
    // One without a password leaves it, and the note, as they are.
    if let Some(password) = content.password()
        && !content.password_pending
    {
        let note = note::of(&held.uid, &password);
        annotations.insert(note::ANNOTATION.to_owned(), json!(note));
    }
    let mut metadata = json!({"uid": held.uid, "resourceVersion": held.resource_version});
    if !annotations.is_empty() {
        metadata["annotations"] = Value::Object(annotations);
    }
    json!({"metadata": metadata, "data": encoded(&content.data)})
}

impl From<Secret> for SecretRead {
    fn from(secret: Secret) -> Self {
        let metadata = secret.metadata;
        let annotation = |key: &str| metadata.annotations.as_ref()?.get(key).map(String::as_str);
        let data = secret.data.unwrap_or_default().into_iter();
        let mut held = HeldSecret {
            password_pending: annotation(PASSWORD) == Some(PENDING),
            noted: Noted::Nothing,
            name: metadata.name.clone().unwrap_or_default(),
            uid: metadata.uid.clone().unwrap_or_default(),
            resource_version: metadata.resource_version.clone().unwrap_or_default(),
            data: data
                .filter_map(|(key, ByteString(value))| Some((key, String::from_utf8(value).ok()?)))
                .collect(),
        };
        held.noted = note::read(annotation(note::ANNOTATION), &held);
        Self::Found {
            labelled: metadata
                .labels
                .iter()
                .flatten()
                .any(|(key, value)| key == MANAGED_BY && value == STOW),
            owners: metadata
                .owner_references
                .iter()
                .flatten()
                .filter(|owner| {
                    owner.kind == v1beta1::PostgresDB::kind(&())
                        && owner.api_version.split('/').next() == Some(GROUP)
                })
                .map(|owner| owner.uid.clone())
                .collect(),
            kind: secret.type_.unwrap_or_default(),
            held,
        }
    }
}

fn encoded(data: &BTreeMap<String, String>) -> BTreeMap<String, ByteString> {
    data.iter()
        .map(|(key, value)| (key.clone(), ByteString(value.clone().into_bytes())))
        .collect()
}
