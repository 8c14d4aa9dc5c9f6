use std::path::Path;

use serde_json::{Value, json};

use super::*;
use crate::preflight::finding::{Check, Severity};

fn standards() -> Standards {
    Standards::new(None, None).unwrap()
}

fn object(version: &str, spec: &Value) -> Value {
    json!({
        "apiVersion": format!("myob.com/{version}"), "kind": "PostgresDB",
        "metadata": {"name": "orders", "namespace": "shop", "uid": "u"},
        "spec": spec,
    })
}

/// The errors of an object, each a check and its field.
fn errors(object: &Value, standards: &Standards) -> Vec<(Check, String)> {
    let findings = judge(object, standards).findings.into_iter();
    let errors = findings.filter(|finding| finding.severity == Severity::Error);
    errors
        .map(|finding| (finding.check, finding.field.unwrap_or_default()))
        .collect()
}

/// The manifests of a version that are new objects of a spec alone, good or bad:
/// an API server accepts and refuses them, as the tests in tests/e2e/corpus.rs show.
fn corpus(version: &str) -> Vec<(bool, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let mut cases = Vec::new();
    for file in std::fs::read_dir(folder.join(version)).unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        let lists: Value = serde_saphyr::from_str(&text).unwrap();
        for (list, good) in [("good", true), ("bad", false)] {
            for entry in lists[list].as_array().into_iter().flatten() {
                let parts = ["annotations", "from", "spec", "status"];
                if !parts.iter().any(|part| entry.get(part).is_some()) {
                    cases.push((good, entry.clone()));
                }
            }
        }
    }
    cases
}

/// What the rules of v1beta1 refuse of a new object, and the operator takes of one
/// that is there, since it can be followed.
fn is_tolerated(version: &str, spec: &Value) -> bool {
    let tolerated = [
        json!({"secretName": ""}),
        json!({"storage": "020Gi"}),
        json!({"storage": "+20Gi"}),
        json!({"storage": "20480Mi"}),
        json!({"storageType": "standard"}),
        json!({"storage": "20Gi", "storageType": "standard"}),
        json!({"storage": "19Gi", "storageType": "gp2"}),
        json!({"storage": "5Gi", "storageType": "gp2"}),
    ];
    version == "v1beta1" && tolerated.contains(spec)
}

#[test]
fn property_20_preflight_predicts_what_an_api_server_says_of_each_manifest() {
    let standards = standards();
    for version in ["v1alpha1", "v1beta1"] {
        let corpus = corpus(version);
        assert!(corpus.len() > 100, "{version}: {}", corpus.len());
        let mut wrong = Vec::new();
        for (good, spec) in corpus {
            let errors = errors(&object(version, &spec), &standards);
            let refused = errors
                .iter()
                .any(|(check, _)| matches!(check, Check::Refused | Check::Pruned));
            if refused == good && !is_tolerated(version, &spec) {
                wrong.push(format!("good: {good}, {spec}: {errors:?}"));
            }
        }
        assert!(wrong.is_empty(), "{version}:\n{}", wrong.join("\n"));
    }
}
