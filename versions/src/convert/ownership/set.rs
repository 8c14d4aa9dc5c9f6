//! Sets of fields, as managedFields write them: a field `x` is `f:x`, and holds
//! the fields below it; one that holds none is owned as a whole. `.` is the map
//! itself, beside fields of it.
//!
//! Nothing here may know a field by name. Lists of the spec are owned as a whole:
//! both versions declare them atomic.

use serde_json::{Value, json};

use crate::convert::Object;

/// The map itself, in a set.
const ITSELF: &str = ".";

/// What of a value a set names.
pub(super) fn cut(value: &Value, set: &Value) -> Value {
    let (Some(fields), Some(set)) = (value.as_object(), set.as_object()) else {
        return value.clone();
    };
    if set.is_empty() {
        return value.clone();
    }
    let part = fields.iter().filter_map(|(name, value)| {
        let within = set.get(&format!("f:{name}"))?;
        Some((name.clone(), cut(value, within)))
    });
    Value::Object(part.collect())
}

/// The set of all fields of a part that the whole has too.
pub(super) fn field_set(part: &Value, whole: &Value) -> Object {
    let fields = part.as_object().into_iter().flatten();
    fields
        .filter_map(|(name, part)| {
            let whole = whole.get(name)?;
            let within = if part.is_object() && whole.is_object() {
                field_set(part, whole)
            } else {
                Object::new()
            };
            let empty = part.as_object().is_none_or(Object::is_empty);
            // A map of whose fields the whole has none is no field of it.
            (empty || !within.is_empty()).then(|| (format!("f:{name}"), Value::Object(within)))
        })
        .collect()
}

/// Marks each map of `set` as owned itself where the same map of `model` is.
pub(super) fn marked_like(set: &mut Object, model: &Value) {
    let Some(model) = model.as_object() else {
        return;
    };
    for (name, within) in set.iter_mut() {
        if let (Some(within), Some(model)) = (within.as_object_mut(), model.get(name)) {
            marked_like(within, model);
        }
    }
    if model.contains_key(ITSELF) {
        set.insert(ITSELF.to_owned(), json!({}));
    }
}

/// The set at a path within a set, made where it is missing.
pub(super) fn fields_within<'a>(set: &'a mut Object, path: &[&str]) -> &'a mut Object {
    let mut place = set;
    for name in path {
        let within = place.entry(*name).or_insert_with(|| json!({}));
        if !within.is_object() {
            *within = json!({});
        }
        let Value::Object(within) = within else {
            unreachable!("it was made one")
        };
        place = within;
    }
    place
}

/// Adds what another set has.
pub(super) fn unite(set: &mut Object, other: &Object) {
    for (name, more) in other {
        match (
            set.get_mut(name).and_then(Value::as_object_mut),
            more.as_object(),
        ) {
            (Some(within), Some(more)) => unite_within(within, more),
            _ => {
                set.insert(name.clone(), more.clone());
            }
        }
    }
}

/// A field that is owned as a whole beside one of which parts are owned: both are.
fn unite_within(set: &mut Object, other: &Object) {
    let whole = set.is_empty() != other.is_empty();
    unite(set, other);
    if whole {
        set.insert(ITSELF.to_owned(), json!({}));
    }
}
