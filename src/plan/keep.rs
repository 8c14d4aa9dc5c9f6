//! Plans for an instance that exists and is the object's: it becomes what the
//! spec says.
//!
//! Nothing here may change what nobody states.

use stow_versions::status::Reason;

use crate::rds::{Instance, ModifyInstance, Password};

use super::modify::{self, Changes};
use super::provide::claim;
use super::state::{State, state};
use super::{Action, Database, Failed, Observed, Obstacle, Plan, Subject, Undecided, secret};

/// Keeps an instance that is the object's as the spec says.
pub(super) fn plan(
    subject: &Subject,
    database: &Database,
    instance: &Instance,
    observed: &Observed,
    plan: &mut Plan,
) {
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
    plan.blocked.extend(immutable(database, instance));
    plan.blocked.extend(database.denied.clone());
    plan.blocked.extend(undecided(database, instance));
    plan.blocked.extend(modify::idle_iops(database, instance));
    let password = secret::plan(&database.secret_name, instance, observed, plan);
    plan.pending = modify::accepted(instance);
    change(database, instance, password, changeable, observed, plan);
    // Last, since a tag that RDS refuses must hold up nothing else.
    tag(subject, database, instance, plan);
}

/// What would be changed, were it not open whether it may be. A database that
/// is as its spec says has no need to know.
fn undecided(database: &Database, instance: &Instance) -> Option<Obstacle> {
    let Undecided { obstacle, database } = database.undecided.as_deref()?;
    let Changes { compute, storage } = Changes::between(database, instance);
    let mut tags = database.tags.iter();
    let waits = !compute.is_empty()
        || !storage.is_empty()
        || tags.any(|(key, value)| instance.tags.get(key) != Some(value));
    waits.then(|| obstacle.clone())
}

/// What the spec asks to change and RDS never changes. A rule of the schema
/// refuses it too, but not for a write in v1alpha1.
fn immutable(database: &Database, instance: &Instance) -> Vec<Obstacle> {
    let names = [
        (
            "databaseName",
            &database.database_name,
            instance.database_name.as_deref(),
        ),
        (
            "masterUsername",
            &database.master_username,
            Some(instance.master_username.as_str()),
        ),
    ];
    let differs = |(_, wanted, has): &(_, &Option<String>, Option<&str>)| {
        wanted
            .as_ref()
            .is_some_and(|wanted| Some(wanted.as_str()) != *has)
    };
    let obstacle = |(field, _, has): (&str, _, Option<&str>)| {
        let write = has.map_or("remove it".to_owned(), |has| {
            format!("write {has:?} or remove it")
        });
        let message = format!("spec.{field} cannot change on a database that exists: {write}.");
        Obstacle::new(Reason::InvalidSpec, message)
    };
    names.into_iter().filter(differs).map(obstacle).collect()
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

fn change(
    database: &Database,
    instance: &Instance,
    password: Option<Password>,
    changeable: bool,
    observed: &Observed,
    plan: &mut Plan,
) {
    let Changes { compute, storage } = Changes::between(database, instance);
    let storage_waits = state(&instance.status) == State::StorageSettling && !storage.is_empty();
    if storage_waits {
        let why = "RDS still optimizes the storage after its last change";
        plan.pending.extend(modify::waiting(storage.changes(), why));
        plan.waiting.push(Obstacle::new(
            Reason::StorageOptimizing,
            "RDS still optimizes the storage; its next change follows then.",
        ));
    }
    let wanted = if storage_waits {
        compute
    } else {
        let all = modify::merge(compute.clone(), storage);
        // Where RDS refused both in one, what it refused may be the storage
        // alone: that waits for another try, and the rest does not.
        match &observed.failed {
            Some(Failed {
                action: Action::Modify(tried),
                obstacle,
                ..
            }) if **tried == all && !compute.is_empty() => {
                plan.hinder(obstacle.clone());
                compute
            }
            _ => all,
        }
    };
    let password_wanted = password.map(|password| ModifyInstance {
        identifier: instance.identifier.clone(),
        master_password: Some(password),
        ..ModifyInstance::default()
    });
    for request in password_wanted.into_iter().chain([wanted]) {
        if request.is_empty() {
            continue;
        }
        if changeable {
            plan.actions.push(Action::Modify(Box::new(request)));
        } else {
            plan.waiting.push(Obstacle::new(
                Reason::InProgress,
                format!("Changes wait while RDS says {}.", instance.status),
            ));
        }
    }
}
