//! Plans for a database that should be gone.
//!
//! Nothing here may skip the final snapshot, need the Secret or the spec, or
//! let the object go before its instance has.

use jiff::SignedDuration;
use stow_versions::status::Reason;

use crate::rds::{DeleteInstance, Instance};

use super::ownership::{Ownership, ownership};
use super::provide::{SWEEPS_THAT_CONFIRM, claim};
use super::state::{State, state};
use super::{Action, Observed, Obstacle, Plan, Presence, Subject};

/// How long an instance that nobody ever saw must be absent: a create that was
/// under way when the object was deleted may still take effect.
const UNSEEN: SignedDuration = SignedDuration::from_secs(60);

pub(super) fn plan(subject: &Subject, final_snapshot: &str, observed: &Observed) -> Plan {
    let mut plan = Plan::default();
    if !observed.finalizer {
        return plan;
    }
    match &observed.instance {
        Presence::Unknown => plan.waiting.push(Obstacle::new(
            Reason::Deleting,
            "RDS is observed again before anything else is done.",
        )),
        Presence::Unreadable(obstacle) => plan.hinder(obstacle.clone()),
        Presence::Absent { sweeps, since }
            if *sweeps < SWEEPS_THAT_CONFIRM || !observed.recorded && *since < UNSEEN =>
        {
            plan.waiting.push(Obstacle::new(
                Reason::Deleting,
                "RDS does not list the instance; it is looked for once more.",
            ));
        }
        Presence::Absent { .. } => plan.actions.push(Action::RemoveFinalizer),
        Presence::Present(instance) => match ownership(subject, instance) {
            Ownership::Ours => delete(instance, final_snapshot, &mut plan),
            Ownership::Since2017 => plan.actions.extend(claim(subject, instance)),
            Ownership::Foreign(_) if !observed.recorded => {
                plan.actions.push(Action::RemoveFinalizer);
            }
            Ownership::Foreign(why) | Ownership::Unproven(why) => plan.blocked.push(Obstacle::new(
                Reason::NotOwned,
                format!(
                    "RDS instance {} has this object's identifier, and does not show that it is its own: {why}. Stow does not delete it. Put its tags back to have it deleted, or remove the finalizer {} from this object to leave it to yourself.",
                    instance.identifier,
                    stow_versions::FINALIZER
                ),
            )),
        },
    }
    plan
}

fn delete(instance: &Instance, final_snapshot: &str, plan: &mut Plan) {
    let incompatible = |message: String| Obstacle::new(Reason::IncompatibleState, message);
    match state(&instance.status) {
        State::Deleting => {
            let message =
                format!("RDS deletes the instance, after its final snapshot {final_snapshot}.");
            plan.waiting.push(Obstacle::new(Reason::Deleting, message));
            return;
        }
        State::InProgress(_) => {
            let message = format!(
                "RDS says {}: it can be deleted after that.",
                instance.status
            );
            plan.waiting.push(Obstacle::new(Reason::Deleting, message));
            return;
        }
        State::Lost => {
            plan.blocked.push(incompatible(format!(
                "RDS says {}, and takes no final snapshot of such an instance. Stow deletes none without: delete it in RDS yourself if nothing of it is needed.",
                instance.status
            )));
            return;
        }
        State::Settled | State::StorageSettling | State::Stopped | State::Broken => {}
    }
    if !instance.read_replicas.is_empty() {
        plan.blocked.push(incompatible(format!(
            "The instance has read replicas ({}), which would live on as databases that nobody owns: delete or promote them first.",
            instance.read_replicas.join(", ")
        )));
        return;
    }
    if instance.deletion_protection {
        plan.blocked.push(incompatible(format!(
            "Deletion protection is on: aws rds modify-db-instance --db-instance-identifier {} --no-deletion-protection turns it off.",
            instance.identifier
        )));
        return;
    }
    plan.actions.push(Action::Delete(DeleteInstance {
        identifier: instance.identifier.clone(),
        final_snapshot: final_snapshot.to_owned(),
    }));
}
