//! Manifests as people keep them in Git.

use super::*;

const HUB: &str = "myob.com/v1beta1";
const SPOKE: &str = "myob.com/v1alpha1";

fn manner(desired: &str) -> Manner<'_> {
    Manner {
        desired,
        keeps: false,
    }
}

/// What becomes of a text, the rest kept in annotations; the text itself where
/// nothing changes.
fn becomes(before: &str, desired: &str) -> String {
    let keeping = Manner {
        desired,
        keeps: true,
    };
    match text(before, keeping) {
        Ok(after) => after.text.unwrap_or_else(|| before.to_owned()),
        Err(error) => panic!("{error}: {before}"),
    }
}

fn whole(document: &Value, desired: &str) -> Value {
    let keeping = Manner {
        desired,
        keeps: true,
    };
    converted(document, 1, keeping, &mut Told::default()).expect("ours")
}

#[test]
fn what_does_not_change_stays_as_it_was_written() {
    let before = "\
# The orders of the shop.
apiVersion: myob.com/v1alpha1
kind: PostgresDB
metadata:
  name: orders   # as its Secret
  labels: {team: shop, \"tier\": 'gold'}

spec:
  # Small will do.
  size: db.t3.small
  ha: true # since the outage
  storage: \"20\"
  tags:
    cost: \"5\"
---
# Somebody else's.
apiVersion: v1
kind: ConfigMap
metadata: {name: other}
data:
  text: |
    apiVersion: myob.com/v1alpha1
    kind: PostgresDB
";
    let after = "\
# The orders of the shop.
apiVersion: myob.com/v1beta1
kind: PostgresDB
metadata:
  name: orders   # as its Secret
  labels: {team: shop, \"tier\": 'gold'}

spec:
  # Small will do.
  size: db.t3.small
  multiAZ: true # since the outage
  storage: 20Gi
  tags:
    cost: \"5\"
  storageType: gp2
---
# Somebody else's.
apiVersion: v1
kind: ConfigMap
metadata: {name: other}
data:
  text: |
    apiVersion: myob.com/v1alpha1
    kind: PostgresDB
";
    assert_eq!(becomes(before, HUB), after);
    // A second time there is nothing to do.
    assert_eq!(text(after, manner(HUB)).expect("YAML").text, None);
}

#[test]
fn each_way_of_writing_is_read_back_as_what_it_should_say() {
    for before in [
        "apiVersion: myob.com/v1alpha1\nkind: PostgresDB\nmetadata: {name: a}\nspec: {size: db.t3.small, storage: 20, ha: false}\n",
        "{\"apiVersion\": \"myob.com/v1alpha1\", \"kind\": \"PostgresDB\", \"metadata\": {\"name\": \"a\"}, \"spec\": {\"storage\": \"100\", \"iops\": \"1000\"}}\n",
        "---\nkind: PostgresDB\napiVersion: myob.com/v1alpha1\nmetadata:\n  name: a\n",
        "apiVersion: myob.com/v1alpha1\nkind: PostgresDB\nmetadata:\n    name: a\nspec:\n    storage: ten\n    size: db.t3.small",
        "apiVersion: v1\nkind: List\nitems:\n- apiVersion: myob.com/v1alpha1\n  kind: PostgresDB\n  metadata:\n    name: a\n  spec:\n    ha: true\n- apiVersion: v1\n  kind: Secret\n  metadata: {name: b}\n",
        "apiVersion: myob.com/v1alpha1\nkind: PostgresDB\nmetadata:\n  name: a\n  annotations:\n    hub.stow.myob.com/deletionPolicy: '\"Retain\"'\nspec:\n  size: db.t3.small\n",
        "apiVersion: myob.com/v1alpha1\r\nkind: PostgresDB\r\nmetadata:\r\n  name: a\r\nspec:\r\n  ha: true\r\n",
        "# nothing but a comment\n",
        "",
    ] {
        let there = becomes(before, HUB);
        let want: Vec<Value> = documents(before)
            .expect("YAML")
            .iter()
            .map(|it| whole(it, HUB))
            .collect();
        assert_eq!(documents(&there).expect("YAML"), want, "{there}");
        // And the way back.
        let back = becomes(&there, SPOKE);
        assert_eq!(documents(&back).expect("YAML"), {
            let back = |it: &Value| whole(it, SPOKE);
            want.iter().map(back).collect::<Vec<_>>()
        });
    }
}

#[test]
fn what_cannot_be_converted_is_told_and_left() {
    let template =
        "apiVersion: myob.com/v1alpha1\nkind: PostgresDB\nmetadata:\n  name: {{ .Values.name }}\n";
    assert!(matches!(
        text(template, manner(HUB)),
        Err(TextError::Unreadable(_))
    ));
    let unknown = "a: 1\n---\napiVersion: myob.com/v2\nkind: PostgresDB\n";
    match text(unknown, manner(HUB)) {
        Err(TextError::Object { document: 2, error }) => {
            assert!(error.to_string().contains("myob.com/v2"), "{error}");
        }
        other => panic!("{other:?}"),
    }
    let another = "apiVersion: example.com/v1\nkind: PostgresDB\nspec: {ha: true}\n";
    assert_eq!(text(another, manner(HUB)).expect("YAML").text, None);
}

#[test]
fn a_word_that_kubectl_reads_as_a_boolean_is_one() {
    let before =
        format!("apiVersion: {SPOKE}\nkind: PostgresDB\nmetadata: {{name: a}}\nspec:\n  ha: yes\n");
    let after = format!(
        "apiVersion: {HUB}\nkind: PostgresDB\nmetadata: {{name: a}}\nspec:\n  multiAZ: yes\n"
    );
    assert_eq!(becomes(&before, HUB), after);
    assert_eq!(becomes(&after, SPOKE), before);
}

/// A document of v1alpha1 with that spec.
fn old(spec: &str) -> String {
    format!("apiVersion: {SPOKE}\nkind: PostgresDB\nmetadata: {{name: a}}\nspec: {spec}\n")
}

#[test]
fn nothing_leaves_a_spec_without_a_word() {
    let kept = [
        "ha: \"${HA}\"",
        "storage: ${STORAGE}",
        "iops: \"{{ .Values.iops }}\"",
        "size: 5",
    ];
    let lost = [
        "ha: null",
        "iops: ~",
        "tags: {team: null}",
        "colour: red",
        "$patch: replace",
    ];
    for (fields, keepable) in [(&kept[..], true), (&lost[..], false)] {
        for field in fields {
            let before = format!("kind: Other\n---\n{}", old(&format!("\n  {field}")));
            let refused = text(&before, manner(HUB)).expect_err(field).to_string();
            let name = field.split(':').next().expect("a name");
            let expected = format!("document 2: PostgresDB a: spec.{name}");
            assert!(refused.starts_with(&expected), "{refused}");
            assert_eq!(
                refused.contains("--keep-in-annotations"),
                keepable,
                "{refused}"
            );
            let keeping = Manner {
                desired: HUB,
                keeps: true,
            };
            assert_eq!(text(&before, keeping).is_ok(), keepable, "{field}");
        }
    }
    let both = old("{ha: x, storage: ten}");
    let refused = text(&both, manner(HUB)).expect_err("refused").to_string();
    assert!(refused.contains("spec.ha is \"x\"") && refused.contains("spec.storage is \"ten\""));
    let new = "apiVersion: myob.com/v1beta1\nkind: PostgresDB\nspec: {deletionPolicy: Retain}\n";
    let refused = text(new, manner(SPOKE)).expect_err("refused").to_string();
    assert!(refused.contains("spec.deletionPolicy is \"Retain\", which v1alpha1 cannot say"));
}

#[test]
fn another_spelling_needs_no_annotation() {
    let outcome = text(
        &old("{size: db.t3.small, storage: 20, iops: \"1000\"}"),
        manner(HUB),
    );
    let outcome = outcome.expect("it converts");
    let after = documents(&outcome.text.expect("it changes")).expect("YAML");
    assert_eq!(after[0]["metadata"], serde_json::json!({"name": "a"}));
    assert_eq!(after[0]["spec"]["storage"], "20Gi");
    assert_eq!(after[0]["spec"]["iops"], 1000);
}

#[test]
fn a_storage_type_that_a_part_gains_is_told() {
    let warnings = |spec: &str| text(&old(spec), manner(HUB)).expect("it converts").warnings;
    let told = warnings("{storage: \"100\"}");
    assert!(
        told.len() == 1 && told[0].contains("storageType: gp2 was added"),
        "{told:?}"
    );
    assert!(warnings("{iops: 1000}")[0].contains("storageType: io1"));
    assert!(warnings("{size: db.t3.small, storage: \"100\"}").is_empty());
    assert!(warnings("{ha: true}").is_empty());
}
