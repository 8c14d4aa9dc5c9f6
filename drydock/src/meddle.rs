//! What happens to instances behind the clients' backs: AWS's own doings, and
//! other people's.
//!
//! What concerns a server is done by steps, as if somebody had asked for it; all
//! else is true at once. Validates no more than keeps drydock itself sound: other
//! people may do what the caller's own requests would be refused.

use serde::{Deserialize, Serialize};

use crate::{
    dock::Turn,
    fault::{self, Fault},
    machine::{Step, Work},
    model::{Instance, PARAMETERS_PENDING_REBOOT, Tags},
    rules,
    servers::Version,
};

/// What happens to an instance. Each is one key of a JSON object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Meddling {
    /// It has this status from now on, known or not; `available` heals it.
    Status(String),
    /// Its storage grew by itself to so many GiB.
    Grow(i32),
    /// AWS moved its minor version.
    Version(String),
    /// Somebody changed its class.
    Class(String),
    /// Somebody changed its storage type.
    StorageType(String),
    /// Somebody changed its IOPS.
    Iops(i32),
    /// Somebody changed its throughput, MiB/s.
    Throughput(i32),
    /// Somebody turned deletion protection on or off.
    Protection(bool),
    /// Somebody changed for how many days backups are kept.
    Retention(i32),
    /// Somebody gave it another parameter group, which waits for a reboot.
    ParameterGroup(String),
    /// Somebody gave it other security groups.
    SecurityGroups(Vec<String>),
    /// Somebody changed the master user's password.
    Password(String),
    /// Somebody renamed it.
    Rename(String),
    /// Somebody deleted it, backups and all.
    Delete(Delete),
    /// Somebody replaced its tags.
    Tags(Tags),
}

/// Nothing more is to be said about a deletion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Delete {}

/// Does it.
pub fn meddle(turn: &mut Turn<'_>, identifier: &str, how: Meddling) -> Result<(), Fault> {
    let identifier = &*identifier.to_ascii_lowercase();
    let instance = turn.region.instances.get(identifier).ok_or_else(|| {
        fault::INSTANCE_NOT_FOUND.because(format!("there is no instance {identifier}"))
    })?;
    let mut after = instance.clone();
    match how {
        Meddling::Rename(to) => rename(turn, &mut after, &to)?,
        Meddling::ParameterGroup(group) => regroup(turn, &mut after, group)?,
        Meddling::Delete(Delete {}) => {
            let keep_backups = false;
            let work = Work::Destroy { keep_backups };
            after.steps = [Step::new("deleting", work)].into();
        }
        how => change(&mut after, how)?,
    }
    turn.region.instances.remove(identifier);
    turn.region
        .instances
        .insert(after.identifier.clone(), after);
    Ok(())
}

fn refused(why: impl Into<String>) -> Fault {
    fault::INVALID_PARAMETER_VALUE.because(why)
}

fn rename(turn: &Turn<'_>, instance: &mut Instance, to: &str) -> Result<(), Fault> {
    let to = rules::name::identifier("name", to, 63)?;
    if turn.region.has_instance(&to) {
        return Err(refused(format!("{to} exists")));
    }
    instance.arn = turn.scope.arn("db", &to);
    instance.identifier = to;
    Ok(())
}

fn regroup(turn: &Turn<'_>, instance: &mut Instance, group: String) -> Result<(), Fault> {
    let version: Version = version(&instance.configuration.engine_version)?;
    let family = format!("postgres{}", version.major);
    let known = turn.region.parameter_groups.get(&group);
    if group != format!("default.{family}") && known.is_none_or(|known| known.family != family) {
        return Err(refused(format!("there is no group {group} for {family}")));
    }
    let configuration = &mut instance.configuration;
    PARAMETERS_PENDING_REBOOT.clone_into(&mut configuration.parameter_status);
    configuration.parameter_group = group;
    let step = Step::new("modifying", Work::Parameters);
    instance.steps.push_back(step);
    Ok(())
}

fn version(text: &str) -> Result<Version, Fault> {
    text.parse().map_err(|error| refused(format!("{error}")))
}

fn change(instance: &mut Instance, how: Meddling) -> Result<(), Fault> {
    let between = !instance.reachable || instance.is_deleting();
    let configuration = &mut instance.configuration;
    match how {
        Meddling::Status(status) if status.trim().is_empty() => {
            return Err(refused("a status has a name"));
        }
        Meddling::Status(_) if between => {
            return Err(refused(
                "its server is being made or taken away: ask again once it is there, or gone",
            ));
        }
        Meddling::Status(status) => {
            instance.steps.clear();
            instance.resting = status;
            instance.lost = false;
        }
        Meddling::Grow(size) if size < configuration.storage => {
            return Err(refused("storage never shrinks"));
        }
        Meddling::Grow(size) => configuration.storage = size,
        Meddling::Version(to) => {
            version(&to)?;
            configuration.engine_version = to;
        }
        Meddling::Class(class) => {
            rules::name::class(&class)?;
            configuration.class = class;
        }
        Meddling::StorageType(kind) => {
            if !["gp2", "gp3", "io1", "io2", "standard"].contains(&&*kind) {
                return Err(refused(format!("{kind} is not a storage type")));
            }
            configuration.storage_type = kind;
        }
        Meddling::Iops(iops) => {
            rules::within("iops", iops, 1, 256_000)?;
            configuration.iops = Some(iops);
        }
        Meddling::Throughput(throughput) => {
            rules::within("throughput", throughput, 1, 4_000)?;
            configuration.throughput = Some(throughput);
        }
        Meddling::Protection(on) => configuration.deletion_protection = on,
        Meddling::Retention(days) => {
            rules::within("retention", days, 0, 35)?;
            if (days == 0) == (configuration.backup_retention == 0) {
                configuration.backup_retention = days;
            } else {
                // Flushes whatever else waits, as ApplyImmediately does.
                instance.pending.backup_retention = Some(days);
                let step = Step::new("modifying", Work::Apply);
                instance.steps.push_back(step);
            }
        }
        Meddling::SecurityGroups(groups) => configuration.security_groups = groups,
        Meddling::Password(password) => {
            rules::name::password(&password)?;
            instance.pending.password = Some(password);
            // In place of one that is under way, which sets the password before.
            instance.steps.retain(|step| step.work != Work::Password);
            let step = Step::new("resetting-master-credentials", Work::Password);
            instance.steps.push_back(step);
        }
        Meddling::Tags(tags) => instance.tags = tags,
        // Done by the caller, for they concern more than the instance.
        Meddling::Rename(_) | Meddling::ParameterGroup(_) | Meddling::Delete(_) => {}
    }
    Ok(())
}
