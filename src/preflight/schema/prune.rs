//! What an API server keeps of an object by a structural schema, as its own
//! `pruning.Prune` does it.
//!
//! Nothing here may judge what is kept.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    JSONSchemaProps, JSONSchemaPropsOrArray, JSONSchemaPropsOrBool,
};
use serde_json::Value;

use super::joined;

/// What every schema lets pass at the root.
const ALWAYS: [&str; 3] = ["apiVersion", "kind", "metadata"];

/// The object without what the schema does not know, and the paths of that.
pub(in crate::preflight) fn pruned(
    object: &Value,
    schema: &JSONSchemaProps,
) -> (Value, Vec<String>) {
    let mut kept = object.clone();
    let mut dropped = Vec::new();
    if let Value::Object(fields) = &mut kept {
        let always: Vec<_> = ALWAYS
            .into_iter()
            .filter_map(|name| Some((name.to_owned(), fields.remove(name)?)))
            .collect();
        prune(&mut kept, Some(schema), "", &mut dropped);
        if let Value::Object(fields) = &mut kept {
            fields.extend(always);
        }
    }
    (kept, dropped)
}

/// A value of which no schema is known loses every field, and lists and scalars
/// stay as they are.
fn prune(
    value: &mut Value,
    schema: Option<&JSONSchemaProps>,
    path: &str,
    dropped: &mut Vec<String>,
) {
    let keeps = schema.is_some_and(|schema| {
        schema.x_kubernetes_preserve_unknown_fields == Some(true)
            || schema.x_kubernetes_embedded_resource == Some(true)
    });
    match value {
        Value::Object(fields) => fields.retain(|name, value| {
            let inner = joined(path, name);
            let property = schema.and_then(|schema| schema.properties.as_ref()?.get(name));
            let others = schema.and_then(|schema| schema.additional_properties.as_ref());
            match (property, others) {
                (Some(property), _) => prune(value, Some(property), &inner, dropped),
                (None, Some(JSONSchemaPropsOrBool::Schema(others))) => {
                    prune(value, Some(others), &inner, dropped);
                }
                (None, Some(JSONSchemaPropsOrBool::Bool(true))) => {}
                (None, None | Some(JSONSchemaPropsOrBool::Bool(false))) => {
                    if !keeps {
                        dropped.push(inner);
                    }
                    return keeps;
                }
            }
            true
        }),
        Value::Array(items) if !keeps || schema.is_some_and(|schema| schema.items.is_some()) => {
            let of_items = match schema.and_then(|schema| schema.items.as_ref()) {
                Some(JSONSchemaPropsOrArray::Schema(schema)) => Some(&**schema),
                _ => None,
            };
            for (index, item) in items.iter_mut().enumerate() {
                prune(item, of_items, &format!("{path}[{index}]"), dropped);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_no_schema_knows_goes_and_all_else_stays() {
        let schema: JSONSchemaProps = serde_json::from_value(json!({
            "type": "object",
            "properties": {
                "spec": {"type": "object", "properties": {
                    "size": {"x-kubernetes-preserve-unknown-fields": true},
                    "name": {"type": "string"},
                    "tags": {"type": "object", "additionalProperties": {"type": "string"}},
                    "list": {"type": "array", "items": {
                        "type": "object", "properties": {"a": {"type": "string"}},
                    }},
                }},
                "open": {
                    "x-kubernetes-preserve-unknown-fields": true,
                    "properties": {"closed": {"type": "object"}},
                },
            },
        }))
        .unwrap();
        let object = json!({
            "apiVersion": "g/v1", "kind": "K", "metadata": {"name": "a", "odd": 1},
            "spec": {
                "size": {"any": {"thing": 1}}, "colour": "red", "name": {"first": "a"},
                "tags": {"team": "shop"}, "list": [{"a": "x", "b": "y"}],
            },
            "open": {"x": [{"y": 1}], "closed": {"z": 1}},
            "other": 1,
        });
        let (kept, mut dropped) = pruned(&object, &schema);
        dropped.sort();
        let expected = [
            "open.closed.z",
            "other",
            "spec.colour",
            "spec.list[0].b",
            "spec.name.first",
        ];
        assert_eq!(dropped, expected);
        assert_eq!(
            kept,
            json!({
                "apiVersion": "g/v1", "kind": "K", "metadata": {"name": "a", "odd": 1},
                "spec": {
                    "size": {"any": {"thing": 1}}, "name": {}, "tags": {"team": "shop"},
                    "list": [{"a": "x"}],
                },
                "open": {"x": [{"y": 1}], "closed": {}},
            })
        );
    }
}
