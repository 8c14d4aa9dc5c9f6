//! What v1alpha1 says and the hub cannot: the hub is type-clean, so the object
//! looks as if the field were left out, and the operator must hear of it.
//!
//! Nothing here may judge what the hub can say; that is for the planner.

use std::fmt;

use serde_json::Value;

use super::fields::{pairs, typed_spec};
use super::memory::{Memory, Remembered, SPEC, Side, stray_spec};

/// How much of a text is shown to people: it can be of any size.
const SHOWN: usize = 120;

/// A v1alpha1 value that means nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unusable {
    /// The v1alpha1 field, such as `storage`; `spec` where that is no object.
    pub field: &'static str,
    /// The value, as JSON text.
    pub text: String,
    /// What to write there instead.
    write: &'static str,
}

impl fmt::Display for Unusable {
    /// One sentence that names the field, what it holds and what to write.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = match self.field {
            SPEC => String::new(),
            field => format!(".{field}"),
        };
        let mut text: String = self.text.chars().take(SHOWN).collect();
        if text.len() < self.text.len() {
            text.push('…');
        }
        write!(
            f,
            "v1alpha1 spec{path} is {text}, which cannot be used: write {}",
            self.write
        )
    }
}

/// What of a hub object's v1alpha1 text is still live and means nothing: it is
/// remembered in `spoke.` annotations, and the hub still shows what it showed.
pub fn unusable(hub: &Value) -> Vec<Unusable> {
    let Some(object) = hub.as_object() else {
        return Vec::new();
    };
    let remembered = Memory::read(Side::Spoke, object).with_texts();
    let spec = object.get(SPEC).cloned().and_then(typed_spec);
    if let Some(stray) = stray_spec(&remembered, spec.as_ref()) {
        return vec![Unusable {
            field: SPEC,
            text: stray.text.unwrap_or_else(|| stray.tree.to_string()),
            write: "a map of fields, such as size and storage",
        }];
    }
    let spec = spec.unwrap_or_default();
    pairs()
        .filter_map(|pair| {
            let Remembered { value, text, .. } =
                remembered.recall(pair.spoke, spec.get(pair.hub), |_| true)?;
            let said = value?;
            // A null says nothing, in any field.
            let usable = said.is_null() || (pair.usable)(&said);
            (!usable).then(|| Unusable {
                field: pair.spoke,
                text: text.unwrap_or_else(|| said.to_string()),
                write: pair.write,
            })
        })
        .collect()
}
