//! What of an object another version cannot say. Conversion keeps it in an
//! annotation, or drops what the API server would drop, as a stored object needs.
//! A manifest is no stored object: whoever keeps one has to hear of it.
//!
//! Nothing here may be asked by what converts.

use std::fmt;

use serde_json::Value;

use super::deep::Texts;
use super::fields::{Pair, STORAGE_TYPE, Shape, hub_only, pairs, typed_spec};
use super::memory::{Memory, SPEC, Side, owner, take};
use super::{Object, Way};
use crate::{HUB, SPOKE, SPOKE_PREFIX};

/// How much of a value is shown to people: it can be of any size.
const SHOWN: usize = 120;

/// A field that conversion does not say in the other version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsaid {
    /// Where it stands, such as `spec.ha`.
    pub field: String,
    /// Its value as JSON text; `None` where it is its absence.
    pub text: Option<String>,
    /// Why.
    why: Why,
    way: Way,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Why {
    /// The other version has no field for it, or none for such a value.
    NoWord,
    /// No value of its field; what to write instead.
    Unusable(&'static str),
    /// A value of another type than its field has.
    WrongType,
    /// A null, which removes a field in a patch.
    Null,
    /// No field of its own version.
    NoField,
    /// Its absence means something else in the other version.
    Absent,
    /// An annotation of ours that holds nothing that can be used.
    Annotation,
}

impl Unsaid {
    /// Whether conversion keeps it in an annotation. Else it is lost.
    pub fn is_kept(&self) -> bool {
        match self.why {
            Why::NoWord | Why::Unusable(_) | Why::Absent => true,
            Why::WrongType | Why::Null | Why::NoField | Why::Annotation => false,
        }
    }
}

impl fmt::Display for Unsaid {
    /// One sentence: the field, what it holds, and what to do.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (from, to) = match self.way {
            Way::Up => (SPOKE, HUB),
            Way::Down => (HUB, SPOKE),
        };
        let Self { field, text, .. } = self;
        let text = text.as_deref().unwrap_or_default();
        let mut shown: String = text.chars().take(SHOWN).collect();
        if shown.len() < text.len() {
            shown.push('…');
        }
        match self.why {
            Why::NoWord => write!(f, "{field} is {shown}, which {to} cannot say: take it out"),
            Why::Unusable(write) => {
                write!(
                    f,
                    "{field} is {shown}, which {to} cannot say: write {write}"
                )
            }
            Why::WrongType => write!(
                f,
                "{field} is {shown}, which is not of the type that it has in {from}: write one \
                 that is"
            ),
            Why::Null => write!(
                f,
                "{field} is null, which takes a field out where this is a patch, and would be \
                 lost: take it out, or write this document in {to} by hand"
            ),
            Why::NoField => write!(
                f,
                "{field} is {shown}, and is no field of {from}: take it out, or write this \
                 document in {to} by hand"
            ),
            Why::Absent => write!(
                f,
                "{field} is not stated, and {to} cannot say so: state gp2, or io1 where there \
                 are iops"
            ),
            Why::Annotation => write!(f, "{field} is {shown}, which means nothing: take it out"),
        }
    }
}

/// What of an object the version `desired` would not say in its fields. Another
/// spelling of the same value, such as `storage: 10` for `"10"`, is nothing of
/// that kind, though conversion keeps it as well.
pub fn unsaid(object: &Value, desired: &str) -> Vec<Unsaid> {
    let way = Way::between(object.get("apiVersion"), object.get("kind"), desired);
    let (Ok(Some(way)), Some(object)) = (way, object.as_object()) else {
        return Vec::new();
    };
    let mut found = Found {
        way,
        all: Vec::new(),
    };
    let remembered = Memory::read(way.remembered(), object);
    let spec = object.get(SPEC);
    match spec {
        Some(Value::Null) => found.add(SPEC, None, Why::Null),
        Some(Value::Object(fields)) => found.lost(SPEC, fields, &way.own_fields(fields)),
        Some(stray) if matches!(way, Way::Down) => found.add(SPEC, Some(stray), Why::WrongType),
        _ => {}
    }
    let converted = way.convert(spec.cloned(), &Texts::new(), &remembered);
    let there = converted.spec.as_ref().and_then(Value::as_object);
    found.annotations(object, there);
    found.kept(&converted.fresh);
    found.all
}

/// Takes all annotations out that conversion has written.
pub fn forget(object: &mut Value) {
    if let Some(object) = object.as_object_mut() {
        take(Side::Hub, object);
    }
}

/// Whether a version has a field of that name in its spec.
pub fn is_field(version: &str, name: &str) -> bool {
    match version.rsplit('/').next() {
        Some(SPOKE) => pairs().any(|pair| pair.spoke == name),
        Some(HUB) => {
            let paired = pairs().any(|pair| pair.hub == name);
            let first = |path: &str| path.split('.').next() == Some(name);
            paired || name == STORAGE_TYPE || hub_only().any(|field| first(field.path))
        }
        _ => false,
    }
}

impl Way {
    /// A spec with what the version has at this way's beginning.
    fn own_fields(self, spec: &Object) -> Object {
        match self {
            Self::Up => {
                let mut own = spec.clone();
                own.retain(|name, _| pairs().any(|pair| pair.spoke == name));
                own
            }
            Self::Down => typed_spec(Value::Object(spec.clone())).unwrap_or_default(),
        }
    }

    /// Whether there is such a field where this way begins.
    fn has(self, path: &str) -> bool {
        let Some(path) = path.strip_prefix("spec.") else {
            return false;
        };
        match self {
            Self::Up => is_field(SPOKE, path),
            Self::Down => is_field(HUB, path) || hub_only().any(|field| field.path == path),
        }
    }
}

/// What was found on one way.
struct Found {
    way: Way,
    all: Vec<Unsaid>,
}

impl Found {
    fn add(&mut self, field: &str, value: Option<&Value>, why: Why) {
        // A part of it says more than the whole.
        let told = |it: &Unsaid| {
            let rest = it.field.strip_prefix(field);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        if self.all.iter().any(told) {
            return;
        }
        self.all.push(Unsaid {
            field: field.to_owned(),
            text: value.map(Value::to_string),
            why,
            way: self.way,
        });
    }

    /// What stands in no field of its own version, and every null.
    fn lost(&mut self, under: &str, spec: &Object, own: &Object) {
        for (name, value) in spec {
            let path = format!("{under}.{name}");
            match (value, own.get(name)) {
                (Value::Null, _) => self.add(&path, None, Why::Null),
                (Value::Object(fields), Some(Value::Object(own))) => self.lost(&path, fields, own),
                (_, Some(_)) => {}
                (value, None) if self.way.has(&path) => {
                    self.add(&path, Some(value), Why::WrongType);
                }
                (value, None) => self.add(&path, Some(value), Why::NoField),
            }
        }
    }

    /// Annotations that ought to become fields, and do not.
    fn annotations(&mut self, object: &Object, there: Option<&Object>) {
        let metadata = object.get("metadata");
        let annotations = metadata
            .and_then(|metadata| metadata.get("annotations"))
            .and_then(Value::as_object);
        for (name, text) in annotations.into_iter().flatten() {
            let Some((side, field)) = owner(name) else {
                continue;
            };
            if side != self.way.remembered() {
                continue;
            }
            let value = text.as_str().map(serde_json::from_str::<Value>);
            let used = match value {
                Some(Ok(value)) => hub_only()
                    .find(|it| side == Side::Hub && it.path == field)
                    .filter(|it| matches!(it.shape, Shape::Leaf(_)))
                    .is_none_or(|it| there.and_then(|spec| it.get(spec)) == Some(&value)),
                _ => false,
            };
            if !used {
                let field = format!("metadata.annotations[{name}]");
                self.add(&field, Some(text), Why::Annotation);
            }
        }
    }

    /// An annotation for which the spoke says what the hub does not, though both
    /// could. Conversion never writes one.
    fn forged(&mut self, side: Side, pair: &Pair, shown: Option<&Value>) {
        if side == Side::Hub {
            let field = format!("metadata.annotations[{SPOKE_PREFIX}{}]", pair.spoke);
            self.add(&field, shown, Why::Annotation);
        }
    }

    /// What conversion has kept, but for other spellings.
    fn kept(&mut self, fresh: &Memory) {
        for (annotation, _) in fresh.annotations() {
            let Some((side, name)) = owner(&annotation) else {
                continue;
            };
            let kept = fresh.plain(name).unwrap_or_default();
            let (value, shown) = (kept.get("value"), kept.get("shown"));
            let path = format!("spec.{name}");
            let pair = pairs().find(|pair| pair.named(side) == name);
            match (side, pair) {
                (_, Some(pair)) => {
                    let Some(value) = value else {
                        self.forged(side, pair, shown);
                        continue;
                    };
                    let (says, why) = match side {
                        Side::Spoke => (pair.up, Why::Unusable(pair.write)),
                        Side::Hub => (pair.down, Why::NoWord),
                    };
                    let sound = side == Side::Hub || (pair.usable)(value);
                    if !(sound && shown.is_some() && says(value).as_ref() == shown) {
                        self.add(&path, Some(value), why);
                    }
                }
                (Side::Spoke, None) => {
                    let write = "a map of fields, such as size and storage";
                    self.add(SPEC, value, Why::Unusable(write));
                }
                (Side::Hub, None) if name == STORAGE_TYPE => {
                    let why = if value.is_some() {
                        Why::NoWord
                    } else {
                        Why::Absent
                    };
                    self.add(&path, value, why);
                }
                (Side::Hub, None) => self.add(&path, Some(&kept), Why::NoWord),
            }
        }
    }
}

impl Pair {
    /// Its name on a side.
    fn named(&self, side: Side) -> &'static str {
        match side {
            Side::Hub => self.hub,
            Side::Spoke => self.spoke,
        }
    }
}
