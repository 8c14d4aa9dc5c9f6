//! The types of v1alpha1's fields. Its schema states none, since an object of
//! 2017 that holds a wrong one must still be applied to; and a schema that only
//! says what a value must not be has no words for what to write.
//!
//! Nothing here may judge a field that a write leaves as it is, or what a value
//! of the right type says: bounds are the schema's.

use kube::core::Message;

use super::expression::quoted;
use super::{Policy, Scope, validation};
use crate::convert::spoke_fields;
use crate::{GROUP, PLURAL, SPOKE};

/// What the values of a field of v1alpha1 have to be. Of `ha`, the schema lists
/// its two values, and says so.
fn is_typed(field: &str) -> Option<String> {
    let value = format!("variables.now.{field}");
    let of = |kind: &str| format!("type({value}) == {kind}");
    match field {
        "size" => Some(of("string")),
        "storage" | "iops" => Some(["int", "double", "string"].map(of).join(" || ")),
        "tags" => Some(format!(
            "{} && {value}.all(key, type({value}[key]) == string)",
            of("map")
        )),
        _ => None,
    }
}

/// An object's spec, as a map of whatever it holds; empty where there is none,
/// or none that is a map.
fn spec(of: &str) -> String {
    format!("has({of}.spec) && type(dyn({of}).spec) == map ? dyn({of}).spec : dyn({{}})")
}

/// A write in v1alpha1 puts no value of a wrong type into a field.
pub fn spoke_types() -> Policy {
    let faults = spoke_fields().filter_map(|(field, write)| {
        let typed = is_typed(field)?;
        let (now, was) = (
            format!("variables.now.{field}"),
            format!("variables.was.{field}"),
        );
        let says = quoted(&format!("spec.{field} has a wrong type: write {write}"));
        Some(format!(
            "(!has({now}) || {now} == null || (has({was}) && {was} == {now}) || ({typed}) ? [] : [{says}])"
        ))
    });
    let faults: Vec<_> = faults.collect();
    Policy {
        scope: Scope {
            group: GROUP,
            version: SPOKE,
            resource: PLURAL,
            reach: "Namespaced",
            operations: &["CREATE", "UPDATE"],
            match_policy: "Exact",
        },
        conditions: Vec::new(),
        variables: vec![
            ("was", format!("oldObject != null && {}", spec("oldObject"))),
            ("now", spec("object")),
            ("faults", faults.join(" + ")),
        ],
        validations: vec![validation(
            "size(variables.faults) == 0".to_owned(),
            Message::Expression("variables.faults.join('; ')".to_owned()),
        )],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_field_that_the_spoke_has_is_judged() {
        let judged: Vec<_> = spoke_fields()
            .map(|(field, _)| (field, is_typed(field).is_some()))
            .collect();
        let expected = [
            ("size", true),
            ("storage", true),
            ("iops", true),
            ("ha", false),
            ("tags", true),
        ];
        assert_eq!(judged, expected);
    }
}
