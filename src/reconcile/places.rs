//! Which objects of a namespace have a database, where only so many may.
//!
//! Nothing here may rest on what a tenant can write: a finalizer is no claim.
//! And no two objects may be judged at once, each on a view without the other,
//! or with one that waits for it in turn.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use super::validate::{self, Surroundings};
use super::{Context, census};
use crate::cluster::{Cluster, Neighbour, PostgresDB};
use crate::config::Configuration;
use crate::plan::{Desired, Goal, MadeFor, Subject, made_for};
use crate::rds::{Instance, Rds};

/// The uids of the objects that this process let have a database. A process that
/// starts anew knows none, and finds those that have one by their status and by
/// their instance.
#[derive(Debug, Default)]
pub(super) struct Places(Mutex<HashSet<String>>);

impl Places {
    /// Judges an object among its neighbours, who are looked at no sooner than it
    /// is its turn. It has its place for as long as it may create a database.
    fn judge(
        &self,
        uid: &str,
        look: impl FnOnce() -> Vec<Neighbour>,
        judge: impl FnOnce(&[Neighbour], bool) -> Desired,
    ) -> Desired {
        self.with(|taken| {
            let mut neighbours = look();
            for other in &mut neighbours {
                other.holds |= taken.contains(&other.age.1);
            }
            let desired = judge(&neighbours, taken.contains(uid));
            match &desired.goal {
                Goal::Exists(database) if database.creation.is_ok() => {
                    taken.insert(uid.to_owned());
                }
                _ => {
                    taken.remove(uid);
                }
            }
            desired
        })
    }

    /// Gives an object's place back.
    pub(super) fn leave(&self, uid: &str) {
        self.with(|taken| taken.remove(uid));
    }

    /// Forgets every object but these.
    pub(super) fn keep(&self, exists: impl Fn(&str) -> bool) {
        self.with(|taken| taken.retain(|uid| exists(uid)));
    }

    // A set is whole after each change, so one left by a panic serves.
    fn with<T>(&self, act: impl FnOnce(&mut HashSet<String>) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// What an object wants, judged with its namespace where that counts.
pub(super) fn desired<R: Rds, C: Cluster>(
    context: &Context<R, C>,
    subject: &Subject,
    object: &PostgresDB,
) -> Desired {
    let configuration = context
        .cluster
        .config_map()
        .map(|data| Configuration::read(&data));
    let alone = Surroundings {
        configuration: configuration.as_ref(),
        ..Surroundings::default()
    };
    let counts = configuration
        .as_ref()
        .is_some_and(|configuration| configuration.policy.max_per_namespace.is_some());
    if !counts {
        return validate::desired(subject, object, alone);
    }
    let latest = context.sweeps.latest();
    let instances = || latest.iter().flat_map(|sweep| sweep.instances.values());
    let served: HashSet<&str> = instances()
        .filter_map(|instance| made_for(&context.cluster_id, instance))
        .map(|object| object.uid)
        .collect();
    let look = || {
        let Subject { namespace, uid, .. } = subject;
        let mut neighbours = context.cluster.neighbours(namespace, uid);
        for other in &mut neighbours {
            other.holds |= served.contains(other.age.1.as_str());
        }
        neighbours
    };
    let judge = |neighbours: &[Neighbour], placed| {
        let left_behind: Vec<_> =
            left_behind(&context.cluster_id, subject, neighbours, instances())
                .map(|instance| instance.identifier.clone())
                .collect();
        let surroundings = Surroundings {
            neighbours,
            left_behind: &left_behind,
            placed,
            ..alone
        };
        validate::desired(subject, object, surroundings)
    };
    context.memories.places.judge(&subject.uid, look, judge)
}

/// The instances that deleted objects of the namespace left behind.
fn left_behind<'a>(
    cluster: &str,
    subject: &Subject,
    neighbours: &[Neighbour],
    instances: impl Iterator<Item = &'a Instance>,
) -> impl Iterator<Item = &'a Instance> {
    let elsewhere_or_there = move |object: MadeFor<'_>| {
        object.namespace != subject.namespace
            || object.uid == subject.uid
            || neighbours.iter().any(|other| other.age.1 == object.uid)
    };
    census::left_behind(cluster, instances, elsewhere_or_there)
}

#[cfg(test)]
mod tests;
