//! Plans for an instance that does not exist and should.
//!
//! Nothing here may make an empty database in the place of one that existed.

use stow_versions::status::Reason;

use crate::rds::{CreateInstance, Password};

use super::provide::{SWEEPS_THAT_CONFIRM, once_existed};
use super::{Action, Creation, Database, Observed, Obstacle, Plan, SecretState, Subject, secret};

pub(super) fn plan(
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
        if let Some(arn) = &observed.elsewhere {
            plan.blocked.push(Obstacle::new(
                Reason::InstanceMissing,
                format!(
                    "This object's database was seen last as {arn}, and Stow works in another account or region now. An empty one here would look like lost data: put that account and region back, restore the database here under the identifier {identifier} with its tags, or delete this object and create a new one."
                ),
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
        throughput,
        max_storage,
        engine_version,
        multi_az,
        database_name,
        master_username,
        subnet_group,
        encrypted,
        kms_key,
        settings,
        monitoring_role,
    } = creation.clone();
    let mut tags = database.tags.clone();
    tags.extend(database.required_tags.clone());
    tags.extend(subject.tags());
    CreateInstance {
        identifier: subject.identifier(),
        class,
        storage,
        storage_type,
        iops,
        throughput,
        max_storage,
        engine_version,
        multi_az,
        database_name,
        master_username,
        master_password,
        subnet_group,
        encrypted,
        kms_key,
        settings,
        monitoring_role,
        tags,
    }
}
