//! What of an object still says the old version, and the patch that has it say the
//! new one.
//!
//! Nothing here may touch a spec, a status or anything of metadata but
//! managedFields and kubectl's own annotation: the API server writes the rest anew
//! by itself, in the storage version.

use serde_json::{Map, Value, json};
use stow_versions::convert::managed_fields;

use crate::untyped::{Applied, Extent, LAST_APPLIED, Untyped, entries, new, old};

/// The field manager of what nobody else is the manager of.
pub(super) const MANAGER: &str = "stow-migrate";

/// What an object, as v1beta1 shows it, says of the old version.
#[derive(Debug, PartialEq)]
pub(super) struct Remnant {
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

impl Remnant {
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

    pub(super) fn of(object: &Untyped) -> Self {
        let mut remnant = Self::nothing();
        remnant.beyond = too_deep(object);
        let object = &object.value;
        if let Some(entries) = managed_fields(object) {
            let writers = writers(object);
            remnant
                .what
                .push(format!("managedFields of {}", writers.join(", ")));
            remnant.change.insert("managedFields".to_owned(), entries);
        }
        let annotations = object["metadata"]["annotations"].as_object();
        for (name, text) in annotations.into_iter().flatten() {
            let names_old = text.as_str().is_some_and(|text| text.contains(&old()));
            if names_old && name != LAST_APPLIED {
                remnant.elsewhere.push(name.clone());
            }
        }
        match Applied::of(object) {
            None => {}
            Some(Applied::Converted(converted)) => {
                remnant.what.push("last-applied configuration".to_owned());
                remnant.manager = owner(object).unwrap_or(remnant.manager);
                let annotations = json!({LAST_APPLIED: converted});
                remnant.change.insert("annotations".to_owned(), annotations);
            }
            Some(Applied::New) => remnant.elsewhere.push(LAST_APPLIED.to_owned()),
            Some(Applied::Unreadable) => {
                remnant.beyond.get_or_insert_with(|| {
                    format!(
                        "its annotation {LAST_APPLIED} names {} and cannot be read as a \
                         manifest of it: remove the annotation, or apply the object's \
                         manifest anew in {}",
                        old(),
                        new()
                    )
                });
            }
        }
        remnant
    }

    /// Whether nothing is to be rewritten but the stored bytes.
    pub(super) fn is_clean(&self) -> bool {
        self.change.is_empty()
    }

    /// The merge patch. It counts for this state of the object alone: who owns
    /// what is replaced as a whole.
    pub(super) fn patch(&self, object: &Untyped) -> Value {
        let mut metadata = self.change.clone();
        for key in ["uid", "resourceVersion"] {
            metadata.insert(key.to_owned(), object.metadata(key).into());
        }
        json!({"metadata": metadata})
    }
}

/// What of an object cannot be read, and so not be rewritten.
fn too_deep(object: &Untyped) -> Option<String> {
    match object.extent {
        Extent::Whole => None,
        Extent::ButManagedFields => Some(format!(
            "its managedFields are nested too deep to be read, and may name {}: take them off \
             with `kubectl patch postgresdb {} -n {} --type=merge -p \
             '{{\"metadata\":{{\"managedFields\":[{{}}]}}}}'`, have whoever applies it server-side \
             apply it anew, and run `stow migrate` again",
            old(),
            object.metadata("name"),
            object.metadata("namespace"),
        )),
        Extent::NameAlone => Some(
            "it is nested too deep to be read: take out what is, and run `stow migrate` again"
                .to_owned(),
        ),
    }
}

/// The managers that wrote in the old version.
fn writers(object: &Value) -> Vec<String> {
    let old = old();
    let mut names: Vec<_> = entries(object)
        .filter(|entry| entry["apiVersion"] == *old)
        .map(|entry| entry["manager"].as_str().unwrap_or("(unnamed)").to_owned())
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// Who owns kubectl's annotation. kubectl finds the fields that its client-side
/// apply owns by it: had another manager changed it last, a later server-side apply
/// would leave those fields to nobody.
fn owner(object: &Value) -> Option<String> {
    let field = format!("f:{LAST_APPLIED}");
    let owner = entries(object).find(|entry| {
        let annotations = &entry["fieldsV1"]["f:metadata"]["f:annotations"];
        entry["operation"] == "Update" && annotations.get(&field).is_some()
    })?;
    owner["manager"].as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(managed: &Value, annotations: &Value) -> Untyped {
        Untyped::from(
            json!({"apiVersion": "myob.com/v1beta1", "kind": "PostgresDB",
            "metadata": {"name": "orders", "namespace": "shop", "uid": "u", "resourceVersion": "7",
                "managedFields": managed, "annotations": annotations},
            "spec": {"storage": "10Gi", "storageType": "gp2", "multiAZ": true}}),
        )
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
        let remnant = Remnant::of(&object(&entries, &json!({LAST_APPLIED: applied})));
        assert!(remnant.is_clean());
        assert_eq!(remnant.what, <[&str; 0]>::default());
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
        let remnant = Remnant::of(&object);
        assert_eq!(remnant.manager, "kubectl-client-side-apply");
        let patch = remnant.patch(&object);
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
            remnant.what,
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
            let remnant = Remnant::of(&object(&json!([]), &json!({LAST_APPLIED: text})));
            assert!(remnant.is_clean(), "{text}");
            assert!(
                remnant
                    .beyond
                    .is_some_and(|words| words.contains(LAST_APPLIED)),
                "{text}"
            );
        }
        let said = r#"{"apiVersion":"myob.com/v1beta1","kind":"PostgresDB","metadata":{"annotations":{"note":"was myob.com/v1alpha1"}}}"#;
        for (name, text) in [("note", "was myob.com/v1alpha1"), (LAST_APPLIED, said)] {
            let remnant = Remnant::of(&object(&json!([]), &json!({name: text})));
            assert_eq!(
                (remnant.beyond, remnant.elsewhere),
                (None, vec![name.to_owned()])
            );
        }
    }

    #[test]
    fn what_is_too_deep_to_be_read_is_for_a_person_and_touched_all_the_same() {
        for (extent, words) in [
            (
                Extent::ButManagedFields,
                "kubectl patch postgresdb orders -n shop --type=merge -p \
                 '{\"metadata\":{\"managedFields\":[{}]}}'",
            ),
            (Extent::NameAlone, "take out what is"),
        ] {
            let object = Untyped {
                extent,
                ..object(&json!([]), &json!({}))
            };
            let remnant = Remnant::of(&object);
            let beyond = remnant.beyond.as_deref().unwrap_or_default();
            assert!(beyond.contains(words), "{beyond}");
            let touch = json!({"metadata": {"uid": "u", "resourceVersion": "7"}});
            assert_eq!(remnant.patch(&object), touch);
        }
    }
}
