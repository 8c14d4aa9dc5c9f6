//! Values of a wrong type. Where a schema states the type, every server-side
//! apply to the object is refused, in any version that its managers wrote.
//!
//! Nothing here may judge what a value of the right type says.

use serde_json::Value;
use stow_versions::convert::unusable;

use super::Seen;
use crate::preflight::finding::{Check, Finding, Severity};

/// What of an object has a wrong type.
pub(super) fn wrong(seen: &Seen<'_>) -> Vec<Finding> {
    let views = &seen.views;
    let shipped = seen.standards.shipped(views.version);
    let refused = |field: &str, by: &str, advice: String| {
        let text = format!(
            "{field} has a type that {by} does not allow: every server-side apply to the object \
             is refused"
        );
        Finding::new(Severity::Error, Check::WrongType, text)
            .at(field)
            .advise(advice)
    };
    let mut findings: Vec<Finding> = Vec::new();
    for violation in shipped.violations(&views.own) {
        if violation.of_type {
            findings.push(refused(
                &violation.field,
                "Stow's definition",
                mend(&violation.field),
            ));
        }
    }
    let installed = seen.standards.installed(views.version);
    for violation in installed
        .map(|schema| schema.violations(&views.own))
        .into_iter()
        .flatten()
    {
        let known = |finding: &Finding| finding.field.as_deref() == Some(&violation.field);
        if violation.of_type && !findings.iter().any(known) {
            findings.push(refused(
                &violation.field,
                "the cluster's definition",
                "kubectl apply -f yaml/crd.yaml, whose v1alpha1 states no types, or write the \
                 value anew with a merge patch."
                    .to_owned(),
            ));
        }
    }
    for unusable in unusable(views.hub()) {
        let field = match unusable.field {
            "spec" => "spec".to_owned(),
            field => format!("spec.{field}"),
        };
        let known = |finding: &Finding| finding.field.as_ref() == Some(&field);
        if is_mistyped(unusable.field, &unusable.text) && !findings.iter().any(known) {
            let text = format!(
                "{field} has a wrong type, which Stow's v1alpha1 lets stand: applies of both \
                 kinds work, and a schema or a client that states types refuses the object"
            );
            findings.push(
                Finding::new(Severity::Warning, Check::WrongType, text)
                    .at(&field)
                    .advise(mend(&field)),
            );
        }
    }
    findings
}

fn mend(field: &str) -> String {
    if field.starts_with("status") {
        "The operator writes it anew when it reports.".to_owned()
    } else {
        format!("Write {field} anew, or take it out, with kubectl patch --type=merge.")
    }
}

/// Whether what v1alpha1 says in a field, as JSON text, is of no type that the
/// field ever had.
fn is_mistyped(field: &str, text: &str) -> bool {
    let Ok(value) = serde_json::from_str::<Value>(text) else {
        // Nested deeper than a tree, as nothing ever was; or a number beyond all.
        return text.starts_with(['[', '{']);
    };
    let typed = match field {
        "size" => value.is_string(),
        "storage" | "iops" => value.is_string() || value.is_number(),
        "ha" => value.is_boolean(),
        "tags" => {
            let tags = value.as_object();
            tags.is_some_and(|tags| tags.values().all(Value::is_string))
        }
        _ => false,
    };
    !typed
}
