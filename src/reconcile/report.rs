//! What people are told: status and conditions, as pure functions of what was
//! found.
//!
//! Nothing here may claim what was not observed, or hold a password.

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use stow_versions::status::{
    Binding, ConditionStatus, ConditionType, Endpoint, Finding, MadeWith, PostgresDBStatus, Reason,
    clear_condition, set_condition,
};
use stow_versions::storage;

use crate::cluster::PostgresDB;
use crate::plan::{
    Desired, FormerSecret, Goal, Observed, Obstacle, Ownership, Plan, Presence, State, is_complete,
    is_serving, ownership, state,
};
use crate::rds::Instance;

use super::sweep::Phase;
use super::validate;

/// What the object waits for.
pub(super) fn phase(observed: &Observed, plan: &Plan) -> Phase {
    let unsettled = match &observed.instance {
        Presence::Unknown => true,
        Presence::Present(instance) => matches!(
            state(&instance.status),
            State::InProgress(_) | State::Deleting
        ),
        Presence::Unreadable(_) | Presence::Absent { .. } => false,
    };
    if unsettled || !plan.waiting.is_empty() {
        Phase::Progress
    } else if !plan.blocked.is_empty() {
        Phase::Blocked
    } else {
        Phase::Rest
    }
}

/// The status that follows from what was found.
pub(super) fn status(
    object: &PostgresDB,
    desired: &Desired,
    observed: &Observed,
    plan: &Plan,
    now: Timestamp,
) -> PostgresDBStatus {
    let mut status = object.status.clone();
    let instance = match &observed.instance {
        Presence::Present(instance) => Some(instance.as_ref()).filter(|instance| {
            matches!(
                ownership(&desired.subject, instance),
                Ownership::Ours | Ownership::Since2017
            )
        }),
        Presence::Unknown | Presence::Unreadable(_) | Presence::Absent { .. } => None,
    };
    match (&observed.instance, instance) {
        (_, Some(instance)) => describe(&mut status, instance),
        // What was seen last stands until something else is seen.
        (Presence::Unknown | Presence::Unreadable(_), None) => {}
        // Its ARN stays: it says that the instance once existed.
        (_, None) => {
            let arn = status.arn.take();
            let id = status.id.take();
            let binding = status.binding.take();
            status = PostgresDBStatus {
                arn,
                id,
                binding,
                inherited: status.inherited.take(),
                conditions: std::mem::take(&mut status.conditions),
                ..PostgresDBStatus::default()
            };
        }
    }
    status.observed_generation = object.metadata.generation;
    status.pending.clone_from(&plan.pending);
    if matches!(desired.goal, Goal::Exists(_))
        && instance.is_some_and(|instance| is_complete(observed, instance))
        && !matches!(observed.former_secret, Some(FormerSecret::Ours(_)))
    {
        let name = validate::secret_name(object, &desired.subject);
        status.binding = Some(Binding { name: Some(name) });
    }
    // A takeover is over once the instance has its tags: that nothing was inherited
    // has to be known no longer.
    if instance.is_some_and(|instance| ownership(&desired.subject, instance) == Ownership::Ours) {
        status.inherited = status.inherited.filter(|noted| !noted.is_empty());
    }
    conditions(&mut status, desired, observed, plan, instance, now);
    status
}

fn describe(status: &mut PostgresDBStatus, instance: &Instance) {
    status.ready = Some(instance.status.clone());
    status.arn = Some(instance.arn.clone());
    status.id = Some(instance.identifier.clone());
    status.endpoint = instance.endpoint.as_ref().map(|(address, port)| Endpoint {
        address: Some(address.clone()),
        port: Some(i32::from(*port)),
    });
    status.engine_version.clone_from(&instance.engine_version);
    status.size = Some(instance.class.clone());
    status.storage = Some(Quantity(storage::quantity(instance.storage)));
    status.storage_type.clone_from(&instance.storage_type);
    status.iops = instance.iops.map(i64::from);
    status.made_with = Some(MadeWith {
        database_name: instance.database_name.clone(),
        master_username: Some(instance.master_username.clone()),
        subnet_group: instance.subnet_group.clone(),
        encrypted: instance.encrypted,
        kms_key: instance.kms_key.clone(),
    });
}

/// What one condition says: whether it holds, why, and what to do.
type Said = (ConditionStatus, Reason, String);

fn conditions(
    status: &mut PostgresDBStatus,
    desired: &Desired,
    observed: &Observed,
    plan: &Plan,
    instance: Option<&Instance>,
    now: Timestamp,
) {
    let generation = status.observed_generation;
    let mut put = |condition, said: Option<Said>| match said {
        None => clear_condition(&mut status.conditions, condition),
        Some((holds, reason, message)) => {
            let finding = Finding {
                condition,
                status: holds,
                reason,
                message,
                generation,
            };
            set_condition(&mut status.conditions, finding, &Time(now));
        }
    };
    put(ConditionType::Stalled, told(&plan.blocked));
    // kstatus reads Reconciling first; an object that cannot go on is stalled.
    let waiting = if plan.blocked.is_empty() {
        told(&plan.waiting)
    } else {
        None
    };
    put(ConditionType::Reconciling, waiting);
    if let Some(ready) = ready(desired, observed, plan, instance) {
        put(ConditionType::Ready, Some(ready));
    }
}

/// The first obstacle's reason, with every obstacle's message.
fn told(obstacles: &[Obstacle]) -> Option<Said> {
    let first = obstacles.first()?;
    let messages: Vec<_> = obstacles
        .iter()
        .map(|obstacle| obstacle.message.as_str())
        .collect();
    Some((ConditionStatus::True, first.reason, messages.join(" ")))
}

/// Whether the database can be used; `None` where nothing new is known.
fn ready(
    desired: &Desired,
    observed: &Observed,
    plan: &Plan,
    instance: Option<&Instance>,
) -> Option<Said> {
    let obstacle = plan.blocked.first().or(plan.waiting.first());
    let not = |status| {
        let reason = obstacle.map_or(Reason::InProgress, |obstacle| obstacle.reason);
        let message = obstacle.map_or_else(
            || "The database is being prepared.".to_owned(),
            |obstacle| obstacle.message.clone(),
        );
        (status, reason, message)
    };
    let Some(instance) = instance else {
        return match observed.instance {
            Presence::Unknown | Presence::Unreadable(_) => {
                let known = matches!(desired.goal, Goal::Exists(_) | Goal::Unclear { .. })
                    && observed.recorded;
                (!known).then(|| not(ConditionStatus::False))
            }
            Presence::Present(_) | Presence::Absent { .. } => Some(not(ConditionStatus::False)),
        };
    };
    if matches!(desired.goal, Goal::Gone { .. }) {
        return Some(not(ConditionStatus::False));
    }
    let usable = instance.endpoint.is_some()
        && is_complete(observed, instance)
        && !instance.pending.master_password;
    Some(match is_serving(&instance.status) {
        Some(true) if usable => {
            let (reason, still) = if observed.read_only {
                (
                    Reason::Available,
                    " Stow runs with --read-only and changes nothing.",
                )
            } else if desired.paused {
                (
                    Reason::Paused,
                    " The annotation stow.myob.com/paused stops all changes at AWS.",
                )
            } else {
                (Reason::Available, "")
            };
            let message = format!(
                "The database can be used; RDS says {}.{still}",
                instance.status
            );
            (ConditionStatus::True, reason, message)
        }
        Some(_) => not(ConditionStatus::False),
        None => (
            ConditionStatus::Unknown,
            Reason::InProgress,
            format!("RDS says {}.", instance.status),
        ),
    })
}

#[cfg(test)]
mod tests;
