//! Plans for a database that should exist.
//!
//! Nothing here may replace a database that once existed, or touch one that is
//! not the object's.

use stow_versions::status::Reason;

use crate::rds::{CreateInstance, Instance, ModifyInstance, Password};

use super::modify::{self, Changes};
use super::ownership::{Ownership, ownership};
use super::state::{State, state};
use super::{
    Action, Creation, Database, Failed, Observed, Obstacle, Plan, Presence, SecretState, Subject,
    secret,
};

/// Days of automated backups: the least that safety asks for. AWS's own
/// default is one.
const BACKUP_RETENTION: i32 = 7;

/// A sweep may miss an instance whose page shifted, and RDS may not list one
/// that it has just created: only this many in a row say that it is gone.
pub(crate) const SWEEPS_THAT_CONFIRM: u32 = 2;

/// Whether an object's instance existed once, by its status or its Secret.
pub(crate) fn once_existed(recorded: bool, secret: &SecretState) -> bool {
    // A password that RDS has accepted is the trace of an instance.
    let accepted = matches!(secret, SecretState::Ours(held)
        if !held.password_pending && secret::password_of(held).is_some());
    recorded || accepted
}

pub(super) fn plan(subject: &Subject, database: &Database, observed: &Observed) -> Plan {
    let mut plan = Plan::default();
    let own = own_instance(subject, observed, &mut plan);
    if let Some(instance) = own {
        keep(subject, database, instance, observed, &mut plan);
    } else if let Presence::Absent { sweeps, .. } = observed.instance {
        create(subject, database, observed, sweeps, &mut plan);
    }
    // A client that replaces the whole object drops the finalizer, and a
    // deletion would then leave the instance behind.
    if !observed.finalizer && (own.is_some() || !plan.actions.is_empty()) {
        plan.actions.insert(0, Action::AddFinalizer);
    }
    plan
}

/// A spec that cannot be followed changes nothing; yet whoever owns an
/// instance keeps the finalizer that stands for it.
pub(super) fn unclear(subject: &Subject, observed: &Observed, message: &str) -> Plan {
    let mut plan = Plan::default();
    let owned = own_instance(subject, observed, &mut plan).is_some();
    plan.actions.clear();
    if owned && !observed.finalizer {
        plan.actions.push(Action::AddFinalizer);
    }
    plan.blocked
        .insert(0, Obstacle::new(Reason::InvalidSpec, message));
    plan
}

/// The instance that is the object's, or the reason why there is none.
fn own_instance<'a>(
    subject: &Subject,
    observed: &'a Observed,
    plan: &mut Plan,
) -> Option<&'a Instance> {
    let instance = match &observed.instance {
        Presence::Unknown => {
            plan.waiting.push(Obstacle::new(
                Reason::InProgress,
                "RDS is observed again before anything else is done.",
            ));
            return None;
        }
        Presence::Unreadable(error) => {
            plan.hinder(Obstacle::from(error));
            return None;
        }
        Presence::Absent { .. } => return None,
        Presence::Present(instance) => instance.as_ref(),
    };
    match ownership(subject, instance) {
        Ownership::Ours => Some(instance),
        Ownership::Since2017 => {
            plan.actions.extend(claim(subject, instance));
            Some(instance)
        }
        Ownership::Unproven(why) | Ownership::Foreign(why) => {
            plan.blocked.push(Obstacle::new(
                Reason::NotOwned,
                format!(
                    "RDS instance {} exists and is not this object's: {why}. Stow leaves it alone; rename or delete that instance, or delete this object.",
                    instance.identifier
                ),
            ));
            None
        }
    }
}

/// Gives an instance the tags of its object that it lacks.
pub(super) fn claim(subject: &Subject, instance: &Instance) -> Option<Action> {
    let mut tags = subject.tags();
    tags.retain(|key, value| instance.tags.get(key) != Some(value));
    let arn = instance.arn.clone();
    (!tags.is_empty()).then_some(Action::AddTags { arn, tags })
}

fn create(
    subject: &Subject,
    database: &Database,
    observed: &Observed,
    sweeps: u32,
    plan: &mut Plan,
) {
    let identifier = subject.identifier();
    if once_existed(observed.recorded, &observed.secret) {
        if sweeps < SWEEPS_THAT_CONFIRM {
            plan.waiting.push(Obstacle::new(
                Reason::InProgress,
                format!("RDS does not list instance {identifier}; it is looked for once more."),
            ));
            return;
        }
        let copy = observed.copy.as_ref().map_or(String::new(), |copy| {
            format!(" Instance {copy} carries its tags: it was renamed, or restored from it.")
        });
        plan.blocked.push(Obstacle::new(
            Reason::InstanceMissing,
            format!(
                "RDS instance {identifier} existed and is gone, and Stow did not delete it.{copy} An empty one in its place would look like lost data: restore it under the same identifier with its tags, or delete this object and create a new one."
            ),
        ));
        return;
    }
    if let Some(copy) = &observed.copy {
        plan.blocked.push(Obstacle::new(
            Reason::NotOwned,
            format!(
                "RDS instance {copy} carries this object's tags, and another identifier: it is a copy, or was renamed. Stow leaves it alone and creates nothing beside it; remove its stow.myob.com/* tags, or rename it to {identifier}."
            ),
        ));
        return;
    }
    if let Some(previous) = &observed.previous {
        plan.blocked.push(Obstacle::new(
            Reason::PreviousInstanceExists,
            format!(
                "RDS instance {} belongs to an earlier object named {}. Nothing is created while it lives: delete it in RDS, or remove its stow.myob.com/* tags, once its data is not needed under this name.",
                previous.identifier,
                subject.object()
            ),
        ));
        return;
    }
    let creation = match &database.creation {
        Ok(creation) => creation,
        Err(obstacle) => {
            plan.blocked.push(obstacle.clone());
            return;
        }
    };
    create_with_secret(subject, database, creation, observed, plan);
}

/// The Secret comes first: a password is sent to RDS only from where it is kept.
fn create_with_secret(
    subject: &Subject,
    database: &Database,
    creation: &Creation,
    observed: &Observed,
    plan: &mut Plan,
) {
    let name = &database.secret_name;
    match &observed.secret {
        SecretState::Missing => {
            let content = secret::with_password(name, &observed.fresh_password);
            plan.actions.push(Action::CreateSecret(content));
        }
        SecretState::Ours(held) => {
            let action = secret::password_of(held).map_or_else(
                || Action::UpdateSecret {
                    held: held.clone(),
                    content: secret::with_password(name, &observed.fresh_password),
                },
                |password| Action::Create(Box::new(request(subject, database, creation, password))),
            );
            plan.actions.push(action);
        }
        SecretState::Unmarked(_) => plan.blocked.push(secret::conflict(
            name,
            "it has no ownerReference to this object, and there is no instance that it could be of",
        )),
        SecretState::Foreign(why) => plan.blocked.push(secret::conflict(name, why)),
        SecretState::Unreadable(why) => plan.blocked.push(secret::unreadable(name, why)),
    }
}

fn request(
    subject: &Subject,
    database: &Database,
    creation: &Creation,
    master_password: Password,
) -> CreateInstance {
    let Creation {
        class,
        storage,
        storage_type,
        iops,
        multi_az,
        database_name,
        master_username,
        port,
        backup_window,
        maintenance_window,
        subnet_group,
        security_groups,
        encrypted,
        kms_key,
    } = creation.clone();
    let mut tags = database.tags.clone();
    tags.extend(subject.tags());
    CreateInstance {
        identifier: subject.identifier(),
        class,
        storage,
        storage_type,
        iops,
        multi_az,
        database_name,
        master_username,
        master_password,
        port,
        backup_retention: BACKUP_RETENTION,
        backup_window,
        maintenance_window,
        subnet_group,
        security_groups,
        encrypted,
        kms_key,
        tags,
    }
}

/// Keeps an instance that is the object's as the spec says.
fn keep(
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
    plan.blocked.extend(modify::idle_iops(database, instance));
    let password = secret::plan(&database.secret_name, instance, observed, plan);
    plan.pending = modify::accepted(instance);
    change(database, instance, password, changeable, observed, plan);
    // Last, since a tag that RDS refuses must hold up nothing else.
    tag(subject, database, instance, plan);
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
