//! Who owns which field, from the spoke to the hub: the entries of managedFields
//! that a manager made in v1alpha1, as if it had said the same in v1beta1.
//!
//! An entry that were dropped instead would leave fields that no apply removes any
//! more. What a manager owns is therefore cut out of the object as the spoke shows
//! it, and converted like any partial object: what comes out is what it owns of the
//! hub, by the table that conversion follows.
//!
//! Nothing here may give anybody a field that the object does not have, or touch
//! an entry of another version.

mod set;

use serde_json::{Value, json};

use self::set::{cut, field_set, fields_within, marked_like, unite};
use super::memory::Side;
use super::{Object, outlined};
use crate::{GROUP, KIND};

/// The managedFields of a hub object with every entry of the spoke in the hub's
/// words. `None` where there is none to translate.
///
/// A manager that has entries of both versions is left with one, that of the hub.
/// Where nothing is owned by anybody the answer is one empty entry, which is how
/// an API server is told so: it takes an empty list for a client that knows none.
pub fn managed_fields(hub: &Value) -> Option<Value> {
    let (old, new) = (format!("{GROUP}/v1alpha1"), format!("{GROUP}/v1beta1"));
    let entries = hub["metadata"]["managedFields"].as_array()?;
    if !entries.iter().any(|entry| entry["apiVersion"] == *old) {
        return None;
    }
    let spoke = outlined(hub.clone(), &old).unwrap_or_default();
    let mut after: Vec<Value> = Vec::with_capacity(entries.len());
    for entry in entries {
        let mut entry = entry.clone();
        if entry["apiVersion"] == *old {
            entry["apiVersion"] = new.as_str().into();
            if let Some(owned) = entry["fieldsV1"].as_object() {
                entry["fieldsV1"] = Value::Object(translated(owned, &spoke, hub));
            }
        }
        if entry["fieldsV1"].as_object().is_some_and(Object::is_empty) {
            continue;
        }
        match after.iter_mut().find(|other| is_same(other, &entry)) {
            Some(other) => absorb(other, &entry),
            None => after.push(entry),
        }
    }
    if after.is_empty() {
        after.push(json!({}));
    }
    Some(Value::Array(after))
}

/// Whether two entries are one to the API server, which knows a manager by these.
fn is_same(one: &Value, other: &Value) -> bool {
    ["manager", "operation", "apiVersion", "subresource"]
        .iter()
        .all(|key| one.get(key) == other.get(key))
}

/// Adds what an entry of the same manager owns. The later time stands: written
/// alike, times are in the order of their texts.
fn absorb(entry: &mut Value, other: &Value) {
    let later = entry["time"].as_str().max(other["time"].as_str());
    if let Some(later) = later.map(Value::from) {
        entry["time"] = later;
    }
    if let (Some(fields), Some(more)) = (
        entry["fieldsV1"].as_object_mut(),
        other["fieldsV1"].as_object(),
    ) {
        unite(fields, more);
    }
}

/// What is owned of the hub by whoever owns this of the spoke.
fn translated(owned: &Object, spoke: &Value, hub: &Value) -> Object {
    let mut result = owned.clone();
    let spec = result.remove("f:spec");
    let memories = take_memories(&mut result);
    if spec.is_none() && memories.is_empty() {
        return result;
    }

    let annotations: Object = memories
        .iter()
        .filter_map(|name| {
            let text = spoke["metadata"]["annotations"].get(name)?;
            Some((name.clone(), text.clone()))
        })
        .collect();
    let live: Vec<_> = annotations.keys().cloned().collect();
    let mut part = json!({
        "apiVersion": format!("{GROUP}/v1alpha1"),
        "kind": KIND,
        "metadata": {"annotations": annotations},
    });
    if let Some(owned) = &spec
        && let Some(said) = spoke.get("spec")
    {
        part["spec"] = cut(said, owned);
    }
    let part = outlined(part, &format!("{GROUP}/v1beta1")).unwrap_or_default();

    let mut fields = Object::new();
    if let (Some(part), Some(whole)) = (part.get("spec"), hub.get("spec")) {
        fields = field_set(part, whole);
    }
    for name in &live {
        remembered(name, hub, &mut fields);
    }
    if let Some(owned) = &spec {
        marked_like(&mut fields, owned);
    }
    // A spec without a field of the hub is stated all the same.
    let bare = part["spec"].as_object().is_some_and(Object::is_empty) && hub["spec"].is_object();
    if bare || !fields.is_empty() {
        result.insert("f:spec".to_owned(), Value::Object(fields));
    }
    let kept = part["metadata"]["annotations"].as_object();
    for name in kept.into_iter().flat_map(Object::keys) {
        if Side::Spoke.is_one(name) && hub["metadata"]["annotations"].get(name).is_some() {
            let annotations = fields_within(&mut result, &["f:metadata", "f:annotations"]);
            annotations.insert(format!("f:{name}"), json!({}));
        }
    }
    result
}

/// Takes Stow's own annotations out of a set, and returns their names: in the hub
/// they are fields.
fn take_memories(set: &mut Object) -> Vec<String> {
    let Some(metadata) = set.get_mut("f:metadata").and_then(Value::as_object_mut) else {
        return Vec::new();
    };
    let Some(annotations) = metadata
        .get_mut("f:annotations")
        .and_then(Value::as_object_mut)
    else {
        return Vec::new();
    };
    let names: Vec<_> = annotations
        .keys()
        .filter_map(|key| key.strip_prefix("f:"))
        .filter(|name| Side::Hub.is_one(name) || Side::Spoke.is_one(name))
        .map(str::to_owned)
        .collect();
    for name in &names {
        annotations.remove(&format!("f:{name}"));
    }
    // Empty, they would say that the map itself is owned.
    if annotations.is_empty() && !names.is_empty() {
        metadata.remove("f:annotations");
        if metadata.is_empty() {
            set.remove("f:metadata");
        }
    }
    names
}

/// The field that an annotation stands for is its owner's, whatever it was shown
/// beside: a part of the object may not recall it.
fn remembered(annotation: &str, hub: &Value, fields: &mut Object) {
    let Some(path) = Side::Hub.name_in(annotation) else {
        return;
    };
    let names: Vec<_> = path.split('.').collect();
    let value = names
        .iter()
        .try_fold(&hub["spec"], |value, name| value.get(name));
    let (Some(value), Some((last, groups))) = (value, names.split_last()) else {
        return;
    };
    let groups: Vec<_> = groups.iter().map(|name| format!("f:{name}")).collect();
    let groups: Vec<_> = groups.iter().map(String::as_str).collect();
    let place = fields_within(fields, &groups);
    let known = place
        .entry(format!("f:{last}"))
        .or_insert_with(|| json!({}));
    if let Some(known) = known.as_object_mut() {
        unite(known, &field_set(value, value));
    }
}

#[cfg(test)]
mod tests;
