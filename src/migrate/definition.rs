//! The CRD, as far as a migration depends on it.
//!
//! Nothing here may talk to a cluster.

use serde_json::{Value, json};
use stow_versions::{HUB, SPOKE};

/// A CRD under which a migration is safe.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Definition {
    uid: Value,
    generation: Value,
    /// Whether objects can be read in the old version, which takes the webhook.
    pub(super) serves_old: bool,
    /// The versions that objects may be stored in.
    pub(super) stored: Vec<String>,
}

/// Why the CRD is not ready to be migrated under, and what to do.
#[derive(Debug, PartialEq, thiserror::Error)]
pub(super) enum Unready {
    #[error("{HUB} is not the storage version, {0} is: apply yaml/crd.yaml of this release")]
    Storage(String),
    #[error(
        "its conversion strategy is {0}, under which fields get lost: apply yaml/crd.yaml, and \
         have `stow run` serve the webhook"
    )]
    Strategy(String),
    #[error(
        "its webhook has no caBundle yet: have `stow run` serve it, which publishes its \
         certificate authority there"
    )]
    NoBundle,
}

impl Definition {
    pub(super) fn of(crd: &Value) -> Result<Self, Unready> {
        let spec = &crd["spec"];
        let versions = spec["versions"].as_array().map_or(&[][..], Vec::as_slice);
        let name = |version: &Value| version["name"].as_str().unwrap_or_default().to_owned();
        let storage = versions.iter().find(|version| version["storage"] == true);
        match storage.map(name) {
            Some(storage) if storage == HUB => {}
            other => return Err(Unready::Storage(other.unwrap_or_else(|| "none".to_owned()))),
        }
        let old = versions.iter().find(|version| version["name"] == SPOKE);
        if old.is_some() {
            let conversion = &spec["conversion"];
            match conversion["strategy"].as_str().unwrap_or("None") {
                "Webhook" => {}
                other => return Err(Unready::Strategy(other.to_owned())),
            }
            let bundle = conversion["webhook"]["clientConfig"]["caBundle"].as_str();
            if bundle.unwrap_or_default().is_empty() {
                return Err(Unready::NoBundle);
            }
        }
        Ok(Self {
            uid: crd["metadata"]["uid"].clone(),
            generation: crd["metadata"]["generation"].clone(),
            serves_old: old.is_some_and(|version| version["served"] == true),
            stored: stored(crd),
        })
    }

    /// Whether the storage version is the only one that objects may be stored in.
    pub(super) fn is_alone(&self) -> bool {
        self.stored == [HUB]
    }

    /// Whether another state of the CRD is the one that was migrated under: what
    /// versions there are, and how they convert, is in its generation.
    pub(super) fn stands_in(&self, later: &Self) -> bool {
        self.uid == later.uid && self.generation == later.generation
    }
}

/// Whether objects may be stored in another version than the storage version,
/// whichever that is.
pub(super) fn is_due(crd: &Value) -> bool {
    let versions = crd["spec"]["versions"].as_array();
    let storage = versions
        .into_iter()
        .flatten()
        .find(|version| version["storage"] == true);
    stored(crd)
        .iter()
        .any(|stored| storage.is_some_and(|storage| storage["name"] != stored.as_str()))
}

/// The merge patch of `/status` that drops every version but the storage version,
/// if nothing of the CRD has changed since it was read.
pub(super) fn dropped(crd: &Value) -> Value {
    json!({
        "metadata": {
            "uid": crd["metadata"]["uid"],
            "resourceVersion": crd["metadata"]["resourceVersion"],
        },
        "status": {"storedVersions": [HUB]},
    })
}

/// The versions that objects may be stored in.
pub(super) fn stored(crd: &Value) -> Vec<String> {
    let stored = crd["status"]["storedVersions"].as_array();
    let names = stored.into_iter().flatten().filter_map(Value::as_str);
    names.map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn crd() -> Value {
        json!({
            "metadata": {"uid": "u", "generation": 4, "resourceVersion": "9"},
            "spec": {
                "versions": [
                    {"name": "v1beta1", "served": true, "storage": true},
                    {"name": "v1alpha1", "served": true, "storage": false},
                ],
                "conversion": {"strategy": "Webhook",
                    "webhook": {"clientConfig": {"caBundle": "Q0E="}}},
            },
            "status": {"storedVersions": ["v1alpha1", "v1beta1"]},
        })
    }

    fn with(pointer: &str, value: Value) -> Value {
        let mut crd = crd();
        *crd.pointer_mut(pointer).unwrap() = value;
        crd
    }

    #[test]
    fn only_a_definition_that_converts_is_migrated_under() {
        assert!(Definition::of(&crd()).is_ok());
        let bundle = "/spec/conversion/webhook/clientConfig/caBundle";
        for (spoilt, why) in [
            (
                with("/spec/versions/0/storage", json!(false)),
                Unready::Storage("none".into()),
            ),
            (
                with("/spec/versions/0/name", json!("v1")),
                Unready::Storage("v1".into()),
            ),
            (
                with("/spec/conversion", json!({"strategy": "None"})),
                Unready::Strategy("None".into()),
            ),
            (
                with("/spec/conversion", json!(null)),
                Unready::Strategy("None".into()),
            ),
            (with(bundle, json!("")), Unready::NoBundle),
            (with(bundle, json!(null)), Unready::NoBundle),
        ] {
            assert_eq!(Definition::of(&spoilt), Err(why));
        }
        // One version needs no conversion.
        let mut alone = with("/spec/conversion", json!({"strategy": "None"}));
        alone["spec"]["versions"]
            .as_array_mut()
            .unwrap()
            .truncate(1);
        assert!(Definition::of(&alone).is_ok_and(|alone| !alone.serves_old));
    }

    #[test]
    fn what_was_migrated_under_one_definition_says_nothing_of_another() {
        let before = Definition::of(&crd()).unwrap();
        let status = with("/status/storedVersions", json!(["v1beta1"]));
        assert!(before.stands_in(&Definition::of(&status).unwrap()));
        for (pointer, value) in [
            ("/metadata/generation", json!(5)),
            ("/metadata/uid", json!("v")),
        ] {
            let after = Definition::of(&with(pointer, value)).unwrap();
            assert!(!before.stands_in(&after), "{pointer}");
        }
    }

    #[test]
    fn a_migration_is_due_while_another_version_may_be_stored() {
        assert!(is_due(&crd()));
        assert!(!is_due(&with("/status/storedVersions", json!(["v1beta1"]))));
        let mut back = with("/spec/versions/0/storage", json!(false));
        back["spec"]["versions"][1]["storage"] = json!(true);
        assert!(is_due(&back), "a way back is one too");
        assert!(!is_due(&json!({})));
    }
}
