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

/// How many levels an API server reads of a value in a review: of the review itself
/// it reads 10,000.
const READ: usize = 9_990;

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

/// Whether an API server can read a JSON text. What it cannot read it has never
/// stored, and in an answer it would fail all objects beside it.
pub(super) fn is_readable(text: &str) -> bool {
    let mut depth = 0_usize;
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let start = text.len() - rest.len();
        rest = tail;
        match first {
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            b'"' => rest = past_string(tail),
            b'-' | b'0'..=b'9' => {
                let length = tail.iter().take_while(|&&byte| in_number(byte)).count();
                rest = &tail[length..];
                let number = text[start..=start + length].parse();
                if !number.is_ok_and(f64::is_finite) {
                    return false;
                }
            }
            _ => {}
        }
        if depth > READ {
            return false;
        }
    }
    true
}

fn in_number(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E')
}

/// What follows a string, of which the first quote is read.
fn past_string(text: &[u8]) -> &[u8] {
    let mut escaped = false;
    for (index, &byte) in text.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return &text[index + 1..],
            _ => {}
        }
    }
    &[]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_api_server_cannot_read_is_told_apart() {
        let lists = |depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        for readable in [
            lists(READ),
            r#"{"a":"[[\"{1e999\\","b":[1.5e-7,-0,18446744073709551615]}"#.to_owned(),
            format!("[{}]", vec![lists(9_000); 3].join(",")),
        ] {
            assert!(is_readable(&readable), "{readable:.40}");
        }
        for unreadable in [
            lists(READ + 1),
            "1e999".to_owned(),
            r#"{"a":["\"",-2E+400]}"#.to_owned(),
        ] {
            assert!(!is_readable(&unreadable), "{unreadable:.40}");
        }
    }
}
