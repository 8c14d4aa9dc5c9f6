//! Who owns which field: what becomes of a manifest that somebody applied in
//! v1alpha1 is what applying it in v1beta1 would have made.

use proptest::prelude::*;
use serde_json::{Map, Value, json};
use stow_versions::convert::managed_fields;

use crate::cases;
use crate::generate::{malformed_spoke, spoke};
use crate::objects::{HUB, SPOKE, own_annotations, up};

/// The set of fields of a value, as an API server notes it for an apply.
fn set_of(value: &Value) -> Value {
    let fields = value.as_object().into_iter().flatten();
    let fields = fields.map(|(name, value)| (format!("f:{name}"), set_of(value)));
    Value::Object(fields.collect())
}

/// What of an object is owned by whoever applies it.
fn owned(object: &Value) -> Value {
    let mut set = Map::new();
    if let Some(spec) = object.get("spec") {
        set.insert("f:spec".to_owned(), set_of(spec));
    }
    let mut metadata = Map::new();
    for name in ["labels", "annotations"] {
        if let Some(value) = object["metadata"].get(name) {
            metadata.insert(format!("f:{name}"), set_of(value));
        }
    }
    if !metadata.is_empty() {
        set.insert("f:metadata".to_owned(), metadata.into());
    }
    set.into()
}

/// As an API server takes it: annotations are texts, and a null says nothing.
fn appliable(mut manifest: Value) -> Value {
    if let Some(annotations) = manifest.pointer_mut("/metadata/annotations") {
        match annotations.as_object_mut() {
            Some(texts) => texts.retain(|_, value| value.is_string()),
            None => *annotations = json!({}),
        }
    }
    if manifest.get("spec").is_some_and(Value::is_null)
        && let Some(fields) = manifest.as_object_mut()
    {
        fields.remove("spec");
    }
    manifest
}

fn entry(manager: &str, version: &str, fields: Value) -> Value {
    json!({"manager": manager, "operation": "Apply", "apiVersion": version,
        "fieldsType": "FieldsV1", "fieldsV1": fields})
}

/// What a manager owns of the hub that its manifest became.
fn after(manifest: &Value) -> Value {
    let mut hub = up(manifest);
    hub["metadata"]["managedFields"] = json!([entry("tool", SPOKE, owned(manifest))]);
    let entries = managed_fields(&hub).expect("there is an entry of the spoke");
    assert_eq!(entries.as_array().map(Vec::len), Some(1), "{entries}");
    let fields = &entries[0]["fieldsV1"];
    if fields.is_null() {
        return json!({});
    }
    assert_eq!(entries[0], entry("tool", HUB, fields.clone()));
    fields.clone()
}

/// Without Stow's memories: one that is forged for another spec means nothing
/// there, and what it means beside its own spec is for the examples to show.
fn unremembered(mut manifest: Value) -> Value {
    if let Some(Value::Object(annotations)) = manifest.pointer_mut("/metadata/annotations") {
        for name in own_annotations() {
            annotations.remove(&name);
        }
    }
    manifest
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn what_was_applied_in_the_spoke_is_owned_as_if_in_the_hub(y in spoke()) {
        let y = appliable(y);
        prop_assert_eq!(after(&y), owned(&up(&y)));
    }

    #[test]
    fn and_so_is_what_nobody_can_use(y in malformed_spoke()) {
        let y = appliable(y);
        prop_assert_eq!(after(&y), owned(&up(&y)));
    }

    /// Two managers, each with some of the fields: between them they own what the
    /// hub holds, and neither owns what it does not.
    #[test]
    fn nothing_is_left_to_nobody(y in spoke(), mine in any::<u8>()) {
        let y = unremembered(appliable(y));
        let Some(Value::Object(all)) = owned(&y).get("f:spec").cloned() else {
            return Ok(());
        };
        let (one, other): (Vec<_>, Vec<_>) =
            all.into_iter().enumerate().partition(|(index, _)| mine >> index & 1 == 1);
        let part = |fields: Vec<(usize, (String, Value))>| -> Map<String, Value> {
            fields.into_iter().map(|(_, field)| field).collect()
        };
        let mut hub = up(&y);
        hub["metadata"]["managedFields"] = json!([
            entry("one", SPOKE, json!({"f:spec": part(one)})),
            entry("other", SPOKE, json!({"f:spec": part(other)})),
        ]);
        let entries = managed_fields(&hub).expect("there are entries of the spoke");
        let mut names: Vec<_> = entries
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|entry| entry["fieldsV1"]["f:spec"].as_object())
            .flat_map(Map::keys)
            .cloned()
            .collect();
        names.sort();
        names.dedup();
        let spec = owned(&hub)["f:spec"].clone();
        let held: Vec<_> = spec.as_object().into_iter().flat_map(Map::keys).cloned().collect();
        prop_assert_eq!(names, held);
    }
}
