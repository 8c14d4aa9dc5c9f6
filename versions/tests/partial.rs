//! Objects with parts missing, as server-side apply sends them, and objects
//! with parts broken: all convert, and nothing is invented.

use serde_json::{Map, Value, json};
use stow_versions::convert::{convert, unusable};

const HUB: &str = "myob.com/v1beta1";
const SPOKE: &str = "myob.com/v1alpha1";

fn hub_sample() -> Value {
    json!({
        "apiVersion": HUB,
        "kind": "PostgresDB",
        "metadata": {
            "labels": {},
            "annotations": {
                "note": "mine",
                "spoke.stow.myob.com/storage": r#"{"shown":"1Ti","value":1024}"#,
                "spoke.stow.myob.com/ha": r#"{"value":"yes"}"#,
            },
        },
        "spec": {
            "size": "db.t3.small",
            "storage": "1Ti",
            "storageType": "gp3",
            "iops": 12000,
            "tags": {},
            "databaseName": "orders",
            "secretName": "orders-db",
        },
        "status": {},
    })
}

fn spoke_sample() -> Value {
    json!({
        "apiVersion": SPOKE,
        "kind": "PostgresDB",
        "metadata": {
            "labels": {},
            "annotations": {
                "note": "mine",
                "hub.stow.myob.com/storage": r#"{"shown":"1024","value":"1Ti"}"#,
                "hub.stow.myob.com/storageType": r#"{"shown":true,"value":"gp3"}"#,
                "hub.stow.myob.com/secretName": r#""orders-db""#,
            },
        },
        "spec": {
            "size": "db.t2.small",
            "storage": "1024",
            "iops": "1000",
            "ha": "yes",
            "tags": {"team": 5},
        },
        "status": {},
    })
}

/// The pointers of everything in an object but what it says it is.
fn pointers(value: &Value, path: &str, found: &mut Vec<String>) {
    for (name, inner) in value.as_object().into_iter().flatten() {
        let path = format!("{path}/{}", name.replace('/', "~1"));
        if path != "/apiVersion" && path != "/kind" {
            found.push(path.clone());
            pointers(inner, &path, found);
        }
    }
}

fn remove(object: &mut Value, pointer: &str) {
    let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
    if let Some(Value::Object(parent)) = object.pointer_mut(parent) {
        parent.remove(&name.replace("~1", "/"));
    }
}

fn spec(object: &Value) -> Map<String, Value> {
    object
        .get("spec")
        .and_then(Value::as_object)
        .cloned()
        .unwrap_or_default()
}

/// What may have said a field of the answer.
fn sources(field: &str, to: &str) -> Vec<String> {
    let (prefix, other) = match to {
        HUB => ("hub", if field == "multiAZ" { "ha" } else { field }),
        _ => ("spoke", if field == "ha" { "multiAZ" } else { field }),
    };
    let mut sources = vec![
        format!("/spec/{other}"),
        format!("/metadata/annotations/{prefix}.stow.myob.com~1{field}"),
    ];
    if field == "storageType" {
        sources.extend(["/spec/storage".to_owned(), "/spec/iops".to_owned()]);
    }
    sources
}

fn every_subset_converts(sample: &Value, to: &str) {
    let mut all = Vec::new();
    pointers(sample, "", &mut all);
    assert!(all.len() <= 16, "too many subsets: {}", all.len());
    for subset in 0..1_u32 << all.len() {
        let mut object = sample.clone();
        for (index, pointer) in all.iter().enumerate() {
            if subset & (1 << index) != 0 {
                remove(&mut object, pointer);
            }
        }
        let answer = convert(object.clone(), to).expect("a partial object converts");
        assert_eq!(answer["apiVersion"], to);
        assert!(answer["metadata"].is_object(), "{object}");
        assert_eq!(answer.get("status"), object.get("status"));
        assert_eq!(
            answer["metadata"].get("labels"),
            object.pointer("/metadata/labels")
        );
        let note = "/metadata/annotations/note";
        assert_eq!(answer.pointer(note), object.pointer(note));
        assert!(
            object.get("spec").is_none() || answer.get("spec").is_some(),
            "{object}"
        );
        for field in spec(&answer).keys() {
            let said = sources(field, to)
                .iter()
                .any(|source| object.pointer(source).is_some());
            assert!(said, "{field} is invented: {object}");
        }
        let _ = unusable(&answer);
    }
}

#[test]
fn property_02_every_subset_of_a_hub_object_converts() {
    every_subset_converts(&hub_sample(), SPOKE);
}

#[test]
fn property_02_every_subset_of_a_spoke_object_converts() {
    every_subset_converts(&spoke_sample(), HUB);
}

#[test]
fn every_prefix_of_an_annotation_is_taken_or_ignored() {
    for (sample, to) in [(hub_sample(), SPOKE), (spoke_sample(), HUB)] {
        let annotations = sample["metadata"]["annotations"]
            .as_object()
            .cloned()
            .unwrap_or_default();
        for (name, text) in annotations {
            let text = text.as_str().unwrap_or_default();
            if name == "note" {
                continue;
            }
            for end in 0..text.len() {
                let mut broken = sample.clone();
                broken["metadata"]["annotations"][&name] = text[..end].into();
                let mut without = sample.clone();
                remove(
                    &mut without,
                    &format!("/metadata/annotations/{}", name.replace('/', "~1")),
                );
                assert_eq!(
                    convert(broken, to),
                    convert(without, to),
                    "{name}: {}",
                    &text[..end]
                );
            }
        }
    }
}

#[test]
fn whatever_stands_in_the_place_of_metadata_stays_there() {
    for (version, to) in [(SPOKE, HUB), (HUB, SPOKE)] {
        let spec = json!({"size": "db.t2.small", "storage": 10, "iops": "lots", "secretName": "a"});
        for odd in [json!("text"), json!(5), json!([]), json!(true)] {
            let object = json!({"apiVersion": version, "metadata": odd, "spec": spec});
            assert_eq!(convert(object, to).unwrap()["metadata"], odd);

            let metadata = json!({"name": "orders", "annotations": odd});
            let object = json!({"apiVersion": version, "metadata": metadata, "spec": spec});
            assert_eq!(convert(object, to).unwrap()["metadata"], metadata);
        }
    }
}

#[test]
fn a_value_nested_as_deep_as_json_is_read_comes_back() {
    // Two levels of the object are above it, and one is its annotation's.
    let deep = format!("{}{}", "[".repeat(125), "]".repeat(125));
    for field in ["storage", "size", "tags", "ha", "iops"] {
        let text =
            format!(r#"{{"apiVersion":"{SPOKE}","metadata":{{}},"spec":{{"{field}":{deep}}}}}"#);
        let y: Value = serde_json::from_str(&text).unwrap();
        let x = convert(y.clone(), HUB).unwrap();
        assert_eq!(x["spec"], json!({}));
        assert_eq!(convert(x, SPOKE).unwrap().to_string(), y.to_string());
    }
}
