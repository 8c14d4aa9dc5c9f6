//! What no annotation keeps is either told or needs none.

use proptest::prelude::*;
use serde_json::{Map, Value, json};
use stow_versions::convert::{forget, unsaid};

use crate::cases;
use crate::generate::{hub, malformed_hub, malformed_spoke, spoke};
use crate::objects::{HUB, SPOKE, down, up};

fn names(object: &Value) -> Vec<String> {
    let fields = object.get("spec").and_then(Value::as_object);
    fields
        .map(Map::keys)
        .into_iter()
        .flatten()
        .cloned()
        .collect()
}

fn without_annotations(mut object: Value) -> Value {
    forget(&mut object);
    object
}

/// An object without what is told of it.
fn trimmed(mut object: Value, desired: &str) -> Option<Value> {
    for _ in 0..8 {
        let all = unsaid(&object, desired);
        if all.is_empty() {
            return Some(object);
        }
        for it in all {
            let (place, name) = match it.field.strip_prefix("spec.") {
                Some(path) => ("/spec", path.split('.').next()),
                None if it.field == "spec" => ("", Some("spec")),
                None => ("/metadata/annotations", it.field.split(['[', ']']).nth(1)),
            };
            let Some(fields) = object.pointer_mut(place).and_then(Value::as_object_mut) else {
                continue;
            };
            fields.remove(name?);
            if it.field == "spec.storageType" {
                fields.retain(|name, _| name != "storage" && name != "iops");
            }
        }
    }
    None
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn a_spoke_of_which_nothing_is_told_needs_no_annotation(x in prop_oneof![spoke(), malformed_spoke()]) {
        let x = trimmed(x, HUB).expect("something is left");
        let there = without_annotations(up(&x));
        let back = down(&there);
        for name in names(&x) {
            prop_assert!(names(&back).contains(&name), "{} of {}", name, back);
        }
        let (again, first) = (up(&back), &there);
        prop_assert_eq!(again.get("spec"), first.get("spec"));
    }

    #[test]
    fn a_hub_of_which_nothing_is_told_needs_no_annotation(x in prop_oneof![hub(), malformed_hub()]) {
        let x = trimmed(x, SPOKE).expect("something is left");
        let there = without_annotations(down(&x));
        let back = up(&there);
        prop_assert_eq!(names(&back), names(&x));
        let (again, first) = (down(&back), &there);
        prop_assert_eq!(again.get("spec"), first.get("spec"));
    }
}

/// A spec, annotations, and the first field that is told of them, with whether an
/// annotation would keep it.
type Row = (Value, Value, Option<(&'static str, bool)>);

fn assert_told(version: &str, other: &str, rows: Vec<Row>) {
    for (spec, annotations, expected) in rows {
        let object = json!({"apiVersion": version, "kind": "PostgresDB",
            "metadata": {"name": "a", "annotations": annotations}, "spec": spec});
        let told = unsaid(&object, other);
        let first = told.first().map(|it| (it.field.as_str(), it.is_kept()));
        assert_eq!(first, expected, "{object}");
    }
}

#[test]
fn each_reason_of_a_spoke_is_told() {
    let none = || json!({});
    let policy = |text: &str| json!({"hub.stow.myob.com/deletionPolicy": text});
    let annotation = "metadata.annotations[hub.stow.myob.com/deletionPolicy]";
    let spelled = json!({"size": "a", "storage": 20, "iops": "1000", "ha": true});
    let rows = vec![
        (spelled, none(), None),
        (json!({"ha": "${HA}"}), none(), Some(("spec.ha", true))),
        (
            json!({"storage": "ten"}),
            none(),
            Some(("spec.storage", true)),
        ),
        (json!({"tags": {"a": 5}}), none(), Some(("spec.tags", true))),
        (
            json!({"tags": {"a": null}}),
            none(),
            Some(("spec.tags.a", false)),
        ),
        (json!({"iops": null}), none(), Some(("spec.iops", false))),
        (json!(null), none(), Some(("spec", false))),
        (json!("none"), none(), Some(("spec", true))),
        (
            json!({"multiAZ": true}),
            none(),
            Some(("spec.multiAZ", false)),
        ),
        (json!({}), policy("\"Retain\""), None),
        (json!({}), policy("${POLICY}"), Some((annotation, false))),
        (json!({}), policy("5"), Some((annotation, false))),
    ];
    assert_told(SPOKE, HUB, rows);
}

#[test]
fn each_reason_of_a_hub_is_told() {
    let none = || json!({});
    let spelled = json!({"storage": "1Ti", "storageType": "gp2", "multiAZ": false});
    let typed = json!({"storageType": "gp3"});
    let group = json!({"backup": {"window": "a"}});
    let wrong = json!({"backup": {"window": 5}});
    let unknown = json!({"backup": {"keep": "a"}});
    let annotation = "metadata.annotations[spoke.stow.myob.com/size]";
    let forged = json!({"spoke.stow.myob.com/size": "{\"value\":\"db.t3.small\"}"});
    let rows = vec![
        (spelled, none(), None),
        (
            json!({"storage": "20Gi"}),
            none(),
            Some(("spec.storageType", true)),
        ),
        (typed, none(), Some(("spec.storageType", true))),
        (group, none(), Some(("spec.backup.window", true))),
        (wrong, none(), Some(("spec.backup.window", false))),
        (unknown, none(), Some(("spec.backup.keep", false))),
        (
            json!({"multiAZ": "${HA}"}),
            none(),
            Some(("spec.multiAZ", false)),
        ),
        (json!({"ha": true}), none(), Some(("spec.ha", false))),
        (json!({}), forged, Some((annotation, false))),
    ];
    assert_told(HUB, SPOKE, rows);
}
