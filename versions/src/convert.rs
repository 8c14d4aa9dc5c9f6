//! Conversion between the versions of `PostgresDB`.
//!
//! Nothing here may validate, default, or fail for what an object holds: one
//! object that does not convert fails the whole list that it is read in.
//! Nothing may be invented either: server-side apply converts objects that are
//! pruned to a few fields, without a spec or even metadata.
//!
//! v1beta1 is the hub, v1alpha1 the spoke. What one side cannot say is kept in
//! an annotation on the other, one for each field, because a single one for all
//! would keep server-side apply from removing any of them. `fields` decides for
//! each field of the hub how it is said in the spoke; `up` and `down` apply
//! that to a spec; `memory` reads and writes the annotations.
//!
//! An object comes in one of two forms, and both leave it to `up` and `down`:
//! [`convert`] takes a tree, which is what clients and YAML readers give, and
//! [`ObjectText`] takes JSON text, which is what the webhook gets, and copies
//! what does not change.

mod deep;
mod down;
mod fields;
mod memory;
mod ownership;
mod text;
mod unsaid;
mod unusable;
mod up;

pub use ownership::managed_fields;
pub use text::ObjectText;
pub use unsaid::{Unsaid, forget, is_field, unsaid};
pub use unusable::{Unusable, unusable};

use serde_json::{Map, Value};

use self::deep::Texts;
use self::memory::{Memory, Side};
use crate::{GROUP, KIND};

/// The fields of the spoke, each with what to write there, for a person.
pub(crate) fn spoke_fields() -> impl Iterator<Item = (&'static str, &'static str)> {
    fields::pairs().map(|pair| (pair.spoke, pair.write))
}

/// A JSON object.
type Object = Map<String, Value>;

/// Why an object cannot be converted at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConvertError {
    /// What was sent is not a JSON object.
    #[error("what was sent for conversion is not a JSON object")]
    NotAnObject,
    /// The object's text cannot be read.
    #[error("it cannot be read: {0}")]
    Unreadable(String),
    /// The object's own version is none that Stow knows.
    #[error(
        "cannot convert from apiVersion {0:?}: Stow knows {GROUP}/v1alpha1 and {GROUP}/v1beta1"
    )]
    UnknownVersion(String),
    /// The version asked for is none that Stow knows.
    #[error("cannot convert to apiVersion {0:?}: Stow knows {GROUP}/v1alpha1 and {GROUP}/v1beta1")]
    UnknownDesiredVersion(String),
    /// The object is of another kind.
    #[error("cannot convert kind {0:?}: Stow knows {KIND}")]
    OtherKind(String),
}

#[derive(Clone, Copy)]
enum Version {
    V1alpha1,
    V1beta1,
}

impl Version {
    fn parse(api_version: &str) -> Option<Self> {
        match api_version.strip_prefix(GROUP)? {
            "/v1alpha1" => Some(Self::V1alpha1),
            "/v1beta1" => Some(Self::V1beta1),
            _ => None,
        }
    }
}

/// The object in the version `desired`, such as `myob.com/v1beta1`.
///
/// All but `apiVersion`, `spec` and Stow's own annotations passes through as it
/// is. The answer always has `metadata`, since the API server insists on it. An
/// object in that version already is returned as it came. What an annotation keeps
/// and no tree can hold is left out: see [`ObjectText`].
pub fn convert(object: Value, desired: &str) -> Result<Value, ConvertError> {
    converted(object, desired, |remembered| remembered)
}

/// The same, with an outline in place of what no tree can hold: it tells where
/// something stands, and not what.
fn outlined(object: Value, desired: &str) -> Result<Value, ConvertError> {
    converted(object, desired, Memory::with_texts)
}

fn converted(
    object: Value,
    desired: &str,
    recalling: fn(Memory) -> Memory,
) -> Result<Value, ConvertError> {
    let Value::Object(mut object) = object else {
        return Err(ConvertError::NotAnObject);
    };
    let way = Way::between(object.get("apiVersion"), object.get("kind"), desired)?;

    let metadata = object.entry("metadata").or_insert(Value::Null);
    if metadata.is_null() {
        *metadata = Value::Object(Object::new());
    }
    if let Some(way) = way {
        let remembered = recalling(memory::take(way.remembered(), &mut object));
        let spec = object.remove(memory::SPEC);
        let converted = way.convert(spec, &Texts::new(), &remembered);
        if let Some(spec) = converted.spec {
            object.insert(memory::SPEC.to_owned(), spec);
        }
        converted.fresh.write(&mut object);
    }
    object.insert("apiVersion".to_owned(), desired.into());
    Ok(Value::Object(object))
}

/// What becomes of a spec.
struct Converted {
    spec: Option<Value>,
    /// Of what in it the tree is an outline alone.
    texts: Texts,
    /// The annotations to write, in place of all of Stow's that were there.
    fresh: Memory,
}

/// From which side to which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Up,
    Down,
}

impl Way {
    /// The way of an object that says so of itself; `None` where it is in the
    /// version `desired` already.
    fn between(
        own: Option<&Value>,
        kind: Option<&Value>,
        desired: &str,
    ) -> Result<Option<Self>, ConvertError> {
        // A partial object may lack its kind; what it says it is, it must be.
        if let Some(kind) = kind.filter(|kind| *kind != KIND) {
            return Err(ConvertError::OtherKind(shown(Some(kind))));
        }
        let from = own
            .and_then(Value::as_str)
            .and_then(Version::parse)
            .ok_or_else(|| ConvertError::UnknownVersion(shown(own)))?;
        let to = Version::parse(desired)
            .ok_or_else(|| ConvertError::UnknownDesiredVersion(desired.to_owned()))?;
        Ok(match (from, to) {
            (Version::V1alpha1, Version::V1beta1) => Some(Self::Up),
            (Version::V1beta1, Version::V1alpha1) => Some(Self::Down),
            (Version::V1alpha1, Version::V1alpha1) | (Version::V1beta1, Version::V1beta1) => None,
        })
    }

    /// The side whose words are remembered where this way begins.
    fn remembered(self) -> Side {
        match self {
            Self::Up => Side::Hub,
            Self::Down => Side::Spoke,
        }
    }

    fn convert(self, spec: Option<Value>, texts: &Texts, remembered: &Memory) -> Converted {
        match self {
            Self::Up => up::up(spec, texts, remembered),
            Self::Down => down::down(spec, remembered),
        }
    }
}

/// A value as an error shows it: a text without its quotes, and of anything
/// else no more than its type, since it can be of any size.
fn shown(value: Option<&Value>) -> String {
    match value {
        None => "(none)",
        Some(Value::String(text)) => text,
        Some(Value::Null) => "(null)",
        Some(Value::Bool(_)) => "(a boolean)",
        Some(Value::Number(_)) => "(a number)",
        Some(Value::Array(_)) => "(a list)",
        Some(Value::Object(_)) => "(an object)",
    }
    .to_owned()
}
