//! What an API server does to an object by a schema: what it drops, and what it
//! would refuse.
//!
//! Nothing here may know a field of Stow's, or evaluate CEL: the rules of the
//! hub are judged by the code that the operator judges specs with.

mod prune;

use jsonschema::error::ValidationErrorKind;
use jsonschema::{Draft, Validator};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceDefinition as Crd, JSONSchemaProps,
};
use serde_json::Value;

pub(super) use prune::pruned;

/// Why a schema cannot be followed.
#[derive(Debug, thiserror::Error)]
pub enum SchemaError {
    /// The definition has no schema for a version.
    #[error("the definition has no schema for {0}")]
    Missing(&'static str),
    /// It is none that can be evaluated.
    #[error("the schema of {version} cannot be evaluated: {message}")]
    Unusable {
        /// The version.
        version: &'static str,
        /// Why.
        message: String,
    },
}

/// The schema of one version.
pub(super) struct Schema {
    structure: JSONSchemaProps,
    validator: Validator,
}

/// What a schema says against an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Violation {
    /// Where, as `spec.size`.
    pub(super) field: String,
    /// What is wrong, without the value: it can be of any size, and a secret.
    pub(super) what: String,
    /// Whether the type is wrong, for which server-side apply is refused too.
    pub(super) of_type: bool,
}

impl Schema {
    /// The schema of a version of a definition.
    pub(super) fn of(crd: &Crd, version: &'static str) -> Result<Self, SchemaError> {
        let mut versions = crd.spec.versions.iter();
        let found = versions.find(|found| found.name == version);
        let structure = found.and_then(|found| found.schema.as_ref()?.open_api_v3_schema.clone());
        let structure = structure.ok_or(SchemaError::Missing(version))?;
        let unusable = |message: String| SchemaError::Unusable { version, message };
        let json = serde_json::to_value(&structure).map_err(|error| unusable(error.to_string()))?;
        let validator = jsonschema::options()
            // The one whose words a structural schema uses.
            .with_draft(Draft::Draft4)
            .build(&json)
            .map_err(|error| unusable(error.to_string()))?;
        Ok(Self {
            structure,
            validator,
        })
    }

    /// The object as the API server keeps it, and the paths that it drops.
    pub(super) fn pruned(&self, object: &Value) -> (Value, Vec<String>) {
        pruned(object, &self.structure)
    }

    /// What it says against an object, by field.
    pub(super) fn violations(&self, object: &Value) -> Vec<Violation> {
        let errors = self.validator.iter_errors(object);
        let mut violations: Vec<_> = errors
            .map(|error| Violation {
                field: dotted(error.instance_path().as_str()),
                what: error.masked_with("it").to_string(),
                of_type: matches!(error.kind(), ValidationErrorKind::Type { .. }),
            })
            .collect();
        violations.sort_by(|a, b| a.field.cmp(&b.field));
        violations
    }
}

/// A JSON pointer as a person writes a field.
fn dotted(pointer: &str) -> String {
    let parts = pointer.split('/').skip(1);
    let parts = parts.map(|part| part.replace("~1", "/").replace("~0", "~"));
    parts.collect::<Vec<_>>().join(".")
}

/// The paths at which two values differ. A null says nothing, so it is as good
/// as no value.
pub(super) fn differences(before: &Value, after: &Value) -> Vec<String> {
    let mut paths = Vec::new();
    differ(before, after, "", &mut paths);
    paths
}

fn differ(before: &Value, after: &Value, path: &str, paths: &mut Vec<String>) {
    let (Value::Object(before), Value::Object(after)) = (before, after) else {
        if before != after {
            paths.push(path.to_owned());
        }
        return;
    };
    let nothing = Value::Null;
    let all = before.keys();
    let added = after.keys().filter(|key| !before.contains_key(*key));
    for key in all.chain(added) {
        let inner = joined(path, key);
        let at = |of: &serde_json::Map<String, Value>| of.get(key).cloned();
        let (before, after) = (at(before), at(after));
        differ(
            before.as_ref().unwrap_or(&nothing),
            after.as_ref().unwrap_or(&nothing),
            &inner,
            paths,
        );
    }
}

/// A path and the name of a field below it.
fn joined(path: &str, name: &str) -> String {
    match path {
        "" => name.to_owned(),
        path => format!("{path}.{name}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn schema(structure: Value) -> Schema {
        let crd = json!({"metadata": {}, "spec": {
            "group": "g", "scope": "Namespaced", "names": {"kind": "K", "plural": "ks"},
            "versions": [{"name": "v1", "served": true, "storage": true,
                "schema": {"openAPIV3Schema": structure}}],
        }});
        Schema::of(&serde_json::from_value(crd).unwrap(), "v1").unwrap()
    }

    #[test]
    fn violations_name_the_field_and_never_the_value() {
        let schema = schema(json!({"type": "object", "properties": {
            "spec": {"type": "object", "properties": {
                "size": {"x-kubernetes-preserve-unknown-fields": true, "pattern": "^db"},
                "ha": {"enum": [true, false]},
                "tags": {"additionalProperties": {"type": "string"}},
                "count": {"type": "integer", "maximum": 5.0},
            }},
        }}));
        let told = |spec: Value| {
            let violations = schema.violations(&json!({"spec": spec}));
            let told = violations.into_iter();
            told.map(|told| (told.field, told.of_type))
                .collect::<Vec<_>>()
        };
        let one = |field: &str, of_type| vec![(field.to_owned(), of_type)];
        assert_eq!(told(json!({"size": "db.a", "ha": true, "count": 5})), []);
        assert_eq!(told(json!({"size": "hunter2"})), one("spec.size", false));
        // A pattern says nothing of what is no text.
        assert_eq!(told(json!({"size": 5})), []);
        assert_eq!(told(json!({"ha": "yes"})), one("spec.ha", false));
        assert_eq!(told(json!({"count": 6})), one("spec.count", false));
        assert_eq!(told(json!({"count": "6"})), one("spec.count", true));
        assert_eq!(
            told(json!({"tags": {"a/b": 1}})),
            one("spec.tags.a/b", true)
        );
        assert_eq!(told(json!("text")), one("spec", true));
        let violations = schema.violations(&json!({"spec": {"size": "hunter2"}}));
        assert!(!format!("{violations:?}").contains("hunter2"));
    }

    #[test]
    fn a_null_differs_from_nothing_in_nothing() {
        let none: [&str; 0] = [];
        let paths = |before, after| differences(&before, &after);
        assert_eq!(paths(json!({"a": null, "b": 1}), json!({"b": 1})), none);
        assert_eq!(paths(json!({"b": {}}), json!({})), ["b"]);
        assert_eq!(paths(json!({}), json!({"a": {"b": 1}})), ["a"]);
        assert_eq!(
            paths(
                json!({"a": {"b": 1, "c": 2}}),
                json!({"a": {"b": 2, "c": 2}})
            ),
            ["a.b"]
        );
        assert_eq!(paths(json!([1]), json!([2])), [""]);
    }
}
