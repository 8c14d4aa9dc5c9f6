//! What of a Modify waits for the maintenance window, unless it is to be applied
//! at once: what RDS's model says so of.
//!
//! Must not decide when it is applied.

use jiff::SignedDuration;

use crate::{
    actions::{certificates, parameter_groups, placement},
    dock::Turn,
    fault::{self, Fault},
    model::{Change, Configuration, Instance, PARAMETERS_PENDING_REBOOT},
    rules::{self, name, storage, version},
    servers::Version,
    wire::Parameters,
};

/// The change, and whether the parameter group is another one at once. What can
/// not wait goes into the configuration. Values that are as they are already are
/// in the change as well: they take back what was waiting.
pub(super) fn take(
    turn: &Turn<'_>,
    take: &mut Parameters,
    before: &Instance,
    after: &mut Configuration,
) -> Result<(Change, bool), Fault> {
    let it = &before.configuration;
    let mut change = Change {
        class: take.string("DBInstanceClass"),
        multi_az: take.boolean("MultiAZ")?,
        port: take
            .integer("DBPortNumber")?
            .filter(|port| *port != it.port),
        ca_certificate: authority(take)?,
        iam_authentication: take.boolean("EnableIAMDatabaseAuthentication")?,
        dedicated_log_volume: take.boolean("DedicatedLogVolume")?,
        ..Change::default()
    };
    if let Some(class) = &change.class {
        name::class(class)?;
    }
    if let Some(port) = change.port {
        rules::within("port", port, 1_150, 65_535)?;
    }
    if let Some(days) = take.integer("BackupRetentionPeriod")? {
        rules::within("backup retention period", days, 0, 35)?;
        if (days == 0) == (it.backup_retention == 0) {
            after.backup_retention = days;
            // Takes back a change from or to 0 that was waiting.
            change.backup_retention = Some(it.backup_retention);
        } else {
            // An outage, so it waits for the window.
            change.backup_retention = Some(days);
        }
    }
    if let Some(asked) = take.string("NewDBInstanceIdentifier") {
        let renamed = name::identifier("NewDBInstanceIdentifier", &asked, 63)?;
        let own = before.pending.identifier.as_ref() == Some(&renamed);
        if renamed != before.identifier && !own && turn.region.has_instance(&renamed) {
            return Err(fault::INSTANCE_ALREADY_EXISTS.because("DB instance already exists"));
        }
        change.identifier = Some(renamed);
    }
    stored(turn, take, before, after, &mut change)?;
    let regrouped = upgrade(turn, take, after, &mut change)?;
    Ok((change, regrouped))
}

/// The certificate authority asked for. The server's certificate is drydock's
/// own either way, and needs no restart: both answers to whether there shall be
/// one are taken.
fn authority(take: &mut Parameters) -> Result<Option<String>, Fault> {
    let asked = take.string("CACertificateIdentifier");
    let restarts = take.boolean("CertificateRotationRestart")?;
    match &asked {
        Some(authority) => certificates::exists(authority)?,
        None if restarts.is_some() => {
            return Err(fault::INVALID_PARAMETER_COMBINATION.because(
                "CertificateRotationRestart can be specified only with CACertificateIdentifier.",
            ));
        }
        None => {}
    }
    Ok(asked)
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
    let asked = Change {
        storage: size.and(Some(to.size)),
        storage_type: kind.and(Some(to.kind)),
        iops: to.iops.filter(|_| iops.is_some() || to.iops != it.iops),
        throughput: to
            .throughput
            .filter(|_| throughput.is_some() || to.throughput != it.throughput),
        ..Change::default()
    };
    let mut moved = asked.clone();
    moved.settle(before);
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
    change.absorb(asked);
    Ok(())
}

/// The version asked for, and the groups that go with it. Whether the parameter
/// group is another one at once.
fn upgrade(
    turn: &Turn<'_>,
    take: &mut Parameters,
    it: &mut Configuration,
    change: &mut Change,
) -> Result<bool, Fault> {
    let allow_major = take.boolean("AllowMajorVersionUpgrade")?.unwrap_or(false);
    let group = take.string("DBParameterGroupName");
    let options = take.string("OptionGroupName");
    let current: Version = it.engine_version.parse().map_err(|error| {
        fault::INTERNAL_FAILURE.because(format!("The stored version is none: {error}"))
    })?;
    let asked = take.string("EngineVersion");
    let target = match &asked {
        Some(asked) if *asked == it.engine_version => current,
        Some(asked) => {
            let target = version::resolve(Some(asked), turn.servers.versions())?;
            // A major alone moves up to its newest minor, and never down.
            if *asked == current.major.to_string() {
                target.max(current)
            } else {
                target
            }
        }
        None => current,
    };
    if target != current {
        version::upgrade(current, target, allow_major)?;
        if !turn.servers.upgrades() {
            return Err(fault::INVALID_PARAMETER_COMBINATION.because(format!(
                "Cannot upgrade postgres from {current} to {target}: drydock does not upgrade."
            )));
        }
    }
    change.engine_version = asked.map(|_| target.to_string());
    if let Some(options) = options {
        placement::option_group(&options, &target.to_string())?;
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
