//! The restores: from a snapshot, and to a point in time. The user, the password,
//! the database, the version and the encryption are the source's.

use super::{
    Answer, backups, create,
    describe::{find, not_found},
    instance::instance,
    placement::{self, Placement},
    snapshots,
};
use crate::{
    dock::Turn,
    fault::{self, Fault},
    machine::{Step, Work, restorable, restorable_from},
    model::{Configuration, Instance, Monitoring, PARAMETERS_IN_SYNC, Tags},
    rules::{name, storage, tag, version},
    servers::Version,
    wire::{Element, Parameters},
};

/// What a restore starts from.
struct Source {
    configuration: Configuration,
    password: String,
    tags: Tags,
    /// GiB to which the copy may grow, if the request says so.
    most: Option<i32>,
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
        most: None,
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
    let take = &mut parameters;
    let target = take.required("TargetDBInstanceIdentifier")?;
    let named = [
        take.string("SourceDBInstanceIdentifier").map(Named::Name),
        take.string("SourceDbiResourceId").map(Named::Resource),
        take.string("SourceDBInstanceAutomatedBackupsArn")
            .map(Named::Backups),
    ];
    let mut named = named.into_iter().flatten();
    let (Some(named), None) = (named.next(), named.next()) else {
        return Err(fault::INVALID_PARAMETER_COMBINATION.because(
            "Specify one of SourceDBInstanceIdentifier, SourceDbiResourceId and \
             SourceDBInstanceAutomatedBackupsArn.",
        ));
    };
    let time = take.time("RestoreTime")?;
    let latest = take.boolean("UseLatestRestorableTime")?.unwrap_or(false);
    let most = take.integer("MaxAllocatedStorage")?;
    let (resource_id, window, mut source) = backed_up(turn, named)?;
    source.most = most;
    let work = Work::RestoreToTime {
        source: resource_id,
        time: moment(time, latest, window)?,
    };
    restore(
        turn,
        parameters,
        "RestoreDBInstanceToPointInTimeResult",
        &target,
        source,
        work,
    )
}

/// How a request names whose backups it means.
enum Named {
    /// An instance that is there.
    Name(String),
    /// An instance that is or was there.
    Resource(String),
    /// The same, by the ARN of its backups.
    Backups(String),
}

type Window = (jiff::Timestamp, jiff::Timestamp);

/// The `DbiResourceId` of an instance that is or was there, what times of it can
/// be restored, and what it is like.
fn backed_up(turn: &mut Turn<'_>, named: Named) -> Result<(String, Window, Source), Fault> {
    let (resource, unknown) = match named {
        Named::Name(name) => {
            let instance = find(turn.region, &name)?.clone();
            return of_instance(turn, instance);
        }
        Named::Resource(resource) => {
            let unknown = not_found(&resource);
            (resource, unknown)
        }
        Named::Backups(arn) => {
            let resource = backups::resource(turn.scope, &arn)?;
            let unknown = fault::AUTOMATED_BACKUP_NOT_FOUND
                .because(format!("No automated backup of {arn} was found."));
            (resource, unknown)
        }
    };
    let mut live = turn.region.instances.values();
    if let Some(instance) = live.find(|it| it.resource_id.eq_ignore_ascii_case(&resource)) {
        return of_instance(turn, instance.clone());
    }
    let mut left = turn.region.retained.values();
    let left = left.find(|it| it.resource_id.eq_ignore_ascii_case(&resource));
    let left = left.cloned().ok_or(unknown)?;
    let window = restorable_from(&left, turn.now);
    let source = Source {
        configuration: left.configuration,
        password: left.password,
        tags: left.tags,
        most: None,
    };
    Ok((left.resource_id, window, source))
}

fn of_instance(turn: &Turn<'_>, it: Instance) -> Result<(String, Window, Source), Fault> {
    if it.configuration.backup_retention == 0 {
        return Err(fault::POINT_IN_TIME_RESTORE_NOT_ENABLED.because(format!(
            "Point In Time Restore is not enabled for instance {}.",
            it.identifier
        )));
    }
    let window = restorable(&it, turn.now).filter(|_| !it.is_deleting());
    let window = window.ok_or_else(|| {
        fault::INVALID_INSTANCE_STATE.because(format!(
            "Instance {} has no backup to restore from while it is {}.",
            it.identifier,
            it.status()
        ))
    })?;
    let source = Source {
        configuration: it.configuration,
        password: it.password,
        tags: it.tags,
        most: None,
    };
    Ok((it.resource_id, window, source))
}

/// The moment that is meant, within what can be restored. Answers show both ends
/// in milliseconds: who names one of them as it was shown means that end.
fn moment(
    time: Option<jiff::Timestamp>,
    latest: bool,
    (first, last): Window,
) -> Result<jiff::Timestamp, Fault> {
    match (time, latest) {
        (None, true) => Ok(last),
        (Some(time), false) if (first..=last).contains(&time) => Ok(time),
        (Some(time), false) if time.as_millisecond() == first.as_millisecond() => Ok(first),
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
    only(take, "LicenseModel", "postgresql-license")?;
    only(take, "BackupTarget", "region")?;
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
            most: source.most,
        },
    )?;
    let placement = Placement::take(take)?;
    // Tags that are given replace the source's; none leave them.
    let tags = tag::take(take)?.unwrap_or(source.tags);
    parameters.finish()?;
    let version = here(turn, &from.engine_version)?;
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
        parameter_group: format!("default.postgres{}", version.major),
        engine_version: version.to_string(),
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

/// A parameter that says what is so anyway.
fn only(take: &mut Parameters, name: &str, value: &str) -> Result<(), Fault> {
    match take.string(name) {
        Some(other) if other != value => Err(fault::INVALID_PARAMETER_VALUE
            .because(format!("Invalid {name} for engine postgres: {other}"))),
        _ => Ok(()),
    }
}

/// The version that a copy of these data runs: theirs, or if this machine has it
/// no more, the newest of the same major.
fn here(turn: &Turn<'_>, stored: &str) -> Result<Version, Fault> {
    let versions = turn.servers.versions();
    let major = stored.split('.').next();
    version::resolve(Some(stored), versions).or_else(|gone| {
        let same = version::resolve(major, versions);
        same.map_err(|_| gone)
    })
}
