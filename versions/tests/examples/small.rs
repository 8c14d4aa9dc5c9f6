//! Conversion of small examples, with the noise taken off.

use serde_json::{Value, json};
use stow_versions::convert::convert;

pub(crate) const HUB: &str = "myob.com/v1beta1";
pub(crate) const SPOKE: &str = "myob.com/v1alpha1";

/// An object of that version, spec and annotations.
pub(crate) fn object(version: &str, spec: &Value, annotations: &Value) -> Value {
    let mut object = json!({
        "apiVersion": version,
        "kind": "PostgresDB",
        "metadata": {"name": "orders"},
        "spec": spec,
    });
    if annotations != &json!({}) {
        object["metadata"]["annotations"] = annotations.clone();
    }
    object
}

/// A v1alpha1 spec and its annotations as the hub has them.
pub(crate) fn up(spec: &Value, annotations: &Value) -> (Value, Value) {
    view(&convert(object(SPOKE, spec, annotations), HUB).expect("it converts"))
}

/// A hub spec and its annotations as v1alpha1 has them.
pub(crate) fn down(spec: &Value, annotations: &Value) -> (Value, Value) {
    view(&convert(object(HUB, spec, annotations), SPOKE).expect("it converts"))
}

/// The spec of an object, and its annotations.
pub(crate) fn view(object: &Value) -> (Value, Value) {
    let annotations = object["metadata"]
        .get("annotations")
        .cloned()
        .unwrap_or(json!({}));
    (object["spec"].clone(), annotations)
}

/// An annotation's text, in canonical form.
pub(crate) fn text(value: &Value) -> Value {
    value.to_string().into()
}
