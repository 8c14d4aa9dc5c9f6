//! What kubectl keeps of v1alpha1 in its annotation, where nobody can convert it.
//!
//! Nothing here may show what the annotation says: it holds a whole manifest.

use super::Seen;
use crate::preflight::finding::{Check, Finding, Severity};
use crate::untyped::{Applied, LAST_APPLIED, new, old};

/// What `stow migrate` would name, and leave to a person.
pub(super) fn unreadable(seen: &Seen<'_>) -> Vec<Finding> {
    if Applied::of(&seen.views.own) != Some(Applied::Unreadable) {
        return Vec::new();
    }
    let text = format!(
        "Its annotation {LAST_APPLIED} names {} and cannot be read as a manifest of it: `stow \
         migrate` would not finish",
        old()
    );
    let advice = format!(
        "Remove the annotation, or apply the object's manifest anew in {}.",
        new()
    );
    let finding = Finding::new(Severity::Error, Check::Migration, text);
    vec![
        finding
            .at(format!("metadata.annotations.{LAST_APPLIED}"))
            .advise(advice),
    ]
}
