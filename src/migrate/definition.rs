//! The CRD, as far as a migration depends on it.
//!
//! Nothing here may talk to a cluster.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};
use stow_versions::{HUB, SPOKE};

use crate::untyped::entries;

/// How long after a change of the CRD every API server goes by it: so long do they
/// themselves wait for one another before they serve a new one. And a second more,
/// since the times that are compared know no less.
const SETTLED: Duration = Duration::from_secs(5 + 1);

/// A CRD under which a migration is safe.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Definition {
    uid: Value,
    generation: Value,
    /// Whether objects can be read in the old version, which takes the webhook.
    pub(super) serves_old: bool,
    /// The versions that objects may be stored in.
    pub(super) stored: Vec<String>,
    /// When somebody last changed more than its status, if that can be told.
    changed: Option<Timestamp>,
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
            changed: changed(crd),
        })
    }

    /// How long to wait until every API server goes by this state of the CRD, by
    /// what time it is at one of them.
    pub(super) fn unsettled(&self, now: Option<Timestamp>) -> Duration {
        let (Some(changed), Some(now)) = (self.changed, now) else {
            return SETTLED;
        };
        let age = now.duration_since(changed);
        match Duration::try_from(age) {
            Ok(age) => SETTLED.saturating_sub(age),
            // One of their clocks is wrong.
            Err(_) => SETTLED,
        }
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

/// When somebody last changed more of the CRD than its status, as managedFields say.
fn changed(crd: &Value) -> Option<Timestamp> {
    let spec = entries(crd).filter(|entry| entry["subresource"] != "status");
    let times = spec.filter_map(|entry| entry["time"].as_str()?.parse().ok());
    times.max()
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

    #[test]
    fn a_definition_that_changed_just_now_is_waited_for() {
        let at = |second: i64| Timestamp::from_second(1_800_000_000 + second).unwrap();
        let entry = |second: i64, subresource: &str| json!({"time": at(second).to_string(), "subresource": subresource});
        let mut crd = crd();
        let unsettled = |crd: &Value, now| Definition::of(crd).unwrap().unsettled(now);
        assert_eq!(unsettled(&crd, Some(at(0))), SETTLED, "nothing says when");
        crd["metadata"]["managedFields"] =
            json!([entry(-100, ""), entry(0, ""), entry(50, "status"), {}]);
        assert_eq!(unsettled(&crd, None), SETTLED);
        for (second, left) in [(-60, 6), (0, 6), (2, 4), (6, 0), (1000, 0)] {
            let left = Duration::from_secs(left);
            assert_eq!(unsettled(&crd, Some(at(second))), left, "{second}");
        }
    }
}
