//! Entries as a real API server writes them, and what they become.

use crate::convert::convert;
use serde_json::{Value, json};

use super::*;

const OLD: &str = "myob.com/v1alpha1";
const NEW: &str = "myob.com/v1beta1";

/// The managedFields of a v1alpha1 object, once migrated, beside its hub.
fn migrated(old: Value, entries: Value) -> (Value, Vec<Value>) {
    let mut hub = convert(old, NEW).unwrap();
    hub["metadata"]["managedFields"] = entries;
    let after = managed_fields(&hub).unwrap();
    (hub, after.as_array().unwrap().clone())
}

fn old(annotations: Value, spec: Value) -> Value {
    let mut object =
        json!({"apiVersion": OLD, "kind": "PostgresDB", "metadata": {"name": "orders"}});
    object["metadata"]["annotations"] = annotations;
    object["spec"] = spec;
    object
}

fn entry(manager: &str, operation: &str, version: &str, fields: Value) -> Value {
    let mut entry = json!({"manager": manager, "operation": operation, "apiVersion": version,
        "time": "2017-11-01T00:00:00Z", "fieldsType": "FieldsV1"});
    entry["fieldsV1"] = fields;
    entry
}

#[test]
fn fields_get_their_names_in_the_hub() {
    let spec = json!({"size": "db.t2.small", "storage": "10", "ha": true, "tags": {"team": "a"}});
    let fields = json!({
        "f:metadata": {"f:labels": {".": {}, "f:app": {}}},
        "f:spec": {".": {}, "f:size": {}, "f:storage": {}, "f:ha": {},
            "f:tags": {".": {}, "f:team": {}}},
    });
    let entries = json!([entry("kubectl", "Update", OLD, fields)]);
    let (_, after) = migrated(old(json!({}), spec), entries);
    let expected = json!({
        "f:metadata": {"f:labels": {".": {}, "f:app": {}}},
        "f:spec": {".": {}, "f:size": {}, "f:storage": {}, "f:storageType": {},
            "f:multiAZ": {}, "f:tags": {".": {}, "f:team": {}}},
    });
    assert_eq!(after, [entry("kubectl", "Update", NEW, expected)]);
}

#[test]
fn what_the_hub_cannot_say_is_owned_as_its_annotation() {
    let spec = json!({"storage": "ten", "ha": true, "tags": {"a": "x", "b": 5}});
    let one = json!({"f:spec": {"f:storage": {}, "f:tags": {"f:a": {}}}});
    let other = json!({"f:spec": {"f:ha": {}, "f:tags": {"f:b": {}}}});
    let entries = json!([
        entry("one", "Apply", OLD, one),
        entry("other", "Apply", OLD, other),
    ]);
    let (_, after) = migrated(old(json!({}), spec), entries);
    assert_eq!(
        after[0]["fieldsV1"],
        json!({
            "f:metadata": {"f:annotations": {"f:spoke.stow.myob.com/storage": {}}},
            "f:spec": {"f:tags": {"f:a": {}}},
        })
    );
    assert_eq!(
        after[1]["fieldsV1"],
        json!({
            "f:metadata": {"f:annotations": {"f:spoke.stow.myob.com/tags": {}}},
            "f:spec": {"f:multiAZ": {}, "f:tags": {}},
        })
    );
}

#[test]
fn an_annotation_that_kept_a_field_of_the_hub_becomes_that_field() {
    let kept = json!({
        "note": "mine",
        "hub.stow.myob.com/backup.retentionDays": "14",
        "hub.stow.myob.com/storageType": r#"{"value":"gp3","shown":false}"#,
        "hub.stow.myob.com/unheard": "1",
    });
    let fields = json!({"f:metadata": {"f:annotations": {
        ".": {}, "f:note": {},
        "f:hub.stow.myob.com/backup.retentionDays": {},
        "f:hub.stow.myob.com/storageType": {},
        "f:hub.stow.myob.com/unheard": {},
        "f:hub.stow.myob.com/throughput": {},
    }}});
    let entries = json!([entry("exporter", "Apply", OLD, fields)]);
    let (hub, after) = migrated(old(kept, json!({"storage": "20"})), entries);
    assert_eq!(hub["spec"]["storageType"], "gp3");
    // It is not asked what the object does not hold, nor what Stow does not know.
    assert_eq!(
        after[0]["fieldsV1"],
        json!({
            "f:metadata": {"f:annotations": {
                ".": {}, "f:note": {}, "f:hub.stow.myob.com/unheard": {},
            }},
            "f:spec": {"f:backup": {"f:retentionDays": {}}, "f:storageType": {}},
        })
    );
}

#[test]
fn one_manager_of_both_versions_is_one_afterwards() {
    let spec = json!({"size": "db.t2.small", "ha": true});
    let mut newer = entry("tool", "Update", NEW, json!({"f:spec": {"f:size": {}}}));
    newer["time"] = json!("2026-01-01T00:00:00Z");
    let status = json!({"manager": "stow", "operation": "Update", "apiVersion": OLD,
        "subresource": "status", "fieldsType": "FieldsV1",
        "fieldsV1": {"f:status": {".": {}, "f:ready": {}}}});
    let entries = json!([
        entry("tool", "Update", OLD, json!({"f:spec": {"f:ha": {}}})),
        status,
        newer,
        entry("tool", "Apply", OLD, json!({"f:spec": {"f:ha": {}}})),
    ]);
    let (_, after) = migrated(old(json!({}), spec), entries);
    let both = json!({"f:spec": {"f:size": {}, "f:multiAZ": {}}});
    let mut merged = entry("tool", "Update", NEW, both);
    merged["time"] = json!("2026-01-01T00:00:00Z");
    let mut status = after[1].clone();
    assert_eq!(status["apiVersion"].take(), NEW);
    assert_eq!(
        status["fieldsV1"],
        json!({"f:status": {".": {}, "f:ready": {}}})
    );
    assert_eq!(after[0], merged);
    assert_eq!(
        after[2],
        entry("tool", "Apply", NEW, json!({"f:spec": {"f:multiAZ": {}}}))
    );
    assert_eq!(after.len(), 3);
}

#[test]
fn a_spec_that_is_no_map_is_owned_as_its_annotation() {
    let fields = json!({"f:spec": {}});
    let entries = json!([entry("vandal", "Update", OLD, fields)]);
    let (_, after) = migrated(old(json!({}), json!(5)), entries);
    assert_eq!(
        after[0]["fieldsV1"],
        json!({"f:metadata": {"f:annotations": {"f:spoke.stow.myob.com/spec": {}}}})
    );
}

#[test]
fn nothing_owned_is_said_so_that_an_api_server_believes_it() {
    let gone = json!({"f:spec": {"f:gone": {}}});
    let entries = json!([entry("ghost", "Update", OLD, gone)]);
    let object = json!({"apiVersion": OLD, "kind": "PostgresDB", "metadata": {"name": "x"}});
    let (_, after) = migrated(object, entries);
    assert_eq!(after, [json!({})]);
}

#[test]
fn other_versions_are_left_alone() {
    let hub = |entries: Value| {
        json!({"apiVersion": NEW, "kind": "PostgresDB",
            "metadata": {"name": "x", "managedFields": entries}, "spec": {}})
    };
    let fields = json!({"f:spec": {"f:ha": {}}});
    for version in [NEW, "myob.com/v1", "v1alpha1"] {
        let entries = json!([entry("tool", "Apply", version, fields.clone())]);
        assert_eq!(managed_fields(&hub(entries)), None, "{version}");
    }
    assert_eq!(managed_fields(&hub(json!("nonsense"))), None);
    assert_eq!(managed_fields(&json!(5)), None);
}

#[test]
fn nonsense_in_a_set_is_survived() {
    for fields in [
        json!(null),
        json!([]),
        json!({"f:spec": 5}),
        json!({"f:spec": {"f:tags": []}, "f:metadata": {"f:annotations": "x"}}),
        json!({"f:metadata": {"f:annotations": {"f:hub.stow.myob.com/": {}}}}),
    ] {
        let entries = json!([entry("vandal", "Update", OLD, fields)]);
        let (_, after) = migrated(old(json!({}), json!({"tags": {"a": "b"}})), entries);
        assert!(!after[0].to_string().contains(OLD), "{after:?}");
    }
}
