//! Values of the two versions, each read as what the other says of it.
//!
//! Nothing here may know which field a value is of, or take what it cannot read.

use serde_json::Value;

use crate::storage;

pub(super) fn same_text(value: &Value) -> Option<Value> {
    value.is_string().then(|| value.clone())
}

pub(super) fn same_boolean(value: &Value) -> Option<Value> {
    value.is_boolean().then(|| value.clone())
}

/// `"10"` or `10` as `10Gi`.
pub(super) fn quantity_of_number(value: &Value) -> Option<Value> {
    let gibibytes = i32::try_from(whole(value)?).ok()?;
    (gibibytes >= 0).then(|| storage::quantity(gibibytes).into())
}

/// `10Gi` as `"10"`: text, as the examples of 2017 have it.
pub(super) fn number_of_quantity(value: &Value) -> Option<Value> {
    let gibibytes = storage::gibibytes(value.as_str()?)?;
    Some(gibibytes.to_string().into())
}

/// `"1000"` or `1000` as `1000`.
pub(super) fn whole_number(value: &Value) -> Option<Value> {
    whole(value).map(Value::from)
}

/// A whole number, written as one or as text of digits alone.
pub(super) fn whole(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64(),
        Value::String(text) if text.bytes().all(|b| b.is_ascii_digit()) => text.parse().ok(),
        _ => None,
    }
}

pub(super) fn is_text_list(value: &Value) -> bool {
    let items = value.as_array();
    items.is_some_and(|items| items.iter().all(Value::is_string))
}

pub(super) fn is_text_map(value: &Value) -> bool {
    let entries = value.as_object();
    entries.is_some_and(|entries| entries.values().all(Value::is_string))
}

/// A map without the entries that are no text.
pub(super) fn text_entries(value: &Value) -> Option<Value> {
    let entries = value.as_object()?.iter();
    let texts = entries.filter(|(_, value)| value.is_string());
    Some(
        texts
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect(),
    )
}
