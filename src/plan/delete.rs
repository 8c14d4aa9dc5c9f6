//! Plans for a database that should be gone.
//!
//! Nothing here may skip the final snapshot unless the policy is to, need the
//! Secret, or let the object go before its instance has, unless that stays.

use jiff::SignedDuration;
use stow_versions::status::Reason;
use stow_versions::v1beta1::DeletionPolicy;

use crate::rds::{DeleteInstance, Instance, ModifyInstance, Settings};

use super::ownership::{Ownership, ownership};
use super::provide::{SWEEPS_THAT_CONFIRM, claim};
use super::state::{State, state};
use super::{Action, Observed, Obstacle, Plan, Presence, Stays, Subject};

/// How long an instance that nobody ever saw must be absent: a create that was
/// under way when the object was deleted may still take effect.
const UNSEEN: SignedDuration = SignedDuration::from_secs(60);

/// How a database goes.
pub(super) struct Departure<'a> {
    /// What becomes of it, or why that cannot be done.
    pub(super) policy: Result<DeletionPolicy, &'a Obstacle>,
    /// `FinalDBSnapshotIdentifier`, where one is taken.
    pub(super) final_snapshot: &'a str,
    /// `spec.deletionProtection`.
    pub(super) deletion_protection: Option<bool>,
}

pub(super) fn plan(subject: &Subject, departure: &Departure<'_>, observed: &Observed) -> Plan {
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
        Presence::Absent { sweeps, since, .. }
            if *sweeps < SWEEPS_THAT_CONFIRM || !observed.recorded && *since < UNSEEN =>
        {
            plan.waiting.push(Obstacle::new(
                Reason::Deleting,
                "RDS does not list the instance; it is looked for once more.",
            ));
        }
        Presence::Absent { going, .. } => {
            missing(subject, departure, observed, *going, &mut plan);
        }
        Presence::Present(instance) => match ownership(subject, instance) {
            Ownership::Ours => depart(instance, departure, &mut plan),
            Ownership::Since2017 => plan.actions.extend(claim(subject, instance)),
            Ownership::Foreign(_) if !observed.recorded => {
                plan.actions.push(Action::Release {
                    identifier: instance.identifier.clone(),
                    why: Stays::NotOurs,
                });
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

/// No instance of the identifier exists. That lets the object go, unless its
/// database may live on in another place or under another name.
fn missing(
    subject: &Subject,
    departure: &Departure<'_>,
    observed: &Observed,
    going: bool,
    plan: &mut Plan,
) {
    let renamed = observed
        .copy
        .as_ref()
        // A copy of one that nobody saw, or that was being deleted, is a copy.
        .filter(|_| observed.recorded && !going);
    let (lives, why) = match (&observed.elsewhere, renamed) {
        (Some(arn), _) => (
            arn,
            format!(
                "This object's database was seen last as {arn}, and Stow works in another account or region now: it may live on there. Put that account and region back to have it deleted"
            ),
        ),
        (None, Some(copy)) => (
            copy,
            format!(
                "RDS has no instance {}, and nobody saw it being deleted; instance {copy} carries its tags: it was renamed, or restored from it. Rename {copy} back to have it deleted, or take its stow.myob.com/* tags off",
                subject.identifier()
            ),
        ),
        (None, None) => {
            plan.actions.push(Action::RemoveFinalizer);
            return;
        }
    };
    if departure.policy == Ok(DeletionPolicy::Retain) {
        plan.actions.push(Action::Release {
            identifier: lives.clone(),
            why: Stays::ByPolicy,
        });
        return;
    }
    plan.blocked.push(Obstacle::new(
        Reason::InstanceMissing,
        format!(
            "{why}; or set spec.deletionPolicy: Retain, which also works now, to let the object go and leave that instance to yourself."
        ),
    ));
}

fn depart(instance: &Instance, departure: &Departure<'_>, plan: &mut Plan) {
    match departure.policy {
        // Deleted by somebody else meanwhile, it is waited for as ever.
        Ok(DeletionPolicy::Retain) if state(&instance.status) != State::Deleting => {
            let identifier = instance.identifier.clone();
            let why = Stays::ByPolicy;
            plan.actions.push(Action::Release { identifier, why });
        }
        Ok(policy) => delete(instance, policy, departure, plan),
        Err(obstacle) => plan.blocked.push(obstacle.clone()),
    }
}

fn delete(instance: &Instance, policy: DeletionPolicy, departure: &Departure<'_>, plan: &mut Plan) {
    let snapshot = (policy != DeletionPolicy::Delete).then_some(departure.final_snapshot);
    let incompatible = |message: String| Obstacle::new(Reason::IncompatibleState, message);
    match state(&instance.status) {
        State::Deleting => {
            let message = match (policy, snapshot) {
                (DeletionPolicy::Retain, _) => {
                    "RDS deletes the instance, and spec.deletionPolicy cannot keep it any more: somebody else asked for it, or Stow did before Retain was written.".to_owned()
                }
                (_, Some(snapshot)) => {
                    format!("RDS deletes the instance, after its final snapshot {snapshot}.")
                }
                (_, None) => "RDS deletes the instance.".to_owned(),
            };
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
        State::Lost if snapshot.is_some() => {
            plan.blocked.push(incompatible(format!(
                "RDS says {}, and takes no final snapshot of such an instance. Stow deletes none without: delete it in RDS yourself if nothing of it is needed.",
                instance.status
            )));
            return;
        }
        State::Settled | State::StorageSettling | State::Stopped | State::Broken | State::Lost => {}
    }
    if !instance.read_replicas.is_empty() {
        plan.blocked.push(incompatible(format!(
            "The instance has read replicas ({}), which would live on as databases that nobody owns: delete or promote them first.",
            instance.read_replicas.join(", ")
        )));
        return;
    }
    if instance.settings.deletion_protection == Some(true) {
        protected(instance, departure.deletion_protection, plan);
        return;
    }
    plan.actions.push(Action::Delete(DeleteInstance {
        identifier: instance.identifier.clone(),
        final_snapshot: snapshot.map(str::to_owned),
    }));
}

/// Protection that the spec lifts is lifted; any other was somebody's will.
fn protected(instance: &Instance, wanted: Option<bool>, plan: &mut Plan) {
    let how = match wanted {
        Some(false) => {
            plan.actions.push(Action::Modify(Box::new(ModifyInstance {
                identifier: instance.identifier.clone(),
                settings: Settings {
                    deletion_protection: Some(false),
                    ..Settings::default()
                },
                ..ModifyInstance::default()
            })));
            return;
        }
        Some(true) => {
            "as spec.deletionProtection asks: write false there, which also works now, and the instance goes".to_owned()
        }
        None => format!(
            "and this object's spec did not ask for it: write spec.deletionProtection: false if the instance may go, or turn it off by aws rds modify-db-instance --db-instance-identifier {} --no-deletion-protection",
            instance.identifier
        ),
    };
    plan.blocked.push(Obstacle::new(
        Reason::IncompatibleState,
        format!("Deletion protection is on, {how}."),
    ));
}
