//! An object's text where it holds what no tree can: slower than the one pass, and
//! for any JSON object.
//!
//! Nothing here may refuse an object for what stands in one of its fields.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use super::{Lax, Members, Metadata, ObjectText};
use crate::convert::deep::Outline;
use crate::convert::memory::SPEC;

/// Reads an object; nothing where the text is no JSON object.
pub(super) fn read(text: &str) -> Option<ObjectText<'_>> {
    let mut object = ObjectText::default();
    for (name, raw) in members(text)? {
        match &*name {
            "apiVersion" => object.api_version = Some(Outline::of(raw).tree),
            "kind" => object.kind = Some(Outline::of(raw).tree),
            "metadata" => object.metadata = Some(metadata(raw)),
            "spec" => spec(raw, &mut object),
            _ => object.rest.push((name, raw)),
        }
    }
    Some(object)
}

fn members(text: &str) -> Option<Members<'_>> {
    let Lax::Object(members) = serde_json::from_str(text).ok()? else {
        return None;
    };
    Some(members)
}

fn spec(raw: &RawValue, object: &mut ObjectText<'_>) {
    object.texts.clear();
    let whole = Outline::of(raw);
    if let Some(text) = whole.text {
        match serde_json::from_str::<BTreeMap<String, &RawValue>>(&text) {
            Ok(members) => {
                let deep = members.into_iter().filter_map(|(name, value)| {
                    let text = Outline::of(value).text?;
                    Some((name, text))
                });
                object.texts.extend(deep);
            }
            Err(_) => drop(object.texts.insert(SPEC.to_owned(), text)),
        }
    }
    object.spec = Some(whole.tree);
}

fn metadata(raw: &RawValue) -> Lax<'_, Metadata<'_>> {
    let Some(all) = members(raw.get()) else {
        return odd(raw);
    };
    let mut metadata = Metadata::default();
    for (name, raw) in all {
        match &*name {
            "annotations" => {
                let annotations = members(raw.get());
                metadata.annotations = Some(annotations.map_or_else(|| odd(raw), Lax::Object));
            }
            _ => metadata.rest.push((name, raw)),
        }
    }
    Lax::Object(metadata)
}

fn odd<T>(raw: &RawValue) -> Lax<'_, T> {
    match serde_json::from_str(raw.get()) {
        Ok(value) => Lax::Other(value),
        Err(_) => Lax::Deep(raw),
    }
}
