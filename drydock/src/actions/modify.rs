//! `ModifyDBInstance`: what takes effect at once, what waits for the maintenance
//! window, and what `ApplyImmediately` flushes with it.

use jiff::SignedDuration;

use super::{Answer, describe::find, instance::instance, parameter_groups, placement};
use crate::{
    dock::Turn,
    fault::{self, Fault},
    machine::{Step, Work, apply_steps},
    model::{Change, Configuration, Instance, PARAMETERS_PENDING_REBOOT, Veil},
    rules::{self, name, storage, version},
    servers::Version,
    wire::{Element, Parameters},
};

/// Statuses in which RDS takes a Modify.
const MODIFIABLE: [&str; 4] = [
    "available",
    "storage-optimization",
    "storage-full",
    "incompatible-parameters",
];

pub(super) fn modify(turn: &mut Turn<'_>, mut parameters: Parameters) -> Answer {
    let take = &mut parameters;
    let asked = take.required("DBInstanceIdentifier")?;
    let before = find(turn.region, &asked)?.clone();
    let at_once = take.boolean("ApplyImmediately")?.unwrap_or(false);
    let mut after = before.clone();
    immediate(take, &mut after.configuration)?;
    let mut change = deferrable(turn, take, &before, &mut after.configuration)?;
    let regrouped = upgrade(turn, take, &mut after.configuration, &mut change)?;
    let password = take.string("MasterUserPassword");
    if let Some(password) = &password {
        name::password(password)?;
    }
    parameters.finish()?;

    if !MODIFIABLE.contains(&before.status()) {
        return Err(fault::INVALID_INSTANCE_STATE.because(format!(
            "Database instance {} is not in available state.",
            before.identifier
        )));
    }
    placement::check(&after.configuration)?;
    // Port changes restart at once, whatever ApplyImmediately says.
    let at_once = at_once || change.port.is_some();
    if !change.is_empty() {
        after.pending.absorb(change);
        after.pending_since.get_or_insert(turn.now);
    }
    after.pending.password = password;
    let mut steps = if at_once {
        // This flushes whatever else was waiting, too.
        apply_steps(&after)
    } else {
        let password_alone = Instance {
            pending: Change {
                password: after.pending.password.clone(),
                ..Change::default()
            },
            ..after.clone()
        };
        apply_steps(&password_alone)
    };
    if regrouped && steps.is_empty() {
        steps.push_back(Step::new("modifying", Work::Parameters));
    }
    // The optimization under way goes on after it.
    steps.append(&mut after.steps);
    after.steps = steps;
    let lag = std::time::Duration::from_millis(turn.settings.lag);
    if !lag.is_zero() {
        after.veil = Some(Veil {
            until: turn.now + lag,
            earlier: before.seen(turn.now).map(|seen| {
                Box::new(Instance {
                    veil: None,
                    ..seen.clone()
                })
            }),
        });
    }
    turn.region
        .instances
        .insert(after.identifier.clone(), after.clone());
    Ok(Some(
        Element::new("ModifyDBInstanceResult").with(instance(&turn.view(), &after)),
    ))
}

/// Puts what takes effect at once into the configuration.
fn immediate(take: &mut Parameters, it: &mut Configuration) -> Result<(), Fault> {
    fn set<T>(slot: &mut T, value: Option<T>) {
        if let Some(value) = value {
            *slot = value;
        }
    }
    set(
        &mut it.security_groups,
        take.strings("VpcSecurityGroupIds", "VpcSecurityGroupId")?,
    );
    set(&mut it.backup_window, take.string("PreferredBackupWindow"));
    set(
        &mut it.maintenance_window,
        take.string("PreferredMaintenanceWindow"),
    );
    set(
        &mut it.auto_minor_version_upgrade,
        take.boolean("AutoMinorVersionUpgrade")?,
    );
    set(
        &mut it.copy_tags_to_snapshot,
        take.boolean("CopyTagsToSnapshot")?,
    );
    set(
        &mut it.deletion_protection,
        take.boolean("DeletionProtection")?,
    );
    set(
        &mut it.publicly_accessible,
        take.boolean("PubliclyAccessible")?,
    );
    set(
        &mut it.iam_authentication,
        take.boolean("EnableIAMDatabaseAuthentication")?,
    );
    set(
        &mut it.lifecycle_support,
        take.string("EngineLifecycleSupport"),
    );
    set(&mut it.network_type, take.string("NetworkType"));
    Ok(())
}

/// The version asked for, if it is another one, and the parameter group that
/// goes with it.
fn upgrade(
    turn: &Turn<'_>,
    take: &mut Parameters,
    it: &mut Configuration,
    change: &mut Change,
) -> Result<bool, Fault> {
    let allow_major = take.boolean("AllowMajorVersionUpgrade")?.unwrap_or(false);
    let group = take.string("DBParameterGroupName");
    let current: Version = it.engine_version.parse().map_err(|error| {
        fault::INTERNAL_FAILURE.because(format!("The stored version is none: {error}"))
    })?;
    let target = match take.string("EngineVersion") {
        Some(asked) if asked == it.engine_version => current,
        Some(asked) => version::resolve(Some(&asked), turn.servers.versions())?,
        None => current,
    };
    if target != current {
        version::upgrade(current, target, allow_major)?;
        if !turn.servers.upgrades() {
            return Err(fault::INVALID_PARAMETER_COMBINATION.because(format!(
                "Cannot upgrade postgres from {current} to {target}: drydock does not upgrade."
            )));
        }
        change.engine_version = Some(target.to_string());
    }
    if target.major != current.major {
        let default = format!("default.postgres{}", target.major);
        let group = match group {
            Some(group) => group,
            None if it.parameter_group.starts_with("default.") => default,
            None => it.parameter_group.clone(),
        };
        let group = parameter_groups::fitting(turn.region, &group, &target.to_string())?;
        change.parameter_group = Some(group);
        return Ok(false);
    }
    let Some(group) = group else {
        return Ok(false);
    };
    let group = parameter_groups::fitting(turn.region, &group, &it.engine_version)?;
    let changes = group != it.parameter_group;
    if changes {
        it.parameter_group = group;
        PARAMETERS_PENDING_REBOOT.clone_into(&mut it.parameter_status);
    }
    Ok(changes)
}

/// What waits for the maintenance window, unless it is to be applied at once.
/// Values that are as they are already are no change.
fn deferrable(
    turn: &Turn<'_>,
    take: &mut Parameters,
    before: &Instance,
    after: &mut Configuration,
) -> Result<Change, Fault> {
    let it = &before.configuration;
    let mut change = Change {
        class: other(take.string("DBInstanceClass"), &it.class),
        multi_az: other(take.boolean("MultiAZ")?, &it.multi_az),
        port: other(take.integer("DBPortNumber")?, &it.port),
        ca_certificate: other(take.string("CACertificateIdentifier"), &it.ca_certificate),
        ..Change::default()
    };
    if let Some(class) = &change.class {
        name::class(class)?;
    }
    if let Some(port) = change.port {
        rules::within("port", port, 1_150, 65_535)?;
    }
    if let Some(days) = other(take.integer("BackupRetentionPeriod")?, &it.backup_retention) {
        rules::within("backup retention period", days, 0, 35)?;
        if days == 0 || it.backup_retention == 0 {
            // An outage, so it waits for the window.
            change.backup_retention = Some(days);
        } else {
            after.backup_retention = days;
        }
    }
    if let Some(asked) = take.string("NewDBInstanceIdentifier") {
        let renamed = name::identifier("NewDBInstanceIdentifier", &asked, 63)?;
        if renamed != before.identifier && turn.region.has_instance(&renamed) {
            return Err(fault::INSTANCE_ALREADY_EXISTS.because("DB instance already exists"));
        }
        change.identifier = other(Some(renamed), &before.identifier);
    }
    stored(turn, take, before, after, &mut change)?;
    Ok(change)
}

fn other<T: PartialEq>(asked: Option<T>, current: &T) -> Option<T> {
    asked.filter(|asked| asked != current)
}

/// Storage: size, type, speed, and how far it may grow.
fn stored(
    turn: &Turn<'_>,
    take: &mut Parameters,
    before: &Instance,
    after: &mut Configuration,
    change: &mut Change,
) -> Result<(), Fault> {
    let it = &before.configuration;
    let size = take.integer("AllocatedStorage")?;
    let kind = take.string("StorageType");
    let iops = take.integer("Iops")?;
    let throughput = take.integer("StorageThroughput")?;
    let most = take.integer("MaxAllocatedStorage")?;
    if size.is_none() && kind.is_none() && iops.is_none() && throughput.is_none() && most.is_none()
    {
        return Ok(());
    }
    let to = storage::modify(
        storage::Current {
            kind: &it.storage_type,
            size: it.storage,
            iops: it.iops,
            throughput: it.throughput,
            most: it.max_storage,
        },
        storage::Asked {
            kind: kind.as_deref(),
            size,
            iops,
            throughput,
            most,
        },
    )?;
    let moved = Change {
        storage: other(Some(to.size), &it.storage),
        storage_type: other(Some(to.kind), &it.storage_type),
        iops: to.iops.filter(|_| to.iops != it.iops),
        throughput: to.throughput.filter(|_| to.throughput != it.throughput),
        ..Change::default()
    };
    if moved.touches_storage() {
        let day = SignedDuration::from_hours(24);
        let recent = before
            .storage_changes
            .iter()
            .filter(|changed| **changed + day > turn.now)
            .count();
        let optimizing = before.status() == "storage-optimization";
        storage::cooldown(optimizing, recent, turn.settings.storage_changes)?;
        placement::storage_quota(turn, to.size.saturating_sub(it.storage))?;
    }
    after.max_storage = to.most;
    change.absorb(moved);
    Ok(())
}
