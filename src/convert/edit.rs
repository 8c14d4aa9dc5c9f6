//! A YAML mapping made to say something else, in place.
//!
//! Nothing here may touch what stays as it is, or be trusted: whoever edits reads
//! the outcome back.

use serde_json::{Map, Value};
use yaml_edit::{Mapping, ScalarValue, YamlNode, YamlValue};

/// Makes a mapping that says `before` say `after`. False where it cannot.
pub(super) fn to(mapping: &Mapping, before: &Value, after: &Value) -> bool {
    let (Value::Object(before), Value::Object(after)) = (before, after) else {
        return false;
    };
    let mut added: Vec<_> = after
        .keys()
        .filter(|key| !before.contains_key(*key))
        .collect();
    for (key, value) in before {
        let Some(wanted) = after.get(key) else {
            // The same under another name keeps its place and its comments.
            let same = added.iter().position(|new| after.get(*new) == Some(value));
            let renamed = same.map(|place| added.remove(place));
            match renamed {
                Some(new) if mapping.rename_key(key.as_str(), new.as_str()) => {}
                Some(new) => {
                    mapping.remove(key.as_str());
                    added.push(new);
                }
                None => drop(mapping.remove(key.as_str())),
            }
            continue;
        };
        if value != wanted && !changed(mapping, key, value, wanted) {
            return false;
        }
    }
    for key in added {
        if let Some(value) = after.get(key) {
            mapping.set(key.as_str(), written(value));
        }
    }
    true
}

/// Changes one value.
fn changed(mapping: &Mapping, key: &str, before: &Value, after: &Value) -> bool {
    match (before, after, mapping.get(key)) {
        (Value::Object(_), Value::Object(_), Some(YamlNode::Mapping(inner))) => {
            to(&inner, before, after)
        }
        (Value::Array(before), Value::Array(after), Some(YamlNode::Sequence(items)))
            if before.len() == after.len() =>
        {
            let pairs = before.iter().zip(after).enumerate();
            pairs
                .filter(|(_, (before, after))| before != after)
                .all(|(index, (before, after))| match items.get(index) {
                    Some(YamlNode::Mapping(item)) => to(&item, before, after),
                    _ => false,
                })
        }
        _ => {
            mapping.set(key, written(after));
            true
        }
    }
}

/// A value as YAML is told it.
fn written(value: &Value) -> YamlValue {
    match value {
        Value::Null => ScalarValue::null().into(),
        Value::Bool(is) => (*is).into(),
        Value::Number(number) => number.as_i64().map_or_else(
            || number.as_f64().unwrap_or_default().into(),
            YamlValue::from,
        ),
        Value::String(text) => text.as_str().into(),
        Value::Array(items) => YamlValue::Sequence(items.iter().map(written).collect()),
        Value::Object(fields) => mapping(fields),
    }
}

fn mapping(fields: &Map<String, Value>) -> YamlValue {
    let fields = fields
        .iter()
        .map(|(key, value)| (key.clone(), written(value)));
    YamlValue::Mapping(fields.collect())
}
