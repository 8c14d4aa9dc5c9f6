//! How many objects of a namespace have a database.
//!
//! Nothing here may depend on what a tenant can write to its own advantage: by
//! age, an object's place never changes while older ones are there; what others
//! hold can only add to the reasons against a new database.

use crate::cluster::{Neighbour, PostgresDB};
use crate::config::Policy;

/// Whether as many as may have a database are older.
pub(super) fn before(
    object: &PostgresDB,
    neighbours: &[Neighbour],
    policy: &Policy,
) -> Option<String> {
    let most = policy.max_per_namespace?;
    let age = object.age();
    let older = neighbours.iter().filter(|other| other.age < age).count();
    (older >= most).then(|| {
        format!(
            "Of this namespace's objects {older} are older, and policy.maxPerNamespace allows {most} with a database: delete others."
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
    let holding: Vec<_> = neighbours
        .iter()
        .filter(|other| other.holds)
        .cloned()
        .collect();
    before(object, &holding, policy)
}

/// Whether as many others as may have a database have one, older or not: of two
/// objects of the same second, the younger by uid may have come first.
pub(super) fn beside(neighbours: &[Neighbour], policy: &Policy) -> Option<String> {
    let most = policy.max_per_namespace?;
    let held = neighbours.iter().filter(|other| other.holds).count();
    (held >= most).then(|| {
        format!(
            "Of this namespace's objects {held} have a database, and policy.maxPerNamespace allows {most}: delete others."
        )
    })
}
