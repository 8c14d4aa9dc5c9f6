//! What of an object still says the old version, and the patch that has it say the
//! new one.
//!
//! Nothing here may touch a spec, a status or anything of metadata but
//! managedFields and kubectl's own annotation: the API server writes the rest anew
//! by itself, in the storage version.

use serde_json::{Map, Value, json};
use stow_versions::convert::{convert, managed_fields};
use stow_versions::{GROUP, HUB, KIND, SPOKE};

/// Where `kubectl apply` keeps the manifest that it was last given, to see what
/// the next one does not say any more.
pub(super) const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// The field manager of what nobody else is the manager of.
pub(super) const MANAGER: &str = "stow-migrate";

/// The version that is left behind, as an object names it.
fn old() -> String {
    format!("{GROUP}/{SPOKE}")
}

/// What an object, as v1beta1 shows it, says of the old version.
#[derive(Debug, PartialEq)]
pub(super) struct Finding {
    /// The change to metadata that is due; nothing where none is.
    change: Map<String, Value>,
    /// Under whose name it is written.
    pub(super) manager: String,
    /// What is rewritten, for people.
    pub(super) what: Vec<String>,
    /// What only a person can rewrite, for people.
    pub(super) beyond: Option<String>,
    /// Text of other owners that names the old version, and means nothing to an
    /// API server: the annotations that hold it.
    pub(super) elsewhere: Vec<String>,
}

impl Finding {
    /// That nothing is due but the stored bytes.
    pub(super) fn nothing() -> Self {
        Self {
            change: Map::new(),
            manager: MANAGER.to_owned(),
            what: Vec::new(),
            beyond: None,
            elsewhere: Vec::new(),
        }
    }

    pub(super) fn of(object: &Value) -> Self {
        let mut finding = Self::nothing();
        if let Some(entries) = managed_fields(object) {
            let writers = writers(object);
            finding
                .what
                .push(format!("managedFields of {}", writers.join(", ")));
            finding.change.insert("managedFields".to_owned(), entries);
        }
        let annotations = object["metadata"]["annotations"].as_object();
        for (name, text) in annotations.into_iter().flatten() {
            let Some(text) = text.as_str().filter(|text| text.contains(&old())) else {
                continue;
            };
            if name != LAST_APPLIED {
                finding.elsewhere.push(name.clone());
                continue;
            }
            match last_applied(text) {
                Applied::Converted(converted) => {
                    finding.what.push("last-applied configuration".to_owned());
                    finding.manager = owner(object).unwrap_or(finding.manager);
                    let annotations = json!({LAST_APPLIED: converted});
                    finding.change.insert("annotations".to_owned(), annotations);
                }
                Applied::New => finding.elsewhere.push(name.clone()),
                Applied::Unreadable => {
                    finding.beyond = Some(format!(
                        "its annotation {LAST_APPLIED} names {} and cannot be read as a \
                         manifest of it: remove the annotation, or apply the object's manifest \
                         anew in {GROUP}/{HUB}",
                        old()
                    ));
                }
            }
        }
        finding
    }

    /// Whether nothing is to be rewritten but the stored bytes.
    pub(super) fn is_clean(&self) -> bool {
        self.change.is_empty()
    }

    /// The merge patch. It counts for this state of the object alone: who owns
    /// what is replaced as a whole.
    pub(super) fn patch(&self, object: &Value) -> Value {
        let mut metadata = self.change.clone();
        for key in ["uid", "resourceVersion"] {
            metadata.insert(key.to_owned(), object["metadata"][key].clone());
        }
        json!({"metadata": metadata})
    }
}

/// The managers that wrote in the old version.
fn writers(object: &Value) -> Vec<String> {
    let old = old();
    let entries = object["metadata"]["managedFields"].as_array();
    let mut names: Vec<_> = entries
        .into_iter()
        .flatten()
        .filter(|entry| entry["apiVersion"] == *old)
        .map(|entry| entry["manager"].as_str().unwrap_or("(unnamed)").to_owned())
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// What the text that kubectl keeps turns out to be.
enum Applied {
    /// A manifest of the old version, in the new one.
    Converted(String),
    /// A manifest of the new version, in which a text names the old one.
    New,
    /// No manifest.
    Unreadable,
}

fn last_applied(text: &str) -> Applied {
    let new = format!("{GROUP}/{HUB}");
    let manifest = serde_json::from_str(text).unwrap_or(Value::Null);
    if manifest["kind"] != KIND {
        return Applied::Unreadable;
    }
    if manifest["apiVersion"] == *new {
        return Applied::New;
    }
    match convert(manifest, &new) {
        // As kubectl writes it.
        Ok(converted) => Applied::Converted(format!("{converted}\n")),
        Err(_) => Applied::Unreadable,
    }
}

/// Who owns kubectl's annotation. kubectl finds the fields that its client-side
/// apply owns by it: had another manager changed it last, a later server-side apply
/// would leave those fields to nobody.
fn owner(object: &Value) -> Option<String> {
    let entries = object["metadata"]["managedFields"].as_array()?;
    let field = format!("f:{LAST_APPLIED}");
    let owner = entries.iter().find(|entry| {
        let annotations = &entry["fieldsV1"]["f:metadata"]["f:annotations"];
        entry["operation"] == "Update" && annotations.get(&field).is_some()
    })?;
    owner["manager"].as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(managed: &Value, annotations: &Value) -> Value {
        json!({"apiVersion": "myob.com/v1beta1", "kind": "PostgresDB",
            "metadata": {"name": "orders", "namespace": "shop", "uid": "u", "resourceVersion": "7",
                "managedFields": managed, "annotations": annotations},
            "spec": {"storage": "10Gi", "storageType": "gp2", "multiAZ": true}})
    }

    fn entry(manager: &str, version: &str, fields: &Value) -> Value {
        json!({"manager": manager, "operation": "Update", "apiVersion": version, "fieldsV1": fields})
    }

    #[test]
    fn an_object_that_says_nothing_of_it_is_left_alone() {
        let entries = json!([entry(
            "tool",
            "myob.com/v1beta1",
            &json!({"f:spec": {"f:multiAZ": {}}})
        )]);
        let applied = r#"{"apiVersion":"myob.com/v1beta1","kind":"PostgresDB"}"#;
        let finding = Finding::of(&object(&entries, &json!({LAST_APPLIED: applied})));
        assert!(finding.is_clean());
        assert_eq!(finding.what, <[&str; 0]>::default());
    }

    #[test]
    fn what_kubectl_remembers_is_converted_under_the_name_of_its_owner() {
        let applied = r#"{"apiVersion":"myob.com/v1alpha1","kind":"PostgresDB","metadata":{"annotations":{},"name":"orders","namespace":"shop"},"spec":{"ha":true,"storage":"10"}}
"#;
        let fields = json!({"f:spec": {"f:ha": {}, "f:storage": {}},
            "f:metadata": {"f:annotations": {".": {}, format!("f:{LAST_APPLIED}"): {}}}});
        let entries = json!([entry(
            "kubectl-client-side-apply",
            "myob.com/v1alpha1",
            &fields
        )]);
        let object = object(&entries, &json!({LAST_APPLIED: applied}));
        let finding = Finding::of(&object);
        assert_eq!(finding.manager, "kubectl-client-side-apply");
        let patch = finding.patch(&object);
        assert_eq!(
            patch["metadata"]["annotations"][LAST_APPLIED],
            r#"{"apiVersion":"myob.com/v1beta1","kind":"PostgresDB","metadata":{"annotations":{},"name":"orders","namespace":"shop"},"spec":{"multiAZ":true,"storage":"10Gi","storageType":"gp2"}}
"#
        );
        assert_eq!(patch["metadata"]["resourceVersion"], "7");
        assert_eq!(patch["metadata"]["uid"], "u");
        assert_eq!(patch.as_object().map(Map::len), Some(1), "metadata alone");
        let owned = &patch["metadata"]["managedFields"][0]["fieldsV1"]["f:spec"];
        assert_eq!(
            *owned,
            json!({"f:multiAZ": {}, "f:storage": {}, "f:storageType": {}})
        );
        assert_eq!(
            finding.what,
            [
                "managedFields of kubectl-client-side-apply",
                "last-applied configuration"
            ]
        );
    }

    #[test]
    fn text_that_is_no_manifest_is_for_a_person() {
        for text in [
            "myob.com/v1alpha1",
            r#"["myob.com/v1alpha1"]"#,
            r#"{"apiVersion":"myob.com/v1alpha1","kind":"Other"}"#,
            r#"{"apiVersion":5,"kind":"PostgresDB","note":"myob.com/v1alpha1"}"#,
        ] {
            let finding = Finding::of(&object(&json!([]), &json!({LAST_APPLIED: text})));
            assert!(finding.is_clean(), "{text}");
            assert!(
                finding
                    .beyond
                    .is_some_and(|words| words.contains(LAST_APPLIED)),
                "{text}"
            );
        }
        let said = r#"{"apiVersion":"myob.com/v1beta1","kind":"PostgresDB","metadata":{"annotations":{"note":"was myob.com/v1alpha1"}}}"#;
        for (name, text) in [("note", "was myob.com/v1alpha1"), (LAST_APPLIED, said)] {
            let finding = Finding::of(&object(&json!([]), &json!({name: text})));
            assert_eq!(
                (finding.beyond, finding.elsewhere),
                (None, vec![name.to_owned()])
            );
        }
    }
}
