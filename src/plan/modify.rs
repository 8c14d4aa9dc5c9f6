//! What of an instance differs from its spec, but for its version.
//!
//! Nothing here may shrink storage, or undo what RDS does by itself:
//! autoscaled storage and rounded IOPS are not drift.

use stow_versions::limits::MAX_STORAGE_PERCENT;
use stow_versions::status::Reason;
use stow_versions::v1beta1::ApplyChanges;

use crate::rds::{Instance, ModifyInstance, Settings};

use super::{Database, Obstacle, upgrade};

/// gp3 takes IOPS of its own from this size on, and refuses them below. In GiB.
const GP3_OWN_IOPS: i32 = 400;
/// The least that a gp3 volume of that size can have.
const GP3_MINIMUM_IOPS: i32 = 12_000;

/// The modification that makes an instance what its spec says, in parts that
/// RDS can refuse one by one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Changes {
    /// What interrupts nothing, and takes effect at once either way. It is sent
    /// without `ApplyImmediately`, which would flush all that waits.
    pub(super) calm: ModifyInstance,
    /// What waits for the window, or interrupts.
    pub(super) compute: ModifyInstance,
    /// The volume, which RDS lets nobody change for a while after a change.
    pub(super) storage: ModifyInstance,
}

impl Changes {
    pub(super) fn between(database: &Database, instance: &Instance) -> Self {
        let blank = |apply_immediately| ModifyInstance {
            identifier: instance.identifier.clone(),
            apply_immediately,
            ..ModifyInstance::default()
        };
        let at_once = at_once(database);
        let (calm, interrupting) = settings(database, instance);
        Self {
            calm: quiet(database, instance, calm, blank(false)),
            compute: compute(database, instance, interrupting, blank(at_once)),
            storage: volume(database, instance, blank(at_once)),
        }
    }

    /// The parts that ask for something.
    pub(super) fn parts(self) -> Vec<ModifyInstance> {
        let Self {
            calm,
            compute,
            storage,
        } = self;
        let parts = [calm, compute, storage].into_iter();
        parts.filter(|part| !part.is_empty()).collect()
    }
}

/// Several parts in one request.
pub(super) fn merge(parts: &[ModifyInstance]) -> ModifyInstance {
    let mut parts = parts.iter().cloned();
    let first = parts.next().unwrap_or_default();
    parts.fold(first, |all, part| ModifyInstance {
        identifier: all.identifier,
        class: all.class.or(part.class),
        storage: all.storage.or(part.storage),
        storage_type: all.storage_type.or(part.storage_type),
        iops: all.iops.or(part.iops),
        throughput: all.throughput.or(part.throughput),
        max_storage: all.max_storage.or(part.max_storage),
        multi_az: all.multi_az.or(part.multi_az),
        engine_version: all.engine_version.or(part.engine_version),
        allow_major_version_upgrade: all.allow_major_version_upgrade
            || part.allow_major_version_upgrade,
        settings: all.settings.over(&part.settings),
        log_exports_before: if all.log_exports_before.is_empty() {
            part.log_exports_before
        } else {
            all.log_exports_before
        },
        monitoring_role: all.monitoring_role.or(part.monitoring_role),
        master_password: all.master_password.or(part.master_password),
        apply_immediately: all.apply_immediately || part.apply_immediately,
    })
}

/// Whether changes are made as soon as they are asked for.
pub(super) fn at_once(database: &Database) -> bool {
    database.apply_changes != Some(ApplyChanges::MaintenanceWindow)
}

/// Whether what waits for the window already shall not wait any longer: only
/// by an explicit word, since it may be somebody's will that it waits.
pub(super) fn flushes(database: &Database) -> bool {
    database.apply_changes == Some(ApplyChanges::Immediately)
}

/// The settings that differ: those that interrupt nothing, and the others.
fn settings(database: &Database, instance: &Instance) -> (Settings, Settings) {
    let effective = instance.pending.settings.over(&instance.settings);
    let mut calm = database.settings.beyond(&effective);
    // The groups of two majors exclude each other.
    if upgrade::is_between_majors(database, instance) {
        calm.parameter_group = None;
    }
    let mut interrupting = Settings {
        port: calm.port.take(),
        iam_authentication: calm.iam_authentication.take(),
        ..Settings::default()
    };
    // Backups begin and end with an outage; only then does it wait.
    let days = instance.settings.backup_retention;
    if calm
        .backup_retention
        .is_some_and(|wanted| (wanted == 0) != (days == Some(0)))
    {
        interrupting.backup_retention = calm.backup_retention.take();
    }
    if flushes(database) {
        let pending = &instance.pending.settings;
        let waiting = Settings {
            port: pending.port,
            iam_authentication: pending.iam_authentication,
            backup_retention: pending.backup_retention,
            ..Settings::default()
        };
        interrupting = interrupting.over(&database.settings.shared(&waiting));
    }
    // RDS restarts for it at once, window or not.
    if !at_once(database) {
        interrupting.port = None;
    }
    (calm, interrupting)
}

/// A port that waits until it may interrupt.
pub(super) fn held_port(database: &Database, instance: &Instance) -> Option<u16> {
    let effective = instance.pending.settings.over(&instance.settings);
    let port = database.settings.beyond(&effective).port;
    port.filter(|_| !at_once(database))
}

fn quiet(
    database: &Database,
    instance: &Instance,
    mut settings: Settings,
    request: ModifyInstance,
) -> ModifyInstance {
    let monitored = settings
        .enhanced_interval
        .is_some_and(|seconds| seconds > 0);
    let monitoring_role = database.monitoring_role.clone().filter(|_| monitored);
    if monitored && monitoring_role.is_none() {
        settings.enhanced_interval = None;
    }
    let log_exports_before = settings
        .log_exports
        .as_ref()
        .and(instance.settings.log_exports.clone())
        .unwrap_or_default();
    ModifyInstance {
        max_storage: growth(database, instance).unwrap_or_default(),
        settings,
        log_exports_before,
        monitoring_role,
        ..request
    }
}

fn compute(
    database: &Database,
    instance: &Instance,
    settings: Settings,
    request: ModifyInstance,
) -> ModifyInstance {
    let class = instance.pending.class.as_ref().unwrap_or(&instance.class);
    let multi_az = instance.pending.multi_az.unwrap_or(instance.multi_az);
    let waits = flushes(database);
    ModifyInstance {
        class: database
            .class
            .clone()
            .filter(|wanted| wanted != class || waits && instance.pending.class.is_some()),
        multi_az: database
            .multi_az
            .filter(|wanted| *wanted != multi_az || waits && instance.pending.multi_az.is_some()),
        settings,
        ..request
    }
}

/// How far storage may grow by itself, where that is to change: the storage
/// itself turns it off. An error is a limit that RDS does not take.
fn growth(database: &Database, instance: &Instance) -> Result<Option<i32>, Obstacle> {
    let Some(wanted) = database.max_storage else {
        return Ok(None);
    };
    if instance.max_storage == Some(wanted) {
        return Ok(None);
    }
    let size = instance.storage.max(database.storage.unwrap_or_default());
    if wanted <= size {
        let on = instance
            .max_storage
            .is_some_and(|limit| limit > instance.storage);
        return Ok(on.then_some(instance.storage));
    }
    if i64::from(wanted) * 100 < i64::from(size) * MAX_STORAGE_PERCENT {
        let least = least_growth(size);
        return Err(Obstacle::new(
            Reason::InvalidSpec,
            format!(
                "spec.maxStorage is {wanted}Gi, and storage is {size}Gi: write {least}Gi or more, or {size}Gi for storage that does not grow by itself."
            ),
        ));
    }
    Ok(Some(wanted))
}

fn volume(database: &Database, instance: &Instance, request: ModifyInstance) -> ModifyInstance {
    let size = instance
        .pending
        .storage
        .unwrap_or_default()
        .max(instance.storage);
    let kind = instance
        .pending
        .storage_type
        .as_ref()
        .or(instance.storage_type.as_ref());
    let iops = instance.pending.iops.or(instance.iops);
    let throughput = instance.pending.throughput.or(instance.throughput);

    let new_kind = database
        .storage_type
        .as_ref()
        .filter(|wanted| Some(*wanted) != kind)
        // AWS turns `standard` into gp3, and takes nothing back to it.
        .filter(|wanted| !(*wanted == "standard" && kind.is_some_and(|kind| kind == "gp3")));
    let kind_after = new_kind.or(kind).map_or("", String::as_str);
    let size_after = match database.storage {
        Some(wanted) if wanted > size => wanted.max(least_growth(instance.storage)),
        _ => size,
    };
    let iops_after = takes_iops(kind_after, size_after).then(|| {
        let kept = iops.filter(|_| new_kind.is_none());
        let least = (kind_after == "gp3").then_some(GP3_MINIMUM_IOPS);
        match database.iops {
            Some(wanted) => Some(
                kept.filter(|kept| is_rounded(wanted, *kept))
                    .unwrap_or(wanted),
            ),
            None => kept.max(least),
        }
    });
    let iops_after = iops_after.flatten();

    // IOPS that nobody states only go along: autoscaling may have taken a gp3
    // volume to where it could have some of its own.
    let wants_iops = database.iops.is_some() && iops_after.is_some() && iops_after != iops;
    let throughput_after = database
        .throughput
        .filter(|_| takes_throughput(kind_after, size_after));
    let wants_throughput = throughput_after.is_some() && throughput_after != throughput;
    let waits = &instance.pending;
    let flushed = flushes(database)
        && (database.storage.is_some() && waits.storage.is_some()
            || database.storage_type.is_some() && waits.storage_type.is_some()
            || database.iops.is_some() && waits.iops.is_some()
            || database.throughput.is_some() && waits.throughput.is_some());
    if size_after == size && new_kind.is_none() && !wants_iops && !wants_throughput && !flushed {
        return request;
    }
    // RDS wants storage and IOPS together, also where one of them stays.
    ModifyInstance {
        storage: Some(size_after),
        storage_type: new_kind
            .or(waits.storage_type.as_ref().filter(|_| flushed))
            .cloned(),
        iops: iops_after,
        throughput: throughput_after,
        ..request
    }
}

/// What the spec states and this instance cannot have.
pub(super) fn impossible(database: &Database, instance: &Instance) -> Vec<Obstacle> {
    let mut obstacles = Vec::new();
    let kind = database
        .storage_type
        .as_ref()
        .or(instance.storage_type.as_ref());
    let size = database.storage.unwrap_or_default().max(instance.storage);
    if let (Some(iops), Some(kind)) = (database.iops, kind)
        && !takes_iops(kind, size)
    {
        obstacles.push(Obstacle::new(Reason::InvalidSpec, format!(
            "spec.iops is {iops}, and {kind} of {size}Gi takes none: remove it, or set spec.storageType to io1 or io2, or to gp3 with 400Gi or more."
        )));
    }
    if let (Some(throughput), Some(kind)) = (database.throughput, kind)
        && !takes_throughput(kind, size)
    {
        obstacles.push(Obstacle::new(Reason::InvalidSpec, format!(
            "spec.throughput is {throughput}, and {kind} of {size}Gi takes none: remove it, or set spec.storageType to gp3, with 400Gi or more."
        )));
    }
    obstacles.extend(growth(database, instance).err());
    let interval = database.settings.enhanced_interval.unwrap_or_default();
    if interval > 0
        && database.monitoring_role.is_none()
        && instance.settings.enhanced_interval != Some(interval)
    {
        obstacles.push(Obstacle::new(
            Reason::InvalidConfiguration,
            "spec.monitoring.enhancedInterval needs a role that the platform sets: aws.monitoring.role.arn of the operator's ConfigMap is empty.",
        ));
    }
    obstacles
}

/// Whether the throughput of a volume can be set.
fn takes_throughput(storage_type: &str, gibibytes: i32) -> bool {
    storage_type == "gp3" && gibibytes >= GP3_OWN_IOPS
}

/// Whether a volume of that type and size takes an IOPS figure.
fn takes_iops(storage_type: &str, gibibytes: i32) -> bool {
    match storage_type {
        "io1" | "io2" => true,
        "gp3" => gibibytes >= GP3_OWN_IOPS,
        _ => false,
    }
}

/// RDS grows storage by a tenth at least.
fn least_growth(size: i32) -> i32 {
    let size = i64::from(size);
    i32::try_from((size * 11 + 9) / 10).unwrap_or(i32::MAX)
}

/// RDS rounds a small increase of IOPS up to a tenth: that is what was asked.
fn is_rounded(wanted: i32, observed: i32) -> bool {
    observed >= wanted && i64::from(observed) * 10 <= i64::from(wanted) * 11
}
