//! Plans for a database that should exist.
//!
//! Nothing here may replace a database that once existed, or touch one that is
//! not the object's.

use jiff::Timestamp;
use stow_versions::status::Reason;

use crate::rds::Instance;

use super::ownership::{Ownership, ownership};
use super::takeover::Takeover;
use super::{
    Action, Database, Desired, Noted, Observed, Obstacle, Plan, Presence, SecretState, Subject,
    create, keep, secret,
};

/// A sweep may miss an instance whose page shifted, and RDS may not list one
/// that it has just created: only this many in a row say that it is gone.
pub(crate) const SWEEPS_THAT_CONFIRM: u32 = 2;

/// Whether an object's instance existed once, by its status or its Secret.
pub(crate) fn once_existed(recorded: bool, secret: &SecretState) -> bool {
    // A password that RDS has accepted is the trace of an instance.
    let accepted = matches!(secret, SecretState::Ours(held)
        if (!held.password_pending || held.noted != Noted::Nothing)
            && secret::password_of(held).is_some());
    recorded || accepted
}

pub(super) fn plan(
    desired: &Desired,
    database: &Database,
    observed: &Observed,
    now: Timestamp,
) -> Plan {
    let mut plan = Plan::default();
    let subject = &desired.subject;
    let own = own_instance(subject, observed, &mut plan);
    if let Some(instance) = own {
        let takeover = Takeover::of(desired, Some(database), instance, observed);
        let kept = keep::Kept {
            subject,
            database: &takeover.remaining(database),
            instance,
            takeover: &takeover,
        };
        keep::plan(&kept, observed, now, &mut plan);
        held(observed, &takeover, &mut plan);
    } else if let Presence::Absent { sweeps, .. } = observed.instance {
        create::plan(subject, database, observed, sweeps, &mut plan);
    }
    if own.is_none() && !observed.finalizer && !plan.actions.is_empty() {
        plan.actions.insert(0, Action::AddFinalizer);
    }
    plan
}

/// Puts the finalizer on an object that has an instance: a client that replaces
/// the whole object drops it, and a deletion would then leave the instance behind.
/// What is inherited is noted before: without it, it would be no takeover any more.
fn held(observed: &Observed, takeover: &Takeover, plan: &mut Plan) {
    if !observed.finalizer {
        plan.actions.insert(0, Action::AddFinalizer);
    }
    takeover.note(observed, plan);
}

/// A spec that cannot be followed changes nothing; yet whoever owns an
/// instance keeps the finalizer that stands for it, and the tags.
pub(super) fn unclear(desired: &Desired, observed: &Observed, message: &str) -> Plan {
    let mut plan = Plan::default();
    let subject = &desired.subject;
    let own = own_instance(subject, observed, &mut plan);
    if let Some(instance) = own {
        let takeover = Takeover::of(desired, None, instance, observed);
        held(observed, &takeover, &mut plan);
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
        Presence::Unreadable(obstacle) => {
            plan.hinder(obstacle.clone());
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
            let tags = subject.tags().into_iter();
            let tags = tags.map(|(key, value)| format!("{key}={value}"));
            plan.blocked.push(Obstacle::new(
                Reason::NotOwned,
                format!(
                    "RDS instance {} has this object's identifier, and does not show that it is its own: {why}. Stow leaves it alone. If it is this object's database, do not delete it: put back its tags ({}). If it is not, name this object otherwise.",
                    instance.identifier,
                    tags.collect::<Vec<_>>().join(", ")
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
