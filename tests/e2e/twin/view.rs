//! What came of an apply, in the terms of v1beta1, so that two definitions can be
//! compared.
//!
//! Nothing here may judge a difference.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use harness::{Error, Result};
use serde_json::Value;
use stow_versions::convert::convert;

use super::HUB;
use super::cases::Case;

/// What came of an apply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It was taken.
    Taken {
        /// The spec thereafter, if there is one.
        spec: Option<Value>,
        /// Which fields of the spec each manager owns.
        owners: BTreeMap<String, BTreeSet<String>>,
    },
    /// Others own these fields, and say otherwise.
    Conflict(BTreeSet<String>),
    /// It was refused, for what stands at these fields.
    Refused(BTreeSet<String>),
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Taken { spec: None, owners } => write!(f, "no spec, owned by {owners:?}"),
            Self::Taken {
                spec: Some(spec),
                owners,
            } => write!(f, "{spec}, owned by {owners:?}"),
            Self::Conflict(fields) => write!(f, "a conflict at {fields:?}"),
            Self::Refused(fields) => write!(f, "refused at {fields:?}"),
        }
    }
}

impl Outcome {
    /// Whether it was refused for one field alone.
    pub(super) fn refused_at(&self, field: &str) -> bool {
        matches!(self, Self::Refused(fields) if is_only(fields, field))
    }

    /// Whether it is a conflict at one field alone.
    pub(super) fn conflicts_at(&self, field: &str) -> bool {
        matches!(self, Self::Conflict(fields) if is_only(fields, field))
    }

    /// The storage type that stands thereafter; nothing where it was refused.
    pub(super) fn storage_type(&self) -> Option<&Value> {
        match self {
            Self::Taken { spec, .. } => {
                Some(spec.as_ref()?.get("storageType").unwrap_or(&Value::Null))
            }
            Self::Conflict(_) | Self::Refused(_) => None,
        }
    }

    /// Reads the object that an apply returned.
    ///
    /// Nobody owns a storage type that is derived, nor is it compared but where the
    /// case is about it.
    pub(super) fn taken(object: Value, case: &Case) -> Result<Self> {
        let owners = owners(&object);
        let mut hub = convert(object, HUB).map_err(|error| Error::Unexpected(error.to_string()))?;
        if !case.of_derived
            && let Some(spec) = hub.get_mut("spec").and_then(Value::as_object_mut)
        {
            spec.remove("storageType");
        }
        Ok(Self::Taken {
            spec: hub.get("spec").cloned(),
            owners,
        })
    }

    /// Reads a refusal.
    pub(super) fn refused(status: &kube::core::Status) -> Self {
        let causes = status.details.iter().flat_map(|details| &details.causes);
        // One that names no field says that further rules were not looked at.
        let fields = causes
            .map(|cause| hub_path(cause.field.trim_start_matches('.')))
            .filter(|field| field != "<nil>");
        match status.reason.as_str() {
            "Conflict" => Self::Conflict(fields.collect()),
            _ => Self::Refused(fields.collect()),
        }
    }
}

fn is_only(fields: &BTreeSet<String>, field: &str) -> bool {
    fields.len() == 1 && fields.contains(field)
}

/// Which fields of the spec each manager of the test owns by apply.
fn owners(object: &Value) -> BTreeMap<String, BTreeSet<String>> {
    let entries = object["metadata"]["managedFields"].as_array();
    let mut owners = BTreeMap::new();
    for entry in entries.into_iter().flatten() {
        if entry["operation"] != "Apply" {
            continue;
        }
        let mut fields = BTreeSet::new();
        paths(&entry["fieldsV1"]["f:spec"], "spec", &mut fields);
        fields.remove("spec.storageType");
        // One who owns nothing may as well not be there.
        if fields.is_empty() {
            continue;
        }
        let manager = entry["manager"].as_str().unwrap_or_default();
        owners.insert(manager.to_owned(), fields);
    }
    owners
}

fn paths(fields: &Value, path: &str, found: &mut BTreeSet<String>) {
    let Some(fields) = fields.as_object() else {
        return;
    };
    if fields.is_empty() {
        found.insert(hub_path(path));
    }
    for (name, inner) in fields {
        match name.strip_prefix("f:") {
            Some(name) => paths(inner, &format!("{path}.{name}"), found),
            // That the map itself is owned.
            None => drop(found.insert(hub_path(path))),
        }
    }
}

/// A path of either version as v1beta1 has it.
fn hub_path(path: &str) -> String {
    match path {
        "spec.ha" => "spec.multiAZ".to_owned(),
        path => path.to_owned(),
    }
}
