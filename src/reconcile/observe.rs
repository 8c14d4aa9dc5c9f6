//! What is known of the world around one object: its instance from the shared
//! sweep, its Secret from a live read.
//!
//! Nothing here may judge, beyond whose a Secret is; and nothing here may ask
//! RDS about one object unless an answer is needed at once.

use stow_versions::status::Reason;

use crate::cluster::{Cluster, Error, PostgresDB, SecretRead};
use crate::plan::{
    Desired, FormerSecret, Goal, Observed, Obstacle, Presence, SWEEPS_THAT_CONFIRM, SecretState,
    Subject, copies, is_going, once_existed, previous,
};
use crate::rds::{Instance, Rds};

use super::memory::Memory;
use super::{Context, validate};

pub(super) async fn observe<R: Rds, C: Cluster>(
    context: &Context<R, C>,
    desired: &Desired,
    object: &PostgresDB,
    confirm: bool,
) -> Result<Observed, Error> {
    let subject = &desired.subject;
    let deleting = matches!(desired.goal, Goal::Gone { .. });
    let mut instance = presence(context, subject, deleting);

    // A deletion does not depend on the Secret.
    let (secret, former_secret) = if deleting {
        (SecretState::Missing, None)
    } else {
        secrets(context, subject, object).await?
    };
    let recorded = object.status.arn.is_some() || object.status.id.is_some();
    if let Presence::Absent { sweeps, .. } = instance {
        // A loss is told once, so it is not told on a sweep's word alone.
        let seems_lost =
            !deleting && sweeps <= SWEEPS_THAT_CONFIRM && once_existed(recorded, &secret);
        if confirm || seems_lost {
            instance = asked(context, subject, instance).await;
        }
    }
    // What cannot be taken back is not done on a sweep's word alone either.
    if confirm && deleting && matches!(instance, Presence::Present(_)) {
        instance = match context.rds.describe(&subject.identifier()).await {
            Ok(Some(found)) => Presence::Present(Box::new(found)),
            Ok(None) => Presence::Unknown,
            Err(error) => Presence::Unreadable(Obstacle::from(&error)),
        };
    }
    let absent = matches!(instance, Presence::Absent { .. });
    let sweep = context.sweeps.latest().filter(|_| absent);
    let instances = || sweep.iter().flat_map(|sweep| sweep.instances.values());
    let copy = copies(subject, instances()).map(|copy| copy.identifier.clone());
    let previous = previous(subject, instances()).cloned();

    let arn = object.status.arn.clone();
    let elsewhere = arn.filter(|arn| context.guard.is_elsewhere(arn));
    // A process that starts anew has seen nothing.
    if let Presence::Absent { going, .. } = &mut instance {
        *going |= object.status.ready.as_deref().is_some_and(is_going);
    }

    let fresh_password = (context.ambient.password)();
    Ok(context.memories.with(&subject.uid, |memory| Observed {
        finalizer: object.has_finalizer(),
        recorded,
        instance,
        copy,
        elsewhere,
        previous,
        secret,
        former_secret,
        fresh_password,
        issued: memory.issued.clone(),
        asked: memory.asked.clone(),
        sent_password: memory.sent_password.clone(),
        failed: memory.failed(),
        upgrade_tried: upgrade_tried(object),
        reported: !object.status.conditions.is_empty(),
        inherited: object.status.inherited.clone(),
        read_only: context.read_only,
    }))
}

/// The version of the upgrade that this generation of the spec has had.
fn upgrade_tried(object: &PostgresDB) -> Option<String> {
    let upgrade = object.status.upgrade.as_ref()?;
    let current = upgrade.generation == object.metadata.generation;
    upgrade.version.clone().filter(|_| current)
}

/// Whether the instance exists, by the last sweep, or by RDS's answer to a
/// change that no sweep can have seen yet.
fn presence<R, C>(context: &Context<R, C>, subject: &Subject, deleting: bool) -> Presence {
    let now = (context.ambient.now)();
    if let Some(obstacle) = context.sweeps.obstruction() {
        return Presence::Unreadable(obstacle);
    }
    let Some(sweep) = context.sweeps.latest() else {
        return Presence::Unknown;
    };
    let found = sweep.instances.get(&subject.identifier());
    context.memories.with(&subject.uid, |memory| {
        if memory.deleting != deleting {
            memory.deleting = deleting;
            memory.seen();
        }
        if memory.changed.is_some_and(|changed| sweep.tick < changed) {
            return memory.answer.clone().map_or(Presence::Unknown, |instance| {
                Presence::Present(Box::new(instance))
            });
        }
        if let Some(instance) = found {
            memory.seen();
            memory.going = is_going(&instance.status);
            return described(instance);
        }
        memory.missed(sweep.tick, now)
    })
}

/// An instance of which RDS does not say all is there, and how it is, is
/// not known: neither the spec nor a deletion can be followed.
fn described(instance: &Instance) -> Presence {
    let Some(field) = instance.lacks else {
        return Presence::Present(Box::new(instance.clone()));
    };
    Presence::Unreadable(Obstacle::new(
        Reason::Unreachable,
        format!(
            "RDS describes instance {} without {field}. Nothing is concluded from that, and nothing of the instance is changed, until RDS states it.",
            instance.identifier
        ),
    ))
}

/// Whether RDS itself knows the instance that the sweep did not list. An
/// absence that it does not confirm is none, and they are counted anew.
async fn asked<R: Rds, C>(
    context: &Context<R, C>,
    subject: &Subject,
    absent: Presence,
) -> Presence {
    let otherwise = match context.rds.describe(&subject.identifier()).await {
        Ok(None) => return absent,
        Ok(Some(found)) => Presence::Present(Box::new(found)),
        Err(error) => Presence::Unreadable(Obstacle::from(&error)),
    };
    context.memories.with(&subject.uid, Memory::seen);
    otherwise
}

/// The Secret that the spec names; and the one that the status names, where
/// that is another one and could hold this database's password.
async fn secrets<R, C: Cluster>(
    context: &Context<R, C>,
    subject: &Subject,
    object: &PostgresDB,
) -> Result<(SecretState, Option<FormerSecret>), Error> {
    let name = validate::secret_name(object, subject);
    let secret = secret(context, subject, &name).await?;
    let binding = object.status.binding.as_ref();
    let former = binding.and_then(|binding| binding.name.as_ref());
    let Some(former) = former.filter(|former| **former != name) else {
        return Ok((secret, None));
    };
    let former = match context.cluster.secret(&subject.namespace, former).await {
        Ok(read) => judge(subject, read),
        // Without it a password would be made anew that is there already.
        Err(Error::Forbidden { message, .. }) => {
            return Ok((SecretState::Unreadable(message), None));
        }
        Err(error) => return Err(error),
    };
    let former = match former {
        SecretState::Ours(held) => Some(FormerSecret::Ours(held)),
        SecretState::Unmarked(held) => Some(FormerSecret::Unmarked(held)),
        SecretState::Missing | SecretState::Foreign(_) | SecretState::Unreadable(_) => None,
    };
    Ok((secret, former))
}

/// Reads the Secret, a second time before it says that there is none.
async fn secret<R, C: Cluster>(
    context: &Context<R, C>,
    subject: &Subject,
    name: &str,
) -> Result<SecretState, Error> {
    for _ in 0..2 {
        match context.cluster.secret(&subject.namespace, name).await {
            Ok(SecretRead::Missing) => {}
            Ok(read) => return Ok(judge(subject, read)),
            Err(Error::Forbidden { message, .. }) => return Ok(SecretState::Unreadable(message)),
            Err(error) => return Err(error),
        }
    }
    Ok(SecretState::Missing)
}

/// Whose a Secret is.
pub(crate) fn judge(subject: &Subject, read: SecretRead) -> SecretState {
    let SecretRead::Found {
        held,
        labelled,
        owners,
        kind,
    } = read
    else {
        return SecretState::Missing;
    };
    if kind != "Opaque" {
        return SecretState::Foreign(format!("its type is {kind}"));
    }
    match (labelled, owners.contains(&subject.uid)) {
        (true, true) => SecretState::Ours(held),
        (false, false) if held.name == subject.name && owners.is_empty() => {
            SecretState::Unmarked(held)
        }
        (_, false) => SecretState::Foreign("it has no ownerReference to this object".to_owned()),
        (false, true) => {
            SecretState::Foreign("it lacks the label app.kubernetes.io/managed-by: stow".to_owned())
        }
    }
}

#[cfg(test)]
mod tests;
