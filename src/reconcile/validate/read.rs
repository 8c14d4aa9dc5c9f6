//! A spec as its types have it, and every part of it that they have not.
//!
//! Nothing here may lose a part that can be read because of one that cannot.

use serde_json::{Map, Value, json};
use stow_versions::convert;
use stow_versions::v1beta1::PostgresDBSpec;

use crate::cluster::PostgresDB;

/// The spec as far as it can be read, and what is wrong with the rest.
pub(super) fn spec(object: &PostgresDB) -> (PostgresDBSpec, Vec<String>) {
    let mut faults = remembered(object);
    let spec = match &object.spec {
        Value::Null => PostgresDBSpec::default(),
        Value::Object(fields) => {
            let (fields, strange) = sound(fields, &[]);
            faults.extend(strange);
            // What is sound by itself is sound together.
            parsed(&Value::Object(fields)).unwrap_or_else(|fault| {
                faults.push(fault);
                PostgresDBSpec::default()
            })
        }
        other => {
            faults.extend(parsed(other).err());
            PostgresDBSpec::default()
        }
    };
    (spec, faults)
}

/// v1alpha1's text that v1beta1 cannot say.
fn remembered(object: &PostgresDB) -> Vec<String> {
    let view = json!({
        "metadata": {"annotations": object.metadata.annotations},
        "spec": object.spec,
    });
    convert::unusable(&view)
        .into_iter()
        .map(|unusable| format!("{unusable}."))
        .collect()
}

fn parsed(spec: &Value) -> Result<PostgresDBSpec, String> {
    serde_path_to_error::deserialize(spec).map_err(|error| {
        match error.path().to_string().as_str() {
            "." => format!("spec: {}.", error.inner()),
            path => format!("spec.{path}: {}.", error.inner()),
        }
    })
}

/// The fields under a path that can be read, and what is wrong with the others,
/// each judged by itself.
fn sound(fields: &Map<String, Value>, path: &[&str]) -> (Map<String, Value>, Vec<String>) {
    let mut kept = Map::new();
    let mut faults = Vec::new();
    for (name, value) in fields {
        let path: Vec<&str> = path.iter().copied().chain([name.as_str()]).collect();
        let alone = path.iter().rev().fold(value.clone(), |inner, name| {
            Value::Object(Map::from_iter([((*name).to_owned(), inner)]))
        });
        match (parsed(&alone), value) {
            (Ok(_), _) => {
                kept.insert(name.clone(), value.clone());
            }
            (Err(_), Value::Object(inner)) if !inner.is_empty() => {
                let (inner, strange) = sound(inner, &path);
                kept.insert(name.clone(), Value::Object(inner));
                faults.extend(strange);
            }
            (Err(fault), _) => faults.push(fault),
        }
    }
    (kept, faults)
}
