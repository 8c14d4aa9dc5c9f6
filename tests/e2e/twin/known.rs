//! Where two versions are not as one: what server-side apply cannot do across
//! them, or does better.
//!
//! Each is told in `docs/versions.md`, by its name here. One that is met more or
//! less often than it says is as wrong as one that is missing.

use serde_json::Value;

use super::Difference;
use super::cases::Says;
use super::view::Outcome;

/// A class of differences.
pub(super) struct Known {
    pub(super) name: &'static str,
    /// Whether a difference is one of them.
    pub(super) fits: fn(&Difference) -> bool,
    /// How many orders end with one.
    pub(super) orders: usize,
}

/// The derived field, and the field that decides it.
const STORAGE_TYPE: &str = "spec.storageType";

pub(super) const KNOWN: &[Known] = &[
    // The policy cannot tell a removal that the user means from a client that
    // never saw the annotation.
    Known {
        name: "A manifest does not move back",
        fits: |found| {
            found.last().actor.is_old()
                && found.two.refused_at("")
                && found.steps.iter().any(|step| !step.actor.is_old())
        },
        orders: 278,
    },
    // Conversion derives it, so no manager of v1alpha1 has a word for it.
    Known {
        name: "A derived field conflicts with nobody",
        fits: |found| found.one.conflicts_at(STORAGE_TYPE),
        orders: 31,
    },
    Known {
        name: "What v1beta1 says outlasts what v1alpha1 implies",
        fits: |found| {
            let kept = found.two.storage_type().is_some_and(Value::is_string);
            found.last().actor.is_old() && kept && found.one.storage_type().is_some()
        },
        orders: 25,
    },
    // structured-merge-diff compares paths, and what is derived has the path of
    // what was said.
    Known {
        name: "A derived field is not taken back",
        fits: |found| {
            let gone = |outcome: &Outcome| outcome.storage_type().is_some_and(Value::is_null);
            let derives = matches!(found.case, "storage type" | "iops");
            derives && !found.last().actor.is_old() && gone(&found.one) && !gone(&found.two)
        },
        orders: 6,
    },
    // structured-merge-diff leaves a null where the last field of a map goes,
    // which one version refuses, and conversion takes for nothing.
    Known {
        name: "The last field of a map can go",
        fits: |found| {
            matches!(found.two, Outcome::Taken { .. })
                && (found.one.refused_at("spec") || found.one.refused_at("spec.backup"))
        },
        orders: 17,
    },
    Known {
        name: "spec: null is refused before it conflicts",
        fits: |found| {
            found.last().says == Says::Null
                && found.two.refused_at("spec")
                && found.one.conflicts_at("spec")
        },
        orders: 6,
    },
];
