//! What one side could not say, kept in annotations on the other.
//!
//! Nothing here may trust an annotation: anybody can write one. A name that is
//! not on the allowlist is not ours, and passes through, since a newer release
//! may know it; a text that cannot be read is as good as none.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Object;
use super::fields::{STORAGE_TYPE, hub_only, pairs};
use crate::{HUB_PREFIX, SPOKE_PREFIX};

/// A spoke's spec that is no object at all.
pub(super) const SPEC: &str = "spec";

/// The side whose words are kept.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// What only the hub can say, kept in a v1alpha1 view.
    Hub,
    /// How the spoke said it, kept in the hub's view.
    Spoke,
}

impl Side {
    fn prefix(self) -> &'static str {
        match self {
            Self::Hub => HUB_PREFIX,
            Self::Spoke => SPOKE_PREFIX,
        }
    }

    /// The name in an annotation of this side.
    pub(super) fn name_in(self, annotation: &str) -> Option<&str> {
        let name = annotation.strip_prefix(self.prefix())?;
        self.names().contains(&name).then_some(name)
    }

    /// Whether an annotation is of this side.
    pub(super) fn is_one(self, annotation: &str) -> bool {
        self.name_in(annotation).is_some()
    }

    /// The allowlist: every name that may follow the prefix.
    fn names(self) -> Vec<&'static str> {
        match self {
            Self::Hub => pairs()
                .map(|pair| pair.hub)
                .chain([STORAGE_TYPE])
                .chain(hub_only().into_iter().map(|field| field.path))
                .collect(),
            Self::Spoke => pairs().map(|pair| pair.spoke).chain([SPEC]).collect(),
        }
    }
}

/// What one side said of a field that the other side shows as well, as far as
/// it can.
pub(super) struct Remembered {
    /// What was said; `None` where nothing was.
    pub(super) value: Option<Value>,
    /// What the other side showed then. While it still shows that, the value
    /// stands; once it shows anything else, somebody has edited it there, and
    /// the edit wins.
    pub(super) shown: Option<Value>,
}

/// The annotations of one side, by field.
pub(super) struct Memory {
    side: Side,
    texts: BTreeMap<&'static str, String>,
}

impl Memory {
    pub(super) fn new(side: Side) -> Self {
        Self {
            side,
            texts: BTreeMap::new(),
        }
    }

    /// Reads a side's annotations, without taking them out.
    pub(super) fn read(side: Side, object: &Object) -> Self {
        let annotations = object
            .get("metadata")
            .and_then(|metadata| metadata.get("annotations"));
        let text = |name: &'static str| {
            let key = format!("{}{name}", side.prefix());
            let text = annotations?.get(key)?.as_str()?;
            Some((name, text.to_owned()))
        };
        Self {
            side,
            texts: side.names().into_iter().filter_map(text).collect(),
        }
    }

    /// Writes what is remembered into the object's annotations. Where metadata
    /// or annotations are no objects there is no place for it.
    pub(super) fn write(self, object: &mut Object) {
        if self.texts.is_empty() {
            return;
        }
        let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) else {
            return;
        };
        let annotations = metadata.entry("annotations").or_insert(Value::Null);
        if annotations.is_null() {
            *annotations = Value::Object(Object::new());
        }
        let Some(annotations) = annotations.as_object_mut() else {
            return;
        };
        for (name, text) in self.texts {
            annotations.insert(format!("{}{name}", self.side.prefix()), text.into());
        }
    }

    /// The value of a field that the other side does not have.
    pub(super) fn plain(&self, name: &str) -> Option<Value> {
        serde_json::from_str(self.texts.get(name)?).ok()
    }

    /// Keeps the value of a field that the other side does not have.
    pub(super) fn keep(&mut self, name: &'static str, value: &Value) {
        self.texts.insert(name, value.to_string());
    }

    /// What is remembered of a field, if the other side still shows `shown`, and
    /// if what was said has its type.
    pub(super) fn recall(
        &self,
        name: &str,
        shown: Option<&Value>,
        typed: fn(&Value) -> bool,
    ) -> Option<Remembered> {
        let Value::Object(mut fields) = self.plain(name)? else {
            return None;
        };
        let remembered = Remembered {
            value: fields.remove("value"),
            shown: fields.remove("shown"),
        };
        let live = fields.is_empty() && remembered.shown.as_ref() == shown;
        let sound = remembered.value.as_ref().is_none_or(typed);
        (live && sound).then_some(remembered)
    }

    /// Remembers a field that the other side shows differently.
    pub(super) fn remember(&mut self, name: &'static str, remembered: Remembered) {
        let Remembered { value, shown } = remembered;
        let fields = [("value", value), ("shown", shown)];
        let fields = fields
            .into_iter()
            .filter_map(|(key, value)| Some((key.to_owned(), value?)));
        self.keep(name, &fields.collect());
    }
}

/// The spoke's spec, where it was no object, and the hub still shows `hub`.
pub(super) fn stray_spec(spoke: &Memory, hub: Option<&Object>) -> Option<Value> {
    // The hub of such a spoke has fields or no spec. An empty one is an edit.
    if hub.is_some_and(Object::is_empty) {
        return None;
    }
    let hub = hub.cloned().map(Value::Object);
    let no_spec = |value: &Value| !value.is_object() && !value.is_null();
    spoke.recall(SPEC, hub.as_ref(), no_spec)?.value
}

/// Takes the annotations of both sides out of an object, and returns those of
/// one. The other side's have no business there.
pub(super) fn take(side: Side, object: &mut Object) -> Memory {
    let memory = Memory::read(side, object);
    let metadata = object.get_mut("metadata").and_then(Value::as_object_mut);
    if let Some(metadata) = metadata
        && let Some(annotations) = metadata
            .get_mut("annotations")
            .and_then(Value::as_object_mut)
    {
        let before = annotations.len();
        for side in [Side::Hub, Side::Spoke] {
            for name in side.names() {
                annotations.remove(&format!("{}{name}", side.prefix()));
            }
        }
        if annotations.is_empty() && before > 0 {
            metadata.remove("annotations");
        }
    }
    memory
}
