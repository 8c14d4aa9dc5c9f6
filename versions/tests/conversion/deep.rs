//! What no tree can hold comes back as it was, and fails nobody.

use std::collections::BTreeMap;
use std::thread;

use proptest::prelude::*;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use stow_versions::convert::{ConvertError, unusable};

use crate::cases;
use crate::generate::spoke;
use crate::objects::{HUB, SPOKE};
use crate::text::as_text;

const FIELDS: [&str; 5] = ["size", "storage", "iops", "ha", "tags"];

fn lists(depth: usize) -> String {
    format!("{}{}", "[".repeat(depth), "]".repeat(depth))
}

fn maps(depth: usize) -> String {
    format!("{}5{}", "{\"a\":".repeat(depth), "}".repeat(depth))
}

/// An object with that text as its spec.
fn object(version: &str, spec: &str) -> String {
    format!(r#"{{"apiVersion":"{version}","metadata":{{}},"spec":{spec}}}"#)
}

fn members(text: &str) -> BTreeMap<String, Box<RawValue>> {
    serde_json::from_str(text).expect("an object")
}

/// The text of an object's spec.
fn spec(text: &str) -> String {
    members(text)["spec"].get().to_owned()
}

#[test]
fn any_depth_goes_up_and_comes_back_byte_for_byte() {
    let deep = [lists(128), lists(9_990), maps(127), maps(5_000)];
    for text in deep {
        for field in FIELDS.into_iter().chain(["other"]) {
            let written = format!(r#"{{"{field}":{text},"size\u0032":1}}"#);
            let there = as_text(&object(SPOKE, &written), HUB).unwrap();
            assert!(spec(&there).len() < 20, "{field}");
            let back = as_text(&there, SPOKE).unwrap();
            let back = members(&spec(&back));
            if field == "other" {
                // The API server prunes it before conversion sees it.
                assert!(!back.contains_key(field));
                continue;
            }
            assert_eq!(back[field].get(), text, "{field}");
            let settled = as_text(&as_text(&there, SPOKE).unwrap(), HUB).unwrap();
            assert_eq!(settled, there, "{field}");
        }
        let whole = text.replace("{\"a\":", "[").replace('}', "]");
        let there = as_text(&object(SPOKE, &whole), HUB).unwrap();
        assert!(!members(&there).contains_key("spec"));
        assert_eq!(spec(&as_text(&there, SPOKE).unwrap()), whole);
        let written = format!(r#"{{"b":[{text}],"a":"x"}}"#);
        for version in [SPOKE, HUB] {
            let same = as_text(&object(version, &written), version).unwrap();
            let (same, written) = (members(&spec(&same)), members(&written));
            assert_eq!(same["b"].get(), written["b"].get());
            assert_eq!(same["a"].get(), written["a"].get());
        }
    }
}

/// An object of a megabyte that is nothing but depth, on a stack that is none.
#[test]
fn no_depth_takes_a_stack_of_its_own() {
    let convert = || {
        for spec in [lists(500_000), format!(r#"{{"ha":{}}}"#, lists(500_000))] {
            let there = as_text(&object(SPOKE, &spec), HUB).unwrap();
            // Which no API server could have sent, and none could read.
            let back = as_text(&there, SPOKE).unwrap();
            assert!(back.len() < 200, "{back}");
        }
    };
    let small = thread::Builder::new().stack_size(1 << 20);
    small.spawn(convert).unwrap().join().unwrap();
}

#[test]
fn what_lies_beside_it_means_what_it_meant() {
    let deep = lists(300);
    let spoke = format!(
        r#"{{"size":"db.t3.small","storage":"10","iops":{deep},"tags":{{"a":"b","c":{deep}}}}}"#
    );
    let there = as_text(&object(SPOKE, &spoke), HUB).unwrap();
    let hub: Value = serde_json::from_str(&there).unwrap();
    // IOPS that mean nothing are IOPS: no storage type is derived.
    let expected = json!({"size": "db.t3.small", "storage": "10Gi", "tags": {"a": "b"}});
    assert_eq!(hub["spec"], expected);
    let told = unusable(&hub);
    let told: Vec<_> = told.iter().map(|unusable| unusable.field).collect();
    assert_eq!(told, ["iops", "tags"]);
    let text = unusable(&hub)[0].to_string();
    assert!(
        text.starts_with("v1alpha1 spec.iops is [[[") && text.len() < 400,
        "{text}"
    );

    // An edit of the hub wins, and leaves the rest.
    let mut edited = hub.clone();
    edited["spec"]["tags"] = json!({"a": "c"});
    let back = spec(&as_text(&edited.to_string(), SPOKE).unwrap());
    assert_eq!(members(&back)["tags"].get(), r#"{"a":"c"}"#);
    assert_eq!(members(&back)["iops"].get(), deep);
}

#[test]
fn the_hub_loses_what_has_not_its_type_and_no_more() {
    let deep = lists(300);
    let hub = format!(
        r#"{{"size":{deep},"multiAZ":true,"tags":{{"a":{deep}}},"network":{{"subnetGroup":"x","securityGroups":{deep}}},"restoreFrom":{{"pointInTime":{{"object":{deep},"time":"t"}}}},"other":{deep}}}"#
    );
    let there = as_text(&object(HUB, &hub), SPOKE).unwrap();
    let there: Value = serde_json::from_str(&there).unwrap();
    assert_eq!(there["spec"], json!({"ha": true}));
    let annotations = json!({
        "hub.stow.myob.com/network.subnetGroup": "\"x\"",
        "hub.stow.myob.com/restoreFrom.pointInTime.time": "\"t\"",
    });
    assert_eq!(there["metadata"]["annotations"], annotations);
}

#[test]
fn what_is_no_spec_is_passed_on_or_told() {
    let deep = lists(300);
    let text =
        |rest: &str| format!(r#"{{"apiVersion":"{SPOKE}","spec":{{"size":{deep}}},{rest}}}"#);
    let kept = [
        format!(r#""metadata":{deep}"#),
        format!(r#""metadata":{{"annotations":{deep}}}"#),
        format!(r#""metadata":{{"labels":{deep},"annotations":{{"a":{deep}}}}}"#),
        format!(r#""metadata":{{}},"status":{deep}"#),
    ];
    for rest in kept {
        let there = as_text(&text(&rest), HUB).unwrap();
        assert!(there.contains(&deep), "{there}");
    }
    let other = as_text(&text(&format!(r#""kind":{deep}"#)), HUB).unwrap_err();
    assert_eq!(other, ConvertError::OtherKind("(a list)".into()));
    let cut = text(r#""metadata":{}"#);
    let failure = as_text(&cut[..cut.len() - 1], HUB).unwrap_err();
    assert!(matches!(failure, ConvertError::Unreadable(_)), "{failure}");

    // Whoever forges one gains nothing.
    let forged = json!({"apiVersion": SPOKE, "spec": {}, "metadata": {"annotations": {
        "hub.stow.myob.com/size": format!(r#"{{"value":{deep}}}"#),
        "hub.stow.myob.com/deletionPolicy": deep,
    }}});
    let there = as_text(&forged.to_string(), HUB).unwrap();
    assert_eq!(spec(&there), "{}");
}

/// Anybody can write an annotation, and one answer that an API server cannot read
/// fails a list.
#[test]
fn nothing_is_recalled_that_an_api_server_cannot_read() {
    for value in ["1e999".to_owned(), "[-1e400]".to_owned(), lists(9_991)] {
        for field in FIELDS.into_iter().chain(["spec"]) {
            let annotation = format!(r#"{{"value":{value}}}"#);
            let forged = json!({"apiVersion": HUB, "metadata": {"annotations": {
                format!("spoke.stow.myob.com/{field}"): annotation}}});
            let there = as_text(&forged.to_string(), SPOKE).unwrap();
            assert!(!members(&there).contains_key("spec"), "{there:.200}");
        }
    }
}

proptest! {
    #![proptest_config(cases())]

    /// As any other garbage of no type.
    #[test]
    fn what_no_tree_can_hold_is_garbage_like_any_other(
        mut y in spoke(),
        field in prop::sample::select(FIELDS.to_vec()),
        depth in 128..400_usize,
    ) {
        if !y["spec"].is_object() {
            y["spec"] = json!({});
        }
        y["spec"][field] = json!("the deep one");
        let text = y.to_string().replace(r#""the deep one""#, &lists(depth));
        y["spec"][field] = json!([null]);
        let there = as_text(&text, HUB).expect("it converts");
        let garbage = as_text(&y.to_string(), HUB).expect("it converts");
        let hub = |text: &str| members(text).remove("spec").map(|spec| spec.get().to_owned());
        prop_assert_eq!(hub(&there), hub(&garbage));
        let back = as_text(&there, SPOKE).expect("it converts");
        let (back, was) = (members(&spec(&back)), members(&spec(&text)));
        for field in FIELDS {
            let [is, was] = [&back, &was].map(|spec| spec.get(field).map(|raw| raw.get()));
            prop_assert_eq!(is, was, "{}", field);
        }
    }
}
