//! What an object wants, from its spec, its metadata and the platform's
//! configuration: the only input of the planner beside what is observed.
//!
//! Nothing here may stop at the first fault, or look at RDS.

mod count;
mod creation;
mod departure;
mod faults;
mod policy;
mod read;
mod settings;
mod stated;
mod volume;

use std::collections::BTreeMap;

use serde_json::Value;
use stow_versions::status::Reason;
use stow_versions::storage;
use stow_versions::v1beta1::PostgresDBSpec;
use stow_versions::{APPLY_SPEC, PAUSED};

use crate::cluster::{Neighbour, PostgresDB};
use crate::config::{Configuration, Fault};
use crate::plan::{Creation, Database, Desired, Goal, Obstacle, Subject, Undecided};

/// What of the world beside the object decides on what it may want.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Surroundings<'a> {
    /// The platform's settings; `None` where there are none.
    pub(crate) configuration: Option<&'a Configuration>,
    /// The other objects of the namespace, as far as they are counted.
    pub(crate) neighbours: &'a [Neighbour],
    /// The instances that deleted objects of the namespace left behind, as far as
    /// they are counted.
    pub(crate) left_behind: &'a [String],
    /// Whether the object was let have a database before.
    pub(crate) placed: bool,
}

/// The name of the object's Secret.
pub(crate) fn secret_name(object: &PostgresDB, subject: &Subject) -> String {
    let wanted = object.spec.get("secretName").and_then(Value::as_str);
    wanted
        .filter(|name| !name.is_empty())
        .unwrap_or(&subject.name)
        .to_owned()
}

/// What an object wants.
pub(crate) fn desired(
    subject: &Subject,
    object: &PostgresDB,
    surroundings: Surroundings<'_>,
) -> Desired {
    let goal = match &object.metadata.deletion_timestamp {
        Some(deletion) => departure::goal(
            subject,
            &object.spec,
            deletion.0,
            surroundings.configuration,
        ),
        None => wanted(subject, object, surroundings),
    };
    let annotations = object.metadata.annotations.as_ref();
    let says = |key: &str| {
        annotations
            .and_then(|annotations| annotations.get(key))
            .is_some_and(|value| value == "true")
    };
    Desired {
        subject: subject.clone(),
        goal,
        stated: stated::all(&object.spec),
        applies_at_once: says(APPLY_SPEC),
        paused: says(PAUSED),
    }
}

fn wanted(subject: &Subject, object: &PostgresDB, surroundings: Surroundings<'_>) -> Goal {
    let (spec, mut faults) = read::spec(object);
    faults.extend(faults::all(&spec));
    if !faults.is_empty() {
        return Goal::Unclear {
            message: faults.join(" "),
        };
    }
    let like = |spec: &PostgresDBSpec, creation| {
        let secret_name = secret_name(object, subject);
        let configuration = surroundings.configuration;
        let role = configuration.and_then(|known| known.monitoring_role.clone());
        database(spec, secret_name, role, creation)
    };
    let configuration = match surroundings
        .configuration
        .ok_or_else(missing)
        .and_then(settled)
    {
        Ok(configuration) => configuration,
        Err(obstacle) => {
            let mut kept = like(&policy::beyond_policies(&spec), Err(obstacle.clone()));
            kept.undecided = Some(Box::new(Undecided {
                database: like(&spec, Err(obstacle.clone())),
                obstacle,
            }));
            return Goal::Exists(Box::new(kept));
        }
    };
    let (allowed, mut denied) = policy::judge(&spec, configuration);
    let before = count::before(object, surroundings, &configuration.policy);
    let over = count::over(object, surroundings.neighbours, &configuration.policy);
    let beside = count::beside(surroundings, &configuration.policy);
    let creation = usable(configuration).and_then(|()| {
        let denied = denied.iter().cloned().chain(before.or(beside));
        not_allowed(denied).map_or(Ok(()), Err)?;
        creation::new(subject, &spec, configuration)
    });
    denied.extend(over);
    let mut kept = like(&allowed, creation);
    kept.denied = not_allowed(denied);
    kept.required_tags
        .clone_from(&configuration.policy.required_tags);
    Goal::Exists(Box::new(kept))
}

/// A database as a spec wants it, as far as it can change later.
fn database(
    spec: &PostgresDBSpec,
    secret_name: String,
    monitoring_role: Option<String>,
    creation: Result<Box<Creation>, Obstacle>,
) -> Database {
    let (network, encryption) = (settings::network(spec), settings::encryption(spec));
    Database {
        class: spec.size.clone(),
        storage: spec
            .storage
            .as_ref()
            .and_then(|text| storage::gibibytes(&text.0)),
        storage_type: spec.storage_type.map(|kind| kind.as_str().to_owned()),
        iops: settings::number(spec.iops),
        throughput: settings::number(spec.throughput),
        max_storage: spec
            .max_storage
            .as_ref()
            .and_then(|text| storage::gibibytes(&text.0)),
        engine_version: spec.engine_version.clone(),
        allow_major_version_upgrade: spec.allow_major_version_upgrade.unwrap_or(false),
        multi_az: spec.multi_az,
        settings: settings::stated(spec),
        apply_changes: spec.apply_changes,
        monitoring_role,
        subnet_group: network.subnet_group,
        encrypted: encryption.enabled,
        kms_key: encryption.kms_key,
        tags: spec.tags.clone().unwrap_or_default(),
        required_tags: BTreeMap::new(),
        database_name: spec.database_name.clone(),
        master_username: spec.master_username.clone(),
        secret_name,
        creation,
        denied: None,
        undecided: None,
    }
}

fn not_allowed(denied: impl IntoIterator<Item = String>) -> Option<Obstacle> {
    let denied: Vec<_> = denied.into_iter().collect();
    let advice = "Change the spec, or ask those who run Stow, whose ConfigMap has these keys. A database that runs stays as it is.";
    (!denied.is_empty())
        .then(|| Obstacle::new(Reason::NotAllowed, format!("{} {advice}", denied.join(" "))))
}

fn missing() -> Obstacle {
    Obstacle::new(
        Reason::InvalidConfiguration,
        "The operator's ConfigMap does not exist: kubectl apply -f yaml/config-map.yaml makes it. New databases wait for it, and so do changes and deletions that its policies decide on.",
    )
}

/// The platform's settings, if they say what objects may ask for.
fn settled(configuration: &Configuration) -> Result<&Configuration, Obstacle> {
    let mut unreadable = configuration.unreadable_policies().peekable();
    if unreadable.peek().is_none() {
        return Ok(configuration);
    }
    let others = listed(configuration.other_faults());
    Err(Obstacle::new(
        Reason::InvalidConfiguration,
        format!(
            "The operator's ConfigMap has policies that cannot be followed. New databases, and changes that policies decide on, wait until they are mended: {}.{}",
            listed(unreadable),
            if others.is_empty() {
                String::new()
            } else {
                format!(" It also has values that cannot be used: {others}.")
            }
        ),
    ))
}

/// Whether new databases can be made by the platform's settings.
fn usable(configuration: &Configuration) -> Result<(), Obstacle> {
    if configuration.faults.is_empty() {
        return Ok(());
    }
    Err(Obstacle::new(
        Reason::InvalidConfiguration,
        format!(
            "The operator's ConfigMap has values that cannot be used, and new databases wait until they are mended: {}.",
            listed(&configuration.faults)
        ),
    ))
}

fn listed<'a>(faults: impl IntoIterator<Item = &'a Fault>) -> String {
    let faults: Vec<_> = faults.into_iter().map(ToString::to_string).collect();
    faults.join("; ")
}

#[cfg(test)]
mod tests;
