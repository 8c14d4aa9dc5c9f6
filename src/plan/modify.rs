//! What of an instance differs from its spec, but for its version.
//!
//! Nothing here may send what the moment does not allow: that is held back in
//! `change`.

use stow_versions::v1beta1::ApplyChanges;

use crate::rds::{Instance, ModifyInstance, Settings};

use super::{Database, upgrade, volume};

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
            storage: volume::volume(database, instance, blank(at_once)),
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
    settings: Settings,
    request: ModifyInstance,
) -> ModifyInstance {
    let monitored = settings
        .enhanced_interval
        .is_some_and(|seconds| seconds > 0);
    let monitoring_role = database.monitoring_role.clone().filter(|_| monitored);
    let log_exports_before = settings
        .log_exports
        .as_ref()
        .and(instance.settings.log_exports.clone())
        .unwrap_or_default();
    ModifyInstance {
        max_storage: volume::growth(database, instance).unwrap_or_default(),
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
