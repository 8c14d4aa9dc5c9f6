//! Reviews as a real API server sent them, byte for byte:
//! `tests/e2e/contract/capture.rs` writes them.

use std::fs;
use std::path::Path;

use super::review::answer;
use super::*;

/// Every captured review, by the name of its file.
fn captured() -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/reviews");
    let files = fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path());
    let mut all: Vec<_> = files
        .map(|path| {
            let name = path.file_stem().unwrap_or_default().display().to_string();
            (name, fs::read(&path).unwrap())
        })
        .collect();
    all.sort();
    all
}

fn field<'a>(object: &'a Value, name: &str) -> &'a Value {
    &object["spec"][name]
}

#[test]
fn property_06_captured_reviews_are_answered_as_they_were() {
    let all = captured();
    for direction in ["to-v1alpha1", "to-v1beta1"] {
        assert!(all.iter().any(|(name, _)| name.contains(direction)));
    }
    for (name, body) in all {
        let sent: Value = serde_json::from_slice(&body).unwrap();
        let request = &sent["request"];
        assert_eq!(sent["response"]["convertedObjects"], Value::Null, "{name}");

        let [first, second] = [(); 2].map(|()| {
            let mut answered = Vec::new();
            answer(&body, &mut answered, between_versions).unwrap().ok();
            answered
        });
        assert_eq!(first, second, "{name}: not the same twice");
        let reply: Value = serde_json::from_slice(&first).unwrap();
        assert_eq!(reply["apiVersion"], sent["apiVersion"], "{name}");
        assert_eq!(reply["kind"], sent["kind"], "{name}");
        let response = &reply["response"];
        assert_eq!(response["uid"], request["uid"], "{name}");
        assert_eq!(response["result"], json!({"status": "Success"}), "{name}");

        let objects = request["objects"].as_array().unwrap();
        let converted = response["convertedObjects"].as_array().unwrap();
        assert_eq!(converted.len(), objects.len(), "{name}");
        for (before, after) in objects.iter().zip(converted) {
            assert_eq!(after["apiVersion"], request["desiredAPIVersion"], "{name}");
            assert_eq!(after["kind"], before["kind"], "{name}");
            assert_eq!(after.get("status"), before.get("status"), "{name}");
            let mut metadata = [before, after].map(|object| object["metadata"].clone());
            for metadata in metadata.iter_mut().filter_map(Value::as_object_mut) {
                metadata.remove("annotations");
            }
            assert_eq!(metadata[0], metadata[1], "{name}");
            // What both versions have by one name.
            assert_eq!(field(after, "size"), field(before, "size"), "{name}");
            assert_eq!(field(after, "tags"), field(before, "tags"), "{name}");
            // And nothing is lost on the way back.
            let own = before["apiVersion"].as_str().unwrap();
            let mut back = stow_versions::convert::convert(after.clone(), own).unwrap();
            // A spec that only what is remembered called for comes back empty.
            if before.get("spec").is_none() && back["spec"] == json!({}) {
                back.as_object_mut().unwrap().remove("spec");
            }
            assert_eq!(back, *before, "{name}");
        }
    }
}
