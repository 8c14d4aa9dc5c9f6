//! The one pass over an object's text: into what conversion looks at, and the
//! text of all the rest.
//!
//! Nothing here may refuse what a tree would take.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::SeqAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Number, Value};

use super::{Lax, Members, Metadata, ObjectText};

impl<'de: 'a, 'a> Deserialize<'de> for ObjectText<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor(PhantomData))
    }
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: FromMembers<'de>> Visitor<'de> for ObjectVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<T, A::Error> {
        T::read(members)
    }
}

/// What is read from the members of a JSON object.
trait FromMembers<'de>: Sized {
    fn read<A: MapAccess<'de>>(members: A) -> Result<Self, A::Error>;
}

/// The name of a member, borrowed unless it holds an escape.
#[derive(serde::Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de: 'a, 'a> FromMembers<'de> for ObjectText<'a> {
    fn read<A: MapAccess<'de>>(mut members: A) -> Result<Self, A::Error> {
        let mut object = Self::default();
        while let Some(Name(name)) = members.next_key()? {
            match &*name {
                "apiVersion" => object.api_version = Some(members.next_value()?),
                "kind" => object.kind = Some(members.next_value()?),
                "metadata" => object.metadata = Some(members.next_value()?),
                "spec" => object.spec = Some(members.next_value()?),
                _ => object.rest.push((name, members.next_value()?)),
            }
        }
        Ok(object)
    }
}

impl<'de: 'a, 'a> FromMembers<'de> for Metadata<'a> {
    fn read<A: MapAccess<'de>>(mut members: A) -> Result<Self, A::Error> {
        let mut metadata = Self::default();
        while let Some(Name(name)) = members.next_key()? {
            match &*name {
                "annotations" => metadata.annotations = Some(members.next_value()?),
                _ => metadata.rest.push((name, members.next_value()?)),
            }
        }
        Ok(metadata)
    }
}

impl<'de: 'a, 'a> FromMembers<'de> for Members<'a> {
    fn read<A: MapAccess<'de>>(mut members: A) -> Result<Self, A::Error> {
        let mut all = Vec::new();
        while let Some((Name(name), raw)) = members.next_entry()? {
            all.push((name, raw));
        }
        Ok(all)
    }
}

impl<'de, T: FromMembers<'de>> Deserialize<'de> for Lax<'_, T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LaxVisitor(PhantomData))
    }
}

struct LaxVisitor<'a, T>(PhantomData<Lax<'a, T>>);

impl<'de, 'a, T: FromMembers<'de>> Visitor<'de> for LaxVisitor<'a, T> {
    type Value = Lax<'a, T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Lax<'a, T>, A::Error> {
        T::read(members).map(Lax::Object)
    }

    fn visit_unit<E>(self) -> Result<Lax<'a, T>, E> {
        Ok(Lax::Other(Value::Null))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Lax<'a, T>, E> {
        Ok(Lax::Other(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Lax<'a, T>, E> {
        Ok(Lax::Other(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Lax<'a, T>, E> {
        Ok(Lax::Other(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Lax<'a, T>, E> {
        let number = Number::from_f64(value).ok_or_else(|| E::custom("no number"))?;
        Ok(Lax::Other(number.into()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Lax<'a, T>, E> {
        Ok(Lax::Other(value.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<Lax<'a, T>, A::Error> {
        Value::deserialize(SeqAccessDeserializer::new(items)).map(Lax::Other)
    }
}
