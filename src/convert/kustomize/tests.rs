//! Kustomizations, and what is told of them.

use super::*;

const HUB: &str = "myob.com/v1beta1";

fn told(text: &str) -> String {
    let beside = |name: &str| {
        let there = name == "ops.yaml";
        there.then(|| "- {op: remove, path: /spec/ha}\n".to_owned())
    };
    warnings(text, HUB, &beside).join("\n")
}

fn patches(entry: &str) -> String {
    format!("kind: Kustomization\npatches:\n- {entry}\n")
}

#[test]
fn what_would_miss_is_told() {
    for (text, expected) in [
        (patches("target: {kind: PostgresDB, version: v1alpha1}"), "patches[0].target selects myob.com/v1alpha1"),
        (patches("target: {kind: PostgresDB}\n  path: ops.yaml"), "/spec/ha"),
        (patches("target: {group: myob.com}\n  patch: '[{op: add, path: /spec/ha, value: true}]'"), "/spec/ha"),
        (patches("target: {kind: PostgresDB}\n  patch: '[{op: replace, path: /spec/storage, value: \"50\"}]'"), "/spec/storage"),
        (patches("patch: |-\n    apiVersion: myob.com/v1alpha1\n    kind: PostgresDB"), "a patch in myob.com/v1alpha1"),
        ("patchesJson6902:\n- target: {kind: PostgresDB, version: v1alpha1}\n".to_owned(), "patchesJson6902[0].target"),
        ("patchesStrategicMerge:\n- |-\n  apiVersion: myob.com/v1alpha1\n  kind: PostgresDB\n".to_owned(), "patchesStrategicMerge[0]"),
        ("kind: Component\nreplacements:\n- targets:\n  - select: {kind: PostgresDB}\n    fieldPaths: [spec.ha]\n".to_owned(), "spec.ha"),
    ] {
        assert!(told(&text).contains(expected), "{text}: {:?}", told(&text));
    }
}

#[test]
fn what_fits_is_not_told() {
    for text in [
        patches(
            "target: {kind: PostgresDB, version: v1beta1}\n  patch: '[{op: replace, path: /spec/storage, value: 50Gi}]'",
        ),
        patches(
            "target: {kind: PostgresDB}\n  patch: '[{op: replace, path: /spec/size, value: db.t3.large}, {op: add, path: /spec/tags/team, value: shop}]'",
        ),
        patches("target: {kind: Deployment, version: v1alpha1}\n  path: ops.yaml"),
        patches("target: {name: orders}\n  path: ops.yaml"),
        "kind: Other\npatches:\n- target: {kind: PostgresDB, version: v1alpha1}\n".to_owned(),
    ] {
        assert_eq!(told(&text), "", "{text}");
    }
}
