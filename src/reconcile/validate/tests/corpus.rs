//! The corpus that admission is judged by: what reached storage past it is told
//! by the same rules.

use std::path::Path;

use super::*;

/// What admission refuses and the operator takes as it is meant: fields that it
/// does not know, which the API server drops before they are stored.
const UNKNOWN: [&str; 10] = [
    r#"{"backup":{"days":7}}"#,
    r#"{"network":{"subnets":["a"]}}"#,
    r#"{"monitoring":{"role":"arn:aws:iam::123456789012:role/x"}}"#,
    r#"{"sise":"db.t3.small"}"#,
    r#"{"ha":true}"#,
    r#"{"instanceClass":"db.t3.small"}"#,
    r#"{"Storage":"20Gi"}"#,
    r#"{"password":"hunter2"}"#,
    r#"{"storage":"20Gi","storagetype":"gp3"}"#,
    r#"{"allocatedStorage":20}"#,
];

/// Other ways to write what is good: a name left empty, a size in other units.
const SPELT: [&str; 5] = [
    r#"{"secretName":""}"#,
    r#"{"storage":"020Gi"}"#,
    r#"{"storage":"+20Gi"}"#,
    r#"{"storage":"20480Mi"}"#,
    r#"{"storage":21474836480}"#,
];

/// What was good in 2017, and may run since then.
const OF_2017: [&str; 4] = [
    r#"{"storageType":"standard"}"#,
    r#"{"storage":"20Gi","storageType":"standard"}"#,
    r#"{"storage":"19Gi","storageType":"gp2"}"#,
    r#"{"storage":"5Gi","storageType":"gp2"}"#,
];

/// The manifests of v1beta1 that make an object: its spec, and whether it is good.
fn manifests() -> Vec<(Value, bool)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/v1beta1");
    let files = std::fs::read_dir(folder).expect("the corpus");
    let mut manifests = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(file.expect("a file").path()).expect("text");
        let mut lists: Value = serde_saphyr::from_str(&text).expect("YAML");
        for (list, good) in [("good", true), ("bad", false)] {
            let Value::Array(entries) = lists[list].take() else {
                panic!("there is no list named {list}");
            };
            let new = |entry: &Value| entry.get("from").is_none();
            let spec = |entry: Value| entry.get("spec").cloned().unwrap_or(entry);
            manifests.extend(entries.into_iter().filter(new).map(|it| (spec(it), good)));
        }
    }
    manifests
}

#[test]
fn what_admission_refuses_is_told_and_nothing_else() {
    let manifests = manifests();
    assert!(manifests.len() > 300, "{}", manifests.len());
    let mut wrong = Vec::new();
    for (spec, good) in manifests {
        let told = match goal(&spec) {
            Goal::Exists(_) => None,
            Goal::Unclear { message } => Some(message),
            goal @ Goal::Gone { .. } => panic!("{goal:?}"),
        };
        let lists = [&UNKNOWN[..], &SPELT, &OF_2017];
        let text = spec.to_string();
        let excepted = lists.into_iter().flatten().any(|it| *it == text);
        if told.is_none() != (good || excepted) {
            wrong.push(format!("{spec}: {told:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
