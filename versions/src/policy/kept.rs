//! What v1alpha1 cannot say lies in annotations of its view: a client that
//! replaces the object without them would take fields out of the hub that it
//! never saw, such as a deletion policy. Conversion cannot see the object
//! before; this policy can.
//!
//! Nothing here may look at a request in v1beta1, where the fields have their
//! own names: removing one there is what the user means.

use kube::core::Message;

use super::{Policy, Scope, validation};
use crate::{GROUP, HUB_PREFIX, PLURAL, SPOKE};

/// The annotations of an object, or none.
fn annotations(of: &str) -> String {
    format!("(has({of}.metadata.annotations) ? {of}.metadata.annotations : {{}})")
}

/// An update in v1alpha1 keeps the annotations that stand for v1beta1's fields.
pub fn kept_annotations() -> Policy {
    // By equality: an emptied one is as good as dropped.
    let differing = |these: &str, those: &str| {
        format!(
            "variables.{these}.filter(key, key.startsWith('{HUB_PREFIX}') && \
             !(key in variables.{those} && variables.{those}[key] == variables.{these}[key]))"
        )
    };
    let none = |variable: &str| format!("size(variables.{variable}) == 0");
    let keep = |variable: &str, what: &str, instead: &str| {
        Message::Expression(format!(
            "'annotations under {HUB_PREFIX} keep what v1alpha1 cannot say, and this update {what} ' + \
             variables.{variable}.join(', ') + ': {instead}; to change what they say, write the \
             object in v1beta1 (kubectl edit postgresdbs.v1beta1.myob.com/' + object.metadata.name \
             + ')'"
        ))
    };
    Policy {
        scope: Scope {
            group: GROUP,
            version: SPOKE,
            resource: PLURAL,
            reach: "Namespaced",
            operations: &["UPDATE"],
            match_policy: "Exact",
        },
        conditions: Vec::new(),
        variables: vec![
            ("was", annotations("oldObject")),
            ("now", annotations("object")),
            ("lost", differing("was", "now")),
            ("added", differing("now", "was")),
        ],
        validations: vec![
            validation(
                none("lost"),
                keep(
                    "lost",
                    "changes or drops",
                    "write them as kubectl get shows them now, or use kubectl apply, edit or \
                     patch without naming them, which keep them where replace does not",
                ),
            ),
            validation(
                none("added"),
                keep(
                    "added",
                    "adds",
                    "leave them out, since an exported manifest brings back what has been \
                     changed since",
                ),
            ),
        ],
    }
}
