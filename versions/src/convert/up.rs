//! From the spoke to the hub.
//!
//! Nothing here may put a value of a wrong type into the hub: the operator
//! reads it, and server-side apply refuses it.

use serde_json::Value;

use super::deep::Texts;
use super::fields::{
    STORAGE_TYPE, derived_storage_type, has_iops, hub_only, pairs, stands_without_iops,
};
use super::memory::{Memory, Remembered, SPEC, Side};
use super::{Converted, Object};

/// Converts the spec of a v1alpha1 object, some of it as text.
pub(super) fn up(written: Option<Value>, texts: &Texts, remembered: &Memory) -> Converted {
    let mut fresh = Memory::new(Side::Spoke);

    // structured-merge-diff sends `spec: null`, which means no spec.
    let written = written.filter(|spec| !spec.is_null());
    let (spoke, stray) = match written {
        Some(Value::Object(spoke)) => (Some(spoke), None),
        other => (None, other),
    };
    let present = spoke.is_some();
    let spoke = spoke.unwrap_or_default();

    let hub = hub_of(&spoke, remembered);
    remember(&spoke, texts, &hub, &mut fresh);
    let spec = (present || !hub.is_empty()).then_some(Value::Object(hub));
    if stray.is_some() {
        let remembered = Remembered {
            value: stray,
            shown: spec.clone(),
            text: texts.get(SPEC).cloned(),
        };
        fresh.remember(SPEC, remembered);
    }
    Converted {
        spec,
        // Of what no tree can hold, nothing has its type.
        texts: Texts::new(),
        fresh,
    }
}

/// The hub's spec.
fn hub_of(spoke: &Object, remembered: &Memory) -> Object {
    let mut hub = Object::new();
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            hub.insert(name.to_owned(), value);
        }
    };
    for pair in pairs() {
        let said = spoke.get(pair.spoke);
        let recalled = remembered.recall(pair.hub, said, pair.typed);
        let meant = recalled.map_or_else(|| said.and_then(pair.up), |memory| memory.value);
        put(pair.hub, meant);
    }
    let recalled = storage_type_of(spoke, remembered);
    let meant = recalled.map_or_else(|| derived_storage_type(spoke), |memory| memory.value);
    put(STORAGE_TYPE, meant);
    for field in hub_only() {
        if let Some(value) = remembered.plain(field.path) {
            field.put(value, &mut hub);
        }
    }
    hub
}

/// The storage type that is remembered, if it still stands.
///
/// IOPS that have come mean io1. That they are gone says only that the type is
/// none that needs them: server-side apply takes fields out of the spoke one by
/// one, and must not take a type along that the hub's manager has just stated.
fn storage_type_of(spoke: &Object, remembered: &Memory) -> Option<Remembered> {
    let recall =
        |with_iops: bool, typed| remembered.recall(STORAGE_TYPE, Some(&with_iops.into()), typed);
    if has_iops(spoke) {
        return recall(true, Value::is_string);
    }
    recall(false, Value::is_string).or_else(|| recall(true, stands_without_iops))
}

/// Remembers what the hub would not say back as the spoke said it.
fn remember(spoke: &Object, texts: &Texts, hub: &Object, fresh: &mut Memory) {
    for pair in pairs() {
        let said = spoke.get(pair.spoke);
        let meant = hub.get(pair.hub);
        if meant.and_then(pair.down).as_ref() != said {
            let remembered = Remembered {
                value: said.cloned(),
                shown: meant.cloned(),
                text: texts.get(pair.spoke).cloned(),
            };
            fresh.remember(pair.spoke, remembered);
        }
    }
}
