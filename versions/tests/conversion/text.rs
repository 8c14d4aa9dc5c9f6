//! An object as text becomes what the same object becomes as a tree, however it
//! is written; and what does not change is not even written anew.

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::Value;
use stow_versions::convert::{ConvertError, ObjectText, convert};

use crate::cases;
use crate::generate::{hub, json, malformed_hub, malformed_spoke, spoke};
use crate::objects::{HUB, SPOKE};

pub(crate) fn as_text(text: &str, desired: &str) -> Result<String, ConvertError> {
    // A buffer that holds something already is appended to.
    let mut out = b"before".to_vec();
    let converted = ObjectText::parse(text).and_then(|object| object.convert(desired, &mut out));
    let out = String::from_utf8(out).expect("UTF-8");
    let answer = out.strip_prefix("before").expect("what stood there");
    match converted {
        Ok(()) => Ok(answer.to_owned()),
        Err(error) => {
            assert_eq!(answer, "", "a failure leaves nothing behind");
            Err(error)
        }
    }
}

/// Holds the text to what the tree becomes.
fn assert_agrees(text: &str, desired: &str) -> Result<(), TestCaseError> {
    let tree: Value = serde_json::from_str(text).expect("JSON");
    let answer = as_text(text, desired);
    prop_assert_eq!(&answer, &as_text(text, desired), "not the same bytes twice");
    let parsed = answer.map(|text| serde_json::from_str::<Value>(&text).expect("JSON"));
    prop_assert_eq!(parsed, convert(tree, desired), "{}", text);
    Ok(())
}

/// Choices of how to write a value, each used once and then again from the start.
struct Hand<'a> {
    choices: &'a [u8],
    next: usize,
}

impl Hand<'_> {
    fn choose(&mut self, sides: u8) -> u8 {
        let choice = self.choices[self.next % self.choices.len()];
        self.next += 1;
        choice % sides
    }

    fn space(&mut self, out: &mut String) {
        out.push_str(["", "", "", " ", "\n", "\t\r\n "][usize::from(self.choose(6))]);
    }

    fn text(&mut self, text: &str, out: &mut String) {
        out.push('"');
        for c in text.chars() {
            let plain = c >= ' ' && c != '"' && c != '\\';
            if plain && self.choose(8) != 0 {
                out.push(c);
                continue;
            }
            for unit in c.encode_utf16(&mut [0; 2]) {
                out.extend(["\\u", &format!("{unit:04X}")]);
            }
        }
        out.push('"');
    }

    fn value(&mut self, value: &Value, out: &mut String) {
        self.space(out);
        match value {
            Value::String(text) => self.text(text, out),
            Value::Array(items) => {
                out.push('[');
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    self.value(item, out);
                }
                out.push(']');
            }
            Value::Object(members) => self.object(members, out),
            other => out.push_str(&other.to_string()),
        }
        self.space(out);
    }

    /// Members in any order, some after another value of the same name.
    fn object(&mut self, members: &serde_json::Map<String, Value>, out: &mut String) {
        let mut members: Vec<_> = members.iter().collect();
        let turn = usize::from(self.choose(5));
        if !members.is_empty() {
            let turn = turn % members.len();
            members.rotate_left(turn);
        }
        out.push('{');
        for (index, (name, value)) in members.into_iter().enumerate() {
            if index > 0 {
                out.push(',');
            }
            if self.choose(12) == 0 {
                let former = [
                    "null",
                    "{}",
                    "5",
                    r#"{"a":[1]}"#,
                    r#""x""#,
                    r#"{"spec":{}}"#,
                ];
                let former = former[usize::from(self.choose(6))];
                self.space(out);
                self.text(name, out);
                out.extend([":", former, ","]);
            }
            self.space(out);
            self.text(name, out);
            self.space(out);
            out.push(':');
            self.value(value, out);
        }
        out.push('}');
    }
}

fn written(value: &Value, choices: &[u8]) -> String {
    let mut out = String::new();
    Hand { choices, next: 0 }.value(value, &mut out);
    out
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn up_as_text_is_up_as_a_tree(y in spoke(), hand in vec(any::<u8>(), 1..40)) {
        assert_agrees(&written(&y, &hand), HUB)?;
    }

    #[test]
    fn down_as_text_is_down_as_a_tree(x in hub(), hand in vec(any::<u8>(), 1..40)) {
        assert_agrees(&written(&x, &hand), SPOKE)?;
    }

    #[test]
    fn malformed_text_goes_up_as_a_malformed_tree(
        y in malformed_spoke(),
        hand in vec(any::<u8>(), 1..40),
    ) {
        assert_agrees(&written(&y, &hand), HUB)?;
        assert_agrees(&written(&y, &hand), SPOKE)?;
    }

    #[test]
    fn malformed_text_goes_down_as_a_malformed_tree(
        x in malformed_hub(),
        hand in vec(any::<u8>(), 1..40),
    ) {
        assert_agrees(&written(&x, &hand), SPOKE)?;
        assert_agrees(&written(&x, &hand), HUB)?;
    }

    #[test]
    fn any_json_as_text_is_answered_as_a_tree(
        value in json(),
        metadata in json(),
        hand in vec(any::<u8>(), 1..40),
        desired in "(myob.com/v1(alpha1|beta1)?)?",
    ) {
        assert_agrees(&written(&value, &hand), &desired)?;
        let mut object = serde_json::json!({"apiVersion": SPOKE, "spec": {"storage": 10}});
        object["metadata"] = metadata;
        assert_agrees(&written(&object, &hand), &desired)?;
    }

    #[test]
    fn text_that_is_no_json_is_refused(y in spoke(), at in any::<prop::sample::Index>()) {
        let text = y.to_string();
        let cut = &text[..text.floor_char_boundary(at.index(text.len()))];
        prop_assert!(as_text(cut, HUB).is_err());
        prop_assert!(as_text(&text.repeat(2), HUB).is_err());
    }
}

#[test]
fn what_does_not_change_is_copied_byte_for_byte() {
    let status =
        r#"{ "n": 1.50, "big": 1e400, "lots": 123456789012345678901234567890, "e": "\u00e4" }"#;
    let fields = r#"[ {"manager":"a", "fieldsV1":{"f:spec":{ ".":{} }}} ]"#;
    let note = r#""\u0041 note""#;
    for (from, to) in [(SPOKE, HUB), (HUB, SPOKE), (HUB, HUB)] {
        let text = format!(
            r#"{{"status":{status},"apiVersion":"{from}","metadata":{{"managedFields":{fields},"annotations":{{"n\u006fte":{note}}}}},"spec":{{"size":"db.t3.small"}}}}"#
        );
        let answer = as_text(&text, to).unwrap();
        for kept in [status, fields, note] {
            assert!(answer.contains(kept), "{answer}");
        }
    }
}

#[test]
fn names_are_read_whatever_their_escapes() {
    let text = format!(
        r#"{{"api\u0056ersion":"{SPOKE}","m\u0065tadata":{{"annot\u0061tions":{{"hub.stow.myob.com\/secretName":"\u0022a\u0022"}}}},"sp\u0065c":{{"stor\u0061ge":"1\u0030"}},"\u0022\n\\":5}}"#
    );
    let answer: Value = serde_json::from_str(&as_text(&text, HUB).unwrap()).unwrap();
    let expected = serde_json::json!({
        "apiVersion": HUB, "metadata": {},
        "spec": {"storage": "10Gi", "storageType": "gp2", "secretName": "a"},
        "\"\n\\": 5,
    });
    assert_eq!(answer, expected);
}

#[test]
fn of_a_name_that_stands_twice_the_last_counts() {
    let policy = "hub.stow.myob.com/deletionPolicy";
    let text = format!(
        r#"{{"apiVersion":"{SPOKE}","spec":5,"metadata":null,"metadata":{{"annotations":{{"a":"b"}},"annotations":{{"{policy}":"\"Delete\"","{policy}":5}}}},"spec":{{}}}}"#
    );
    let answer: Value = serde_json::from_str(&as_text(&text, HUB).unwrap()).unwrap();
    let expected = serde_json::json!({"apiVersion": HUB, "metadata": {}, "spec": {}});
    assert_eq!(answer, expected);
}

#[test]
fn a_text_says_what_its_object_is_called() {
    let name = |text: &str| ObjectText::parse(text).unwrap().name();
    let full =
        r#"{"metadata":{"namespace":"default","name":"x","name":"orders"},"kind":"PostgresDB"}"#;
    assert_eq!(name(full).as_deref(), Some("PostgresDB default/orders"));
    assert_eq!(
        name(r#"{"metadata":{"name":"a"}}"#).as_deref(),
        Some("object a")
    );
    for nameless in ["{}", r#"{"metadata":null}"#, r#"{"metadata":{"name":5}}"#] {
        assert_eq!(name(nameless), None, "{nameless}");
    }
}
