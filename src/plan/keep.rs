//! Plans for an instance that exists and is the object's: it becomes what the
//! spec says.
//!
//! Nothing here may change what nobody states.

use std::collections::BTreeMap;

use jiff::Timestamp;
use stow_versions::status::{PendingChange, Reason};

use crate::rds::Instance;

use super::provide::claim;
use super::state::{State, state};
use super::takeover::Takeover;
use super::{
    Action, Database, Observed, Obstacle, Plan, Subject, Undecided, change, fixed, modify, secret,
    volume,
};

/// An instance that is the object's, and what it is to be.
pub(super) struct Kept<'a> {
    /// The object.
    pub(super) subject: &'a Subject,
    /// What the spec says that counts.
    pub(super) database: &'a Database,
    /// The instance.
    pub(super) instance: &'a Instance,
    /// What of the spec does not count.
    pub(super) takeover: &'a Takeover,
}

/// Keeps an instance that is the object's as the spec says.
pub(super) fn plan(kept: &Kept<'_>, observed: &Observed, now: Timestamp, plan: &mut Plan) {
    let Kept {
        subject,
        database,
        instance,
        takeover,
    } = *kept;
    let changeable = match state(&instance.status) {
        State::Settled | State::StorageSettling => true,
        State::InProgress(reason) => {
            let message = format!("RDS says {}.", instance.status);
            plan.waiting.push(Obstacle::new(reason, message));
            false
        }
        State::Deleting => {
            plan.actions.clear();
            plan.waiting.push(Obstacle::new(
                Reason::Deleting,
                "RDS is deleting the instance, and not because this object was deleted.",
            ));
            return;
        }
        State::Stopped => {
            plan.blocked.push(Obstacle::new(
                Reason::IncompatibleState,
                format!("The instance is stopped: aws rds start-db-instance --db-instance-identifier {} starts it. Changes wait until then.", instance.identifier),
            ));
            false
        }
        State::Broken | State::Lost => {
            plan.blocked.push(Obstacle::new(
                Reason::IncompatibleState,
                format!("RDS says {}: nothing goes on until it is repaired there. The instance's events in RDS say what it needs.", instance.status),
            ));
            false
        }
    };
    if instance.status == "storage-full" {
        plan.blocked.push(Obstacle::new(
            Reason::IncompatibleState,
            "The instance's storage is full: raise spec.storage.",
        ));
    }
    plan.blocked.extend(fixed::differences(database, instance));
    plan.blocked.extend(database.denied.clone());
    plan.blocked.extend(undecided(database, instance));
    plan.blocked.extend(volume::impossible(database, instance));
    let password = match takeover.missing_secret(&database.secret_name, observed) {
        Some(obstacle) => {
            plan.blocked.push(obstacle);
            None
        }
        None => secret::plan(&database.secret_name, instance, observed, plan),
    };
    plan.pending = change::accepted(database, instance);
    plan.pending.extend(takeover.pending());
    plan.pending.extend(lacking(database, instance));
    let room = change::Room { changeable, now };
    change::plan(database, instance, password, &room, observed, plan);
    // Last, since a tag that RDS refuses must hold up nothing else.
    tag(subject, database, instance, plan);
}

/// What would be changed, were it not open whether it may be. A database that
/// is as its spec says has no need to know.
fn undecided(database: &Database, instance: &Instance) -> Option<Obstacle> {
    let Undecided { obstacle, database } = database.undecided.as_deref()?;
    let mut tags = database.tags.iter();
    let changes = modify::Changes::between(database, instance).parts();
    let waits = !changes.is_empty()
        // Such as Enhanced Monitoring, while nobody knows the platform's role.
        || !volume::impossible(database, instance).is_empty()
        || tags.any(|(key, value)| instance.tags.get(key) != Some(value));
    waits.then(|| obstacle.clone())
}

/// The platform's tags that an instance made before them lacks. A policy never
/// changes a database that runs, and who wrote its spec asks for nothing that is
/// not allowed: so it is told, and stalls nobody.
fn lacking(database: &Database, instance: &Instance) -> Option<PendingChange> {
    let has = |tags: &BTreeMap<String, String>, key, value| tags.get(key) == Some(value);
    let missing = database.required_tags.iter().filter(|(key, value)| {
        !has(&instance.tags, *key, *value) && !has(&database.tags, *key, *value)
    });
    let missing: Vec<_> = missing
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    let why = "policy.requiredTags came after this database, and Stow adds no tag to one that \
               runs by a policy alone: write it in spec.tags, or add it at AWS";
    (!missing.is_empty()).then(|| PendingChange {
        what: Some(format!("tags {}", missing.join(", "))),
        why: Some(why.to_owned()),
    })
}

/// Sets the tags that the spec wants and the instance lacks. Keys that nobody
/// states are left alone.
fn tag(subject: &Subject, database: &Database, instance: &Instance, plan: &mut Plan) {
    let claims = plan
        .actions
        .iter()
        .any(|action| matches!(action, Action::AddTags { .. }));
    if !claims {
        plan.actions.extend(claim(subject, instance));
    }
    let mut tags = database.tags.clone();
    let own = subject.tags();
    tags.retain(|key, value| !own.contains_key(key) && instance.tags.get(key) != Some(value));
    if !tags.is_empty() {
        let arn = instance.arn.clone();
        plan.actions.push(Action::AddTags { arn, tags });
    }
}
