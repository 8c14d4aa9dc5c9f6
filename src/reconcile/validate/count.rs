//! How many databases a namespace has: those of its objects, and those that its
//! deleted objects left behind.
//!
//! Nothing here may depend on what a tenant can write to its own advantage: by
//! age, an object's place never changes while older ones are there; what others
//! hold, or left, can only add to the reasons against a new database.

use super::Surroundings;
use crate::cluster::{Neighbour, PostgresDB};
use crate::config::Policy;

/// Whether as many as may have a database are older. Of objects of one second an
/// older one may come later: who was let in before makes no room for it, or both
/// would wait.
pub(super) fn before(
    object: &PostgresDB,
    surroundings: Surroundings<'_>,
    policy: &Policy,
) -> Option<String> {
    let Surroundings {
        neighbours,
        left_behind,
        placed,
        ..
    } = surroundings;
    let most = policy.max_per_namespace?;
    let older = older(object, neighbours);
    (!placed && older + left_behind.len() >= most).then(|| {
        format!(
            "Of this namespace's objects {older} are older{}, and policy.maxPerNamespace allows {most} with a database: {}.",
            beside_them(left_behind),
            way_out(left_behind)
        )
    })
}

/// Whether as many as may have a database are older, and have one: what is said
/// of a database that runs.
pub(super) fn over(
    object: &PostgresDB,
    neighbours: &[Neighbour],
    policy: &Policy,
) -> Option<String> {
    let most = policy.max_per_namespace?;
    let holding = neighbours.iter().filter(|other| other.holds);
    let older = older(object, holding);
    (older >= most).then(|| {
        format!(
            "Of this namespace's objects {older} are older, and policy.maxPerNamespace allows {most} with a database: delete others."
        )
    })
}

/// Whether as many others as may have a database have one, older or not: of two
/// objects of the same second, the younger by uid may have come first.
pub(super) fn beside(surroundings: Surroundings<'_>, policy: &Policy) -> Option<String> {
    let Surroundings {
        neighbours,
        left_behind,
        ..
    } = surroundings;
    let most = policy.max_per_namespace?;
    let held = neighbours.iter().filter(|other| other.holds).count();
    (held + left_behind.len() >= most).then(|| {
        format!(
            "Of this namespace's objects {held} have a database{}, and policy.maxPerNamespace allows {most}: {}.",
            beside_them(left_behind),
            way_out(left_behind)
        )
    })
}

fn older<'a>(object: &PostgresDB, neighbours: impl IntoIterator<Item = &'a Neighbour>) -> usize {
    let age = object.age();
    neighbours
        .into_iter()
        .filter(|other| other.age < age)
        .count()
}

fn beside_them(left_behind: &[String]) -> String {
    if left_behind.is_empty() {
        return String::new();
    }
    let all = left_behind.join(", ");
    format!(", databases of deleted ones remain ({all})")
}

fn way_out(left_behind: &[String]) -> &'static str {
    if left_behind.is_empty() {
        "delete others"
    } else {
        "delete others, or have those that remain deleted at AWS"
    }
}
