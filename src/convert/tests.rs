//! Manifests as people keep them in Git.

use super::*;

const HUB: &str = "myob.com/v1beta1";
const SPOKE: &str = "myob.com/v1alpha1";

/// What becomes of a text; the text itself where nothing changes.
fn becomes(before: &str, desired: &str) -> String {
    match text(before, desired) {
        Ok(after) => after.unwrap_or_else(|| before.to_owned()),
        Err(error) => panic!("{error}: {before}"),
    }
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
    assert_eq!(text(after, HUB).expect("YAML"), None);
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
            .map(|it| converted(it, HUB).expect("ours"))
            .collect();
        assert_eq!(documents(&there).expect("YAML"), want, "{there}");
        // And the way back.
        let back = becomes(&there, SPOKE);
        assert_eq!(documents(&back).expect("YAML"), {
            let back = |it: &Value| converted(it, SPOKE).expect("ours");
            want.iter().map(back).collect::<Vec<_>>()
        });
    }
}

#[test]
fn what_cannot_be_converted_is_told_and_left() {
    let template =
        "apiVersion: myob.com/v1alpha1\nkind: PostgresDB\nmetadata:\n  name: {{ .Values.name }}\n";
    assert!(matches!(text(template, HUB), Err(TextError::Unreadable(_))));
    let unknown = "a: 1\n---\napiVersion: myob.com/v2\nkind: PostgresDB\n";
    match text(unknown, HUB) {
        Err(TextError::Object { document: 2, error }) => {
            assert!(error.to_string().contains("myob.com/v2"), "{error}");
        }
        other => panic!("{other:?}"),
    }
    let another = "apiVersion: example.com/v1\nkind: PostgresDB\nspec: {ha: true}\n";
    assert_eq!(text(another, HUB).expect("YAML"), None);
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
