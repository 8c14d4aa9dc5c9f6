//! An object as JSON text: what conversion does not change is copied, and never
//! becomes a tree.
//!
//! That is most of an object: metadata with its managed fields, and status. It
//! is faster, and keeps what a tree cannot hold: numbers of any size, nesting of
//! any depth. Nothing here may decide what a field becomes.
//!
//! Where a name stands twice in an object, the last one counts, as in a tree.

mod lenient;
mod read;
mod write;

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use self::write::{Writer, write_json};
use super::deep::Texts;
use super::memory::{self, Memory};
use super::{ConvertError, Converted, Way};

/// An object of any version, read from JSON text in one pass.
///
/// It can be deserialized by `serde_json` from text and by nothing else, since it
/// borrows parts of that.
#[derive(Debug, Default)]
pub struct ObjectText<'a> {
    api_version: Option<Value>,
    kind: Option<Value>,
    metadata: Option<Lax<'a, Metadata<'a>>>,
    spec: Option<Value>,
    /// Of what in the spec the tree is an outline alone.
    texts: Texts,
    rest: Members<'a>,
}

/// A member of a JSON object, its value as it was written.
type Member<'a> = (Cow<'a, str>, &'a RawValue);

type Members<'a> = Vec<Member<'a>>;

/// What should be an object, and may be anything.
#[derive(Debug)]
enum Lax<'a, T> {
    Object(T),
    /// A null, or what has no business there.
    Other(Value),
    /// What has no business there, and no tree can hold.
    Deep(&'a RawValue),
}

#[derive(Debug, Default)]
struct Metadata<'a> {
    annotations: Option<Lax<'a, Members<'a>>>,
    rest: Members<'a>,
}

impl<'a> ObjectText<'a> {
    /// Reads one object.
    ///
    /// # Errors
    /// Where the text is no JSON object.
    pub fn parse(text: &'a str) -> Result<Self, ConvertError> {
        if !text.trim_start().starts_with('{') {
            return Err(ConvertError::NotAnObject);
        }
        // Nearly all objects are what a tree can hold, all of it.
        serde_json::from_str(text).or_else(|error| {
            let unreadable = || ConvertError::Unreadable(error.to_string());
            lenient::read(text).ok_or_else(unreadable)
        })
    }

    /// What people call it, as far as it says: `PostgresDB default/orders`.
    pub fn name(&self) -> Option<String> {
        let Some(Lax::Object(metadata)) = &self.metadata else {
            return None;
        };
        let rest = &metadata.rest;
        let text = |name: &str| text_of(rest.iter().rfind(|(key, _)| key == name)?.1);
        let kind = self.kind.as_ref().and_then(Value::as_str);
        let kind = kind.unwrap_or("object");
        let name = text("name")?;
        Some(match text("namespace") {
            Some(namespace) => format!("{kind} {namespace}/{name}"),
            None => format!("{kind} {name}"),
        })
    }

    /// Appends the object in the version `desired`, such as `myob.com/v1beta1`.
    /// It is the object that [`super::convert`] makes of the same as a tree.
    ///
    /// # Errors
    /// As [`super::convert`]. Nothing is appended then.
    pub fn convert(self, desired: &str, out: &mut Vec<u8>) -> Result<(), ConvertError> {
        let way = Way::between(self.api_version.as_ref(), self.kind.as_ref(), desired)?;
        let (spec, texts, fresh) = match way {
            None => (self.spec, self.texts, None),
            Some(way) => {
                let remembered = remembered(self.metadata.as_ref(), way);
                let Converted { spec, texts, fresh } =
                    way.convert(self.spec, &self.texts, &remembered);
                (spec, texts, Some(fresh))
            }
        };
        let mut object = Writer::begin(out);
        object.value("apiVersion", desired);
        if let Some(kind) = &self.kind {
            object.value("kind", kind);
        }
        let place = object.place("metadata");
        write_metadata(self.metadata.as_ref(), fresh.as_ref(), place);
        if let Some(spec) = &spec {
            write_spec(spec, &texts, object.place(memory::SPEC));
        }
        object.members(&self.rest);
        object.end();
        Ok(())
    }
}

/// What an object remembers of the side that it is converted to.
fn remembered(metadata: Option<&Lax<'_, Metadata<'_>>>, way: Way) -> Memory {
    let mut memory = Memory::new(way.remembered()).with_texts();
    if let Some(Lax::Object(metadata)) = metadata
        && let Some(Lax::Object(annotations)) = &metadata.annotations
    {
        for (key, raw) in annotations {
            if let Some((side, field)) = memory::owner(key)
                && side == way.remembered()
            {
                memory.note(field, text_of(raw).map(Cow::into_owned));
            }
        }
    }
    memory
}

/// A JSON string's text; nothing of any other value.
fn text_of(raw: &RawValue) -> Option<Cow<'_, str>> {
    #[derive(Deserialize)]
    struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

    let text: Text<'_> = serde_json::from_str(raw.get()).ok()?;
    Some(text.0)
}

/// Writes a spec, and what its tree is an outline of in its own text.
fn write_spec(spec: &Value, texts: &Texts, out: &mut Vec<u8>) {
    if texts.is_empty() {
        return write_json(spec, out);
    }
    if let Some(text) = texts.get(memory::SPEC) {
        return out.extend_from_slice(text.as_bytes());
    }
    let mut object = Writer::begin(out);
    for (name, value) in spec.as_object().into_iter().flatten() {
        match texts.get(name) {
            Some(text) => object.place(name).extend_from_slice(text.as_bytes()),
            None => object.value(name, value),
        }
    }
    object.end();
}

/// Writes metadata, which every answer has. `fresh` takes the place of what
/// Stow remembered there; where there is none, nothing changes.
fn write_metadata(
    metadata: Option<&Lax<'_, Metadata<'_>>>,
    fresh: Option<&Memory>,
    out: &mut Vec<u8>,
) {
    let (annotations, rest) = match metadata {
        Some(Lax::Object(Metadata { annotations, rest })) => {
            (annotations.as_ref(), rest.as_slice())
        }
        None | Some(Lax::Other(Value::Null)) => (None, [].as_slice()),
        Some(Lax::Other(odd)) => return write_json(odd, out),
        Some(Lax::Deep(odd)) => return out.extend_from_slice(odd.get().as_bytes()),
    };
    let mut object = Writer::begin(out);
    object.members(rest);
    write_annotations(annotations, fresh, &mut object);
    object.end();
}

fn write_annotations(
    annotations: Option<&Lax<'_, Members<'_>>>,
    fresh: Option<&Memory>,
    metadata: &mut Writer<'_>,
) {
    const NAME: &str = "annotations";

    let remembers = fresh.is_some_and(|fresh| fresh.annotations().len() > 0);
    let members = match annotations {
        Some(Lax::Object(members)) => members.as_slice(),
        None | Some(Lax::Other(Value::Null)) if remembers => &[],
        None => return,
        Some(Lax::Other(odd)) => return metadata.value(NAME, odd),
        Some(Lax::Deep(odd)) => return metadata.member(NAME, odd),
    };
    let keeps = |key: &str| fresh.is_none() || memory::owner(key).is_none();
    // Emptied, they would be a difference from an object that never had any.
    let emptied = !members.is_empty() && !members.iter().any(|(key, _)| keeps(key));
    if emptied && !remembers {
        return;
    }
    let mut object = Writer::begin(metadata.place(NAME));
    for (key, raw) in members {
        if keeps(key) {
            object.member(key, raw);
        }
    }
    for (name, text) in fresh.into_iter().flat_map(Memory::annotations) {
        object.value(&name, text);
    }
    object.end();
}
