//! The settings of a spec, and those of a new instance.
//!
//! Nothing here may judge a value: what does not fit its type is a fault of the
//! spec, and here as if it were not stated.

use stow_versions::v1beta1::{Backup, Encryption, LogExport, Monitoring, Network, PostgresDBSpec};

use crate::config::Configuration;
use crate::rds::Settings;

/// Days of automated backups: the least that safety asks for. AWS's own
/// default is one.
const BACKUP_RETENTION: i64 = 7;

/// What the spec states.
pub(super) fn stated(spec: &PostgresDBSpec) -> Settings {
    let Backup {
        retention_days,
        window,
    } = spec.backup.clone().unwrap_or_default();
    let Network {
        subnet_group: _,
        security_groups,
        publicly_accessible,
    } = network(spec);
    let Monitoring {
        performance_insights,
        enhanced_interval,
        log_exports,
    } = spec.monitoring.clone().unwrap_or_default();
    let groups = security_groups.filter(|groups| !groups.is_empty());
    let log_exports = log_exports.map(|logs| {
        let names = logs.into_iter().map(LogExport::as_str);
        names.map(str::to_owned).collect()
    });
    Settings {
        port: spec.port.and_then(|port| u16::try_from(port).ok()),
        backup_retention: number(retention_days),
        backup_window: window,
        maintenance_window: spec.maintenance_window.clone(),
        auto_minor_version_upgrade: spec.auto_minor_version_upgrade,
        // RDS keeps it in lower case, and would be asked again and again.
        parameter_group: spec.parameter_group.as_deref().map(str::to_ascii_lowercase),
        security_groups: groups.map(|groups| groups.into_iter().collect()),
        publicly_accessible,
        iam_authentication: spec.iam_authentication,
        performance_insights,
        enhanced_interval: number(enhanced_interval),
        log_exports,
        extended_support: spec.extended_support,
        deletion_protection: spec.deletion_protection,
    }
}

/// The settings of a new instance: the spec over the configuration over
/// defaults.
pub(super) fn at_creation(spec: &PostgresDBSpec, configuration: &Configuration) -> Settings {
    let groups = &configuration.security_groups;
    let least = configuration.policy.minimum_backup_retention;
    let platform = Settings {
        port: Some(configuration.port),
        backup_retention: number(Some(BACKUP_RETENTION.max(least))),
        backup_window: configuration.backup_window.clone(),
        maintenance_window: configuration.maintenance_window.clone(),
        auto_minor_version_upgrade: Some(true),
        security_groups: (!groups.is_empty()).then(|| groups.iter().cloned().collect()),
        publicly_accessible: Some(false),
        extended_support: Some(false),
        ..Settings::default()
    };
    stated(spec).over(&platform)
}

pub(super) fn network(spec: &PostgresDBSpec) -> Network {
    let network = spec.network.clone().unwrap_or_default();
    Network {
        subnet_group: network.subnet_group.map(|name| name.to_ascii_lowercase()),
        ..network
    }
}

pub(super) fn encryption(spec: &PostgresDBSpec) -> Encryption {
    spec.encryption.clone().unwrap_or_default()
}

pub(super) fn number(value: Option<i64>) -> Option<i32> {
    value.and_then(|value| i32::try_from(value).ok())
}
