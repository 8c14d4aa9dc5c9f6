//! What one side could not say, kept in annotations on the other.
//!
//! Nothing here may trust an annotation: anybody can write one. A name that is
//! not on the allowlist is not ours, and passes through, since a newer release
//! may know it; a text that cannot be read is as good as none.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use serde_json::Value;
use serde_json::value::RawValue;

use super::Object;
use super::deep::{Outline, is_readable};
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
    fn names(self) -> &'static BTreeSet<&'static str> {
        static HUB: LazyLock<BTreeSet<&str>> = LazyLock::new(|| {
            let paired = pairs().map(|pair| pair.hub).chain([STORAGE_TYPE]);
            paired.chain(hub_only().map(|field| field.path)).collect()
        });
        static SPOKE: LazyLock<BTreeSet<&str>> =
            LazyLock::new(|| pairs().map(|pair| pair.spoke).chain([SPEC]).collect());
        match self {
            Self::Hub => &HUB,
            Self::Spoke => &SPOKE,
        }
    }

    /// The field that an annotation keeps of this side, if it does.
    fn field(self, annotation: &str) -> Option<&'static str> {
        let name = annotation.strip_prefix(self.prefix())?;
        self.names().get(name).copied()
    }
}

/// The side and the field that an annotation is of; `None` where it is not
/// Stow's.
pub(super) fn owner(annotation: &str) -> Option<(Side, &'static str)> {
    [Side::Hub, Side::Spoke]
        .into_iter()
        .find_map(|side| Some((side, side.field(annotation)?)))
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
    /// The text of the value, where that is an outline alone.
    pub(super) text: Option<String>,
}

impl Remembered {
    /// What a tree can hold.
    pub(super) fn of(value: Option<Value>, shown: Option<Value>) -> Self {
        let text = None;
        Self { value, shown, text }
    }

    /// Reads what no tree can hold.
    fn outlined(annotation: &str) -> Option<Self> {
        let mut fields: BTreeMap<String, &RawValue> = serde_json::from_str(annotation).ok()?;
        let value = fields.remove("value")?;
        if !is_readable(value.get()) {
            return None;
        }
        let value = Outline::of(value);
        let shown = fields.remove("shown");
        let shown = shown.map(|shown| serde_json::from_str(shown.get()));
        fields.is_empty().then_some(Self {
            value: Some(value.tree),
            shown: shown.transpose().ok()?,
            text: value.text,
        })
    }
}

/// The annotations of one side, by field.
pub(super) struct Memory {
    side: Side,
    texts: BTreeMap<&'static str, String>,
    /// Whether what no tree can hold is recalled too.
    deep: bool,
}

impl Memory {
    pub(super) fn new(side: Side) -> Self {
        Self {
            side,
            texts: BTreeMap::new(),
            deep: false,
        }
    }

    /// The same, for whoever takes a text where no tree can hold a value.
    pub(super) fn with_texts(self) -> Self {
        let deep = true;
        Self { deep, ..self }
    }

    /// Reads a side's annotations, without taking them out.
    pub(super) fn read(side: Side, object: &Object) -> Self {
        let mut memory = Self::new(side);
        let annotations = object
            .get("metadata")
            .and_then(|metadata| metadata.get("annotations"))
            .and_then(Value::as_object);
        for (key, value) in annotations.into_iter().flatten() {
            if let (Some(field), Some(text)) = (side.field(key), value.as_str()) {
                memory.note(field, Some(text.to_owned()));
            }
        }
        memory
    }

    /// Takes over the text of an annotation, or, where it holds no text, that
    /// there is none.
    pub(super) fn note(&mut self, field: &'static str, text: Option<String>) {
        match text {
            Some(text) => self.texts.insert(field, text),
            None => self.texts.remove(field),
        };
    }

    /// The annotations, by name.
    pub(super) fn annotations(&self) -> impl ExactSizeIterator<Item = (String, &str)> {
        let prefix = self.side.prefix();
        let texts = self.texts.iter();
        texts.map(move |(field, text)| (format!("{prefix}{field}"), text.as_str()))
    }

    /// Writes what is remembered into the object's annotations. Where metadata
    /// or annotations are no objects there is no place for it.
    pub(super) fn write(&self, object: &mut Object) {
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
        for (name, text) in self.annotations() {
            annotations.insert(name, text.into());
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
        let annotation = self.texts.get(name)?;
        let remembered = match serde_json::from_str(annotation) {
            Ok(Value::Object(mut fields)) => {
                let (value, shown) = (fields.remove("value"), fields.remove("shown"));
                let known = fields.is_empty();
                known.then(|| Remembered::of(value, shown))
            }
            Err(_) if self.deep => Remembered::outlined(annotation),
            Ok(_) | Err(_) => None,
        }?;
        let live = remembered.shown.as_ref() == shown;
        let sound = remembered.value.as_ref().is_none_or(typed);
        (live && sound).then_some(remembered)
    }

    /// Remembers a field that the other side shows differently.
    pub(super) fn remember(&mut self, name: &'static str, remembered: Remembered) {
        let Remembered { value, shown, text } = remembered;
        if let Some(text) = text {
            let shown = shown.map_or_else(String::new, |shown| format!("\"shown\":{shown},"));
            self.texts
                .insert(name, format!("{{{shown}\"value\":{text}}}"));
            return;
        }
        let fields = [("value", value), ("shown", shown)];
        let fields = fields
            .into_iter()
            .filter_map(|(key, value)| Some((key.to_owned(), value?)));
        self.keep(name, &fields.collect());
    }
}

/// The spoke's spec, where it was no object, and the hub still shows `hub`.
pub(super) fn stray_spec(spoke: &Memory, hub: Option<&Object>) -> Option<Outline> {
    // The hub of such a spoke has fields or no spec. An empty one is an edit.
    if hub.is_some_and(Object::is_empty) {
        return None;
    }
    let hub = hub.cloned().map(Value::Object);
    let no_spec = |value: &Value| !value.is_object() && !value.is_null();
    let Remembered { value, text, .. } = spoke.recall(SPEC, hub.as_ref(), no_spec)?;
    value.map(|tree| Outline { tree, text })
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
        annotations.retain(|name, _| owner(name).is_none());
        if annotations.is_empty() && before > 0 {
            metadata.remove("annotations");
        }
    }
    memory
}
