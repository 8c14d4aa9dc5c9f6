//! How each field of the hub is said in the spoke: the table that conversion
//! follows, and the one place that a new field changes.
//!
//! Nothing here may know annotations. What a field's two directions lose
//! between them is noticed, and remembered, by `up` and `down`.

use serde_json::Value;

use super::Object;
use crate::{storage, v1beta1};

/// A type check, of a value that is to stand in the hub.
type Check = fn(&Value) -> bool;

/// What conversion does with a field of the hub.
pub(super) enum Decision {
    /// It has a counterpart in the spoke.
    Paired(Pair),
    /// The spoke says it only by the presence of `iops`.
    StorageType,
    /// The spoke cannot say it.
    HubOnly {
        /// Its name in the hub.
        name: &'static str,
        /// Whether a value has its type.
        typed: Check,
    },
}

/// A field that both sides have.
pub(super) struct Pair {
    /// Its name in the hub.
    pub(super) hub: &'static str,
    /// Its name in the spoke.
    pub(super) spoke: &'static str,
    /// Whether a value has the type that the field has in the hub.
    pub(super) typed: Check,
    /// What the hub shows of the spoke's value; nothing where it cannot.
    pub(super) up: fn(&Value) -> Option<Value>,
    /// What the spoke shows of the hub's value; nothing where it cannot.
    pub(super) down: fn(&Value) -> Option<Value>,
    /// Whether the spoke's value means something, all of it.
    pub(super) usable: Check,
    /// What to write in the spoke, for a person.
    pub(super) write: &'static str,
}

/// The storage type, which has no field in the spoke.
pub(super) const STORAGE_TYPE: &str = "storageType";

/// Declares the table, and takes the spec apart field by field: a field of the
/// hub that has no decision does not compile.
macro_rules! decide {
    ($($field:ident: $decision:expr,)+) => {
        pub(super) const DECISIONS: &[Decision] = &[$($decision),+];

        const _: fn(v1beta1::PostgresDBSpec) = |spec| {
            let v1beta1::PostgresDBSpec { $($field: _),+ } = spec;
        };
    };
}

decide! {
    size: Decision::Paired(Pair {
        hub: "size",
        spoke: "size",
        typed: Value::is_string,
        up: same_text,
        down: same_text,
        usable: Value::is_string,
        write: "an instance class, such as \"db.t3.small\"",
    }),
    storage: Decision::Paired(Pair {
        hub: "storage",
        spoke: "storage",
        typed: Value::is_string,
        up: quantity_of_number,
        down: number_of_quantity,
        usable: |value| quantity_of_number(value).is_some(),
        write: "a whole number of GiB, such as \"10\"",
    }),
    storage_type: Decision::StorageType,
    iops: Decision::Paired(Pair {
        hub: "iops",
        spoke: "iops",
        typed: Value::is_i64,
        up: whole_number,
        down: |value| value.is_i64().then(|| value.clone()),
        usable: |value| whole_number(value).is_some(),
        write: "a whole number, such as 1000",
    }),
    multi_az: Decision::Paired(Pair {
        hub: "multiAZ",
        spoke: "ha",
        typed: Value::is_boolean,
        up: same_boolean,
        down: same_boolean,
        usable: Value::is_boolean,
        write: "true or false",
    }),
    tags: Decision::Paired(Pair {
        hub: "tags",
        spoke: "tags",
        typed: is_text_map,
        up: text_entries,
        down: text_entries,
        usable: is_text_map,
        write: "a map of texts, with numbers in quotes",
    }),
    database_name: Decision::HubOnly { name: "databaseName", typed: Value::is_string },
    master_username: Decision::HubOnly { name: "masterUsername", typed: Value::is_string },
    secret_name: Decision::HubOnly { name: "secretName", typed: Value::is_string },
}

/// The fields that both sides have.
pub(super) fn pairs() -> impl Iterator<Item = &'static Pair> {
    DECISIONS.iter().filter_map(|decision| match decision {
        Decision::Paired(pair) => Some(pair),
        Decision::StorageType | Decision::HubOnly { .. } => None,
    })
}

/// The fields that the spoke cannot say, each with its type check.
pub(super) fn hub_only() -> impl Iterator<Item = (&'static str, Check)> {
    DECISIONS.iter().filter_map(|decision| match decision {
        Decision::HubOnly { name, typed } => Some((*name, *typed)),
        Decision::Paired(_) | Decision::StorageType => None,
    })
}

/// A hub's spec with what has its type; `None` where it is no object. A field
/// that the hub does not have goes too, as the API server prunes it.
pub(super) fn typed_spec(spec: Value) -> Option<Object> {
    let Value::Object(mut spec) = spec else {
        return None;
    };
    spec.retain(|name, value| {
        DECISIONS.iter().any(|decision| match decision {
            Decision::Paired(pair) => pair.hub == name && (pair.typed)(value),
            Decision::StorageType => STORAGE_TYPE == name && value.is_string(),
            Decision::HubOnly { name: own, typed } => own == name && typed(value),
        })
    });
    Some(spec)
}

/// The storage type that a spoke's spec implies. Nothing is derived from a
/// partial object, or from IOPS that mean nothing.
pub(super) fn derived_storage_type(spoke: &Object) -> Option<Value> {
    if has_iops(spoke) {
        let usable = spoke.get("iops").and_then(whole_number).is_some();
        return usable.then(|| "io1".into());
    }
    let usable = spoke.get("storage").and_then(quantity_of_number).is_some();
    usable.then(|| "gp2".into())
}

/// Whether a spoke's spec states IOPS. A null states nothing.
pub(super) fn has_iops(spoke: &Object) -> bool {
    spoke.get("iops").is_some_and(|value| !value.is_null())
}

fn same_text(value: &Value) -> Option<Value> {
    value.is_string().then(|| value.clone())
}

fn same_boolean(value: &Value) -> Option<Value> {
    value.is_boolean().then(|| value.clone())
}

/// `"10"` or `10` as `10Gi`.
fn quantity_of_number(value: &Value) -> Option<Value> {
    let gibibytes = i32::try_from(whole(value)?).ok()?;
    (gibibytes >= 0).then(|| storage::quantity(gibibytes).into())
}

/// `10Gi` as `"10"`: text, as the examples of 2017 have it.
fn number_of_quantity(value: &Value) -> Option<Value> {
    let gibibytes = storage::gibibytes(value.as_str()?)?;
    Some(gibibytes.to_string().into())
}

/// `"1000"` or `1000` as `1000`.
fn whole_number(value: &Value) -> Option<Value> {
    whole(value).map(Value::from)
}

/// A whole number, written as one or as text of digits alone.
fn whole(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64(),
        Value::String(text) if text.bytes().all(|b| b.is_ascii_digit()) => text.parse().ok(),
        _ => None,
    }
}

fn is_text_map(value: &Value) -> bool {
    let entries = value.as_object();
    entries.is_some_and(|entries| entries.values().all(Value::is_string))
}

/// A map without the entries that are no text.
fn text_entries(value: &Value) -> Option<Value> {
    let entries = value.as_object()?.iter();
    let texts = entries.filter(|(_, value)| value.is_string());
    Some(
        texts
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect(),
    )
}
