//! The restores: from a snapshot, and to a point in time. The user, the password,
//! the database, the version and the encryption are the source's.

use super::{
    Answer, create,
    describe::{find, not_found},
    instance::{self, instance},
    placement::{self, Placement},
    snapshots,
};
use crate::{
    dock::Turn,
    fault::{self, Fault},
    machine::{Step, Work},
    model::{Configuration, Monitoring, PARAMETERS_IN_SYNC, Tags},
    rules::{name, storage, tag},
    wire::{Element, Parameters},
};

/// What a restore starts from.
struct Source {
    configuration: Configuration,
    password: String,
    tags: Tags,
}

pub(super) fn from_snapshot(turn: &mut Turn<'_>, mut parameters: Parameters) -> Answer {
    let target = parameters.required("DBInstanceIdentifier")?;
    let asked = parameters.required("DBSnapshotIdentifier")?;
    let snapshot = snapshots::settled(turn, &asked)?;
    if snapshot.status != "available" {
        return Err(fault::INVALID_SNAPSHOT_STATE
            .because(format!("The snapshot {asked} is {}.", snapshot.status)));
    }
    let source = Source {
        configuration: Configuration {
            // A snapshot does not know how far its instance might grow.
            max_storage: None,
            ..snapshot.configuration
        },
        password: snapshot.password,
        tags: snapshot.tags,
    };
    let work = Work::Restore {
        folder: snapshot.folder,
    };
    restore(
        turn,
        parameters,
        "RestoreDBInstanceFromDBSnapshotResult",
        &target,
        source,
        work,
    )
}

pub(super) fn to_point_in_time(turn: &mut Turn<'_>, mut parameters: Parameters) -> Answer {
    let target = parameters.required("TargetDBInstanceIdentifier")?;
    let by_name = parameters.string("SourceDBInstanceIdentifier");
    let by_resource = parameters.string("SourceDbiResourceId");
    let time = parameters.time("RestoreTime")?;
    let latest = parameters
        .boolean("UseLatestRestorableTime")?
        .unwrap_or(false);
    let max_storage = parameters.integer("MaxAllocatedStorage")?;

    let combination = |why: &str| Err(fault::INVALID_PARAMETER_COMBINATION.because(why));
    let name = match (by_name, by_resource) {
        (Some(name), None) => name,
        (None, Some(resource)) => match resource_name(turn, &resource) {
            Some(name) => name,
            None => return retained(turn, parameters, &target, &resource, time, latest),
        },
        _ => {
            return combination(
                "Specify either SourceDBInstanceIdentifier or SourceDbiResourceId.",
            );
        }
    };
    let it = find(turn.region, &name)?.clone();
    let (Some(first), Some(last)) = (it.backed_up, instance::latest(&it, turn.now)) else {
        return Err(fault::POINT_IN_TIME_RESTORE_NOT_ENABLED.because(format!(
            "The instance {name} has no automated backups to restore from."
        )));
    };
    let time = moment(time, latest, (first, last))?;
    let mut source = Source {
        configuration: it.configuration,
        password: it.password,
        tags: it.tags,
    };
    if max_storage.is_some() {
        source.configuration.max_storage = max_storage;
    }
    let work = Work::RestoreToTime {
        source: it.resource_id,
        time,
    };
    restore(turn, parameters, RESULT, &target, source, work)
}

const RESULT: &str = "RestoreDBInstanceToPointInTimeResult";

fn resource_name(turn: &Turn<'_>, resource: &str) -> Option<String> {
    let mut all = turn.region.instances.values();
    all.find(|instance| instance.resource_id == resource)
        .map(|instance| instance.identifier.clone())
}

/// From the backups of a deleted instance.
fn retained(
    turn: &mut Turn<'_>,
    parameters: Parameters,
    target: &str,
    resource: &str,
    time: Option<jiff::Timestamp>,
    latest: bool,
) -> Answer {
    let Some(backup) = turn.region.retained.get(resource).cloned() else {
        return Err(not_found(resource));
    };
    let time = moment(time, latest, (backup.first, backup.deleted))?;
    let source = Source {
        configuration: backup.configuration,
        password: backup.password,
        tags: backup.tags,
    };
    let work = Work::RestoreToTime {
        source: backup.resource_id,
        time,
    };
    restore(turn, parameters, RESULT, target, source, work)
}

/// The moment that is meant, within what can be restored.
fn moment(
    time: Option<jiff::Timestamp>,
    latest: bool,
    (first, last): (jiff::Timestamp, jiff::Timestamp),
) -> Result<jiff::Timestamp, Fault> {
    match (time, latest) {
        (None, true) => Ok(last),
        (Some(time), false) if (first..=last).contains(&time) => Ok(time),
        (Some(time), false) => Err(fault::INVALID_PARAMETER_VALUE.because(format!(
            "The instance can be restored to times from {first} to {last}, not to {time}."
        ))),
        _ => Err(fault::INVALID_PARAMETER_COMBINATION
            .because("Specify either RestoreTime or UseLatestRestorableTime.")),
    }
}

fn restore(
    turn: &mut Turn<'_>,
    mut parameters: Parameters,
    result: &str,
    target: &str,
    source: Source,
    work: Work,
) -> Answer {
    let take = &mut parameters;
    let identifier = name::identifier("DBInstanceIdentifier", target, 63)?;
    if let Some(engine) = take.string("Engine") {
        create::engine(&engine)?;
    }
    let from = &source.configuration;
    let class = take.string("DBInstanceClass");
    let class = class.unwrap_or_else(|| from.class.clone());
    name::class(&class)?;
    let kind = take.string("StorageType");
    let granted = storage::modify(
        storage::Current {
            kind: &from.storage_type,
            size: from.storage,
            iops: from.iops,
            throughput: from.throughput,
            most: from.max_storage,
        },
        storage::Asked {
            kind: kind.as_deref(),
            size: take.integer("AllocatedStorage")?,
            iops: take.integer("Iops")?,
            throughput: take.integer("StorageThroughput")?,
            most: None,
        },
    )?;
    let placement = Placement::take(take)?;
    // Tags that are given replace the source's; none leave them.
    let tags = tag::take(take)?.unwrap_or(source.tags);
    parameters.finish()?;
    let major = from.engine_version.split('.').next().unwrap_or_default();
    let mut configuration = Configuration {
        class,
        storage: granted.size,
        storage_type: granted.kind,
        iops: granted.iops,
        throughput: granted.throughput,
        max_storage: granted.most,
        multi_az: false,
        monitoring: Monitoring::default(),
        security_groups: vec!["sg-default".to_owned()],
        subnet_group: None,
        parameter_group: format!("default.postgres{major}"),
        parameter_status: PARAMETERS_IN_SYNC.to_owned(),
        deletion_protection: false,
        copy_tags_to_snapshot: false,
        iam_authentication: false,
        log_exports: Vec::new(),
        ..source.configuration.clone()
    };
    placement.put(turn, &mut configuration)?;
    let made = placement::add(
        turn,
        identifier,
        configuration,
        source.password,
        tags,
        Step::new("creating", work),
    )?;
    Ok(Some(
        Element::new(result).with(instance(&turn.view(), &made)),
    ))
}
