//! What the API server would say against a new object of this content, and the
//! operator against one that is there.
//!
//! Nothing here may state a rule of its own: the schema is Stow's, and all else
//! is what the operator judges specs with.

use super::{HUB, SPOKE, Seen, is_recorded};
use crate::plan::{Database, Goal, Obstacle};
use crate::preflight::finding::{Check, Finding, Severity};
use stow_versions::status::Reason;

/// What is refused of a new object. A stored one stays, and takes every write
/// that leaves these fields alone.
pub(super) fn refused(seen: &Seen<'_>) -> Vec<Finding> {
    let views = &seen.views;
    let own = (views.version, &views.own);
    // A policy holds what is written in v1alpha1 against v1beta1's rules too.
    let other = (views.version == SPOKE).then_some((HUB, views.hub()));
    let mut faults: Vec<String> = Vec::new();
    for (version, view) in std::iter::once(own).chain(other) {
        for violation in seen.standards.shipped(version).violations(view) {
            if violation.field.starts_with("spec") {
                faults.push(format!(
                    "{} of {version}: {}.",
                    violation.field, violation.what
                ));
            }
        }
    }
    if let Some(Goal::Unclear { message }) = seen.desired.as_ref().map(|desired| &desired.goal) {
        faults.push(message.clone());
    }
    if faults.is_empty() {
        return Vec::new();
    }
    let text = format!(
        "A new object of this spec would be refused, as by a restore or from Git: {}",
        faults.join(" ")
    );
    vec![Finding::new(Severity::Error, Check::Refused, text).advise(
        "The one that is stored stays, and takes writes that leave these fields alone. \
             Correct them, and where the manifest is kept.",
    )]
}

/// What the operator would report as `Stalled`.
pub(super) fn stalled(seen: &Seen<'_>) -> Vec<Finding> {
    let Some((_, object)) = &seen.read else {
        let text = "The operator cannot read its metadata";
        return vec![Finding::new(Severity::Error, Check::Stalled, text)];
    };
    let recorded = is_recorded(object);
    let Some(desired) = &seen.desired else {
        return Vec::new();
    };
    match &desired.goal {
        Goal::Unclear { message } => vec![told(
            Reason::InvalidSpec,
            message,
            "Correct the spec; the database stays as it is until then.",
        )],
        Goal::Exists(database) => obstacles(database, recorded)
            .filter(|obstacle| obstacle.needs_somebody())
            // Of the ConfigMap it is told once.
            .filter(|obstacle| obstacle.reason != Reason::InvalidConfiguration)
            .map(|obstacle| told(obstacle.reason, &obstacle.message, ""))
            .collect(),
        Goal::Gone { policy, .. } => policy
            .as_ref()
            .err()
            .filter(|obstacle| obstacle.reason != Reason::InvalidConfiguration)
            .map(|obstacle| told(obstacle.reason, &obstacle.message, ""))
            .into_iter()
            .collect(),
    }
}

/// What stands in the way of a database. How one is made matters only where
/// there is none yet.
fn obstacles(database: &Database, recorded: bool) -> impl Iterator<Item = &Obstacle> {
    let denied = database.denied.as_ref();
    let creation = database.creation.as_ref().err();
    let creation = creation.filter(|_| !recorded && denied.is_none());
    denied.into_iter().chain(creation)
}

fn told(reason: Reason, message: &str, advice: &str) -> Finding {
    let text = format!("The operator will report it as Stalled, {reason}: {message}");
    Finding::new(Severity::Error, Check::Stalled, text).advise(advice)
}
