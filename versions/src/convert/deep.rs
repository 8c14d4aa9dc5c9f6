//! JSON that no tree can hold, such as lists in lists to any depth: it is kept as
//! the text that it is, and a tree of its outer parts stands for it.
//!
//! Nothing here may recurse as deep as the text is. Nor may anything of it be
//! taken for a value: it is of no type that a field of the hub has.

use std::collections::BTreeMap;

use serde_json::Value;
use serde_json::value::RawValue;

use super::Object;

/// How far an outline goes: further than any field of the hub lies.
const LEVELS: usize = 4;

/// The texts of the fields that no tree can hold, by name; [`super::memory::SPEC`]
/// where that is a spec which is no object.
pub(super) type Texts = BTreeMap<String, String>;

/// A part of an object: a tree, and its text where the tree is an outline alone.
pub(super) struct Outline {
    pub(super) tree: Value,
    pub(super) text: Option<String>,
}

impl Outline {
    /// Of any JSON text.
    pub(super) fn of(text: &RawValue) -> Self {
        match serde_json::from_str(text.get()) {
            Ok(tree) => Self { tree, text: None },
            Err(_) => Self {
                tree: outline(text.get(), LEVELS),
                text: Some(text.get().to_owned()),
            },
        }
    }
}

fn outline(text: &str, levels: usize) -> Value {
    if let Ok(tree) = serde_json::from_str(text) {
        return tree;
    }
    let Some(levels) = levels.checked_sub(1) else {
        return garbage();
    };
    if let Ok(members) = serde_json::from_str::<BTreeMap<String, &RawValue>>(text) {
        let members = members.into_iter();
        return members
            .map(|(name, value)| (name, outline(value.get(), levels)))
            .collect::<Object>()
            .into();
    }
    if let Ok(items) = serde_json::from_str::<Vec<&RawValue>>(text) {
        let items = items.into_iter();
        return items.map(|item| outline(item.get(), levels)).collect();
    }
    garbage()
}

/// No list of texts, no map, no scalar, and not nothing either.
fn garbage() -> Value {
    Value::Array(vec![Value::Null])
}
