//! What Create and the restores have in common: where an instance is put, and
//! how it comes into being.
//!
//! Must not decide whose password, database or storage it has.

use super::{absent, certificates, parameter_groups, subnet_groups};
use crate::{
    dock::Turn,
    fault::{self, Fault},
    machine::{Step, Work},
    model::{Configuration, Instance, Tags, Veil, put, unique},
    rules::{self, window},
    wire::Parameters,
};

/// Settings that do not depend on an instance's source.
#[derive(Debug)]
pub(super) struct Placement {
    multi_az: Option<bool>,
    port: Option<i32>,
    backup_retention: Option<i32>,
    backup_window: Option<String>,
    availability_zone: Option<String>,
    security_groups: Option<Vec<String>>,
    subnet_group: Option<String>,
    parameter_group: Option<String>,
    option_group: Option<String>,
    publicly_accessible: Option<bool>,
    auto_minor_version_upgrade: Option<bool>,
    deletion_protection: Option<bool>,
    copy_tags_to_snapshot: Option<bool>,
    iam_authentication: Option<bool>,
    dedicated_log_volume: Option<bool>,
    log_exports: Option<Vec<String>>,
    ca_certificate: Option<String>,
    network_type: Option<String>,
    lifecycle_support: Option<String>,
}

impl Placement {
    /// Takes the settings, after refusing those that cannot be had here.
    pub(super) fn take(from: &mut Parameters) -> Result<Self, Fault> {
        absent::refuse(from)?;
        Ok(Self {
            multi_az: from.boolean("MultiAZ")?,
            port: from.integer("Port")?,
            backup_retention: from.integer("BackupRetentionPeriod")?,
            backup_window: from.string("PreferredBackupWindow"),
            availability_zone: from.string("AvailabilityZone"),
            security_groups: from.strings("VpcSecurityGroupIds", "VpcSecurityGroupId")?,
            subnet_group: from.string("DBSubnetGroupName"),
            parameter_group: from.string("DBParameterGroupName"),
            option_group: from.string("OptionGroupName"),
            publicly_accessible: from.boolean("PubliclyAccessible")?,
            auto_minor_version_upgrade: from.boolean("AutoMinorVersionUpgrade")?,
            deletion_protection: from.boolean("DeletionProtection")?,
            copy_tags_to_snapshot: from.boolean("CopyTagsToSnapshot")?,
            iam_authentication: from.boolean("EnableIAMDatabaseAuthentication")?,
            dedicated_log_volume: from.boolean("DedicatedLogVolume")?,
            log_exports: from.strings("EnableCloudwatchLogsExports", "member")?,
            ca_certificate: from.string("CACertificateIdentifier"),
            network_type: from.string("NetworkType"),
            lifecycle_support: from.string("EngineLifecycleSupport"),
        })
    }

    /// The backup window, if one was given.
    pub(super) fn backup_window(&self) -> Option<String> {
        self.backup_window.clone()
    }

    /// Puts what was given into a configuration, after checking it.
    pub(super) fn put(self, turn: &Turn<'_>, into: &mut Configuration) -> Result<(), Fault> {
        if let Some(group) = self.subnet_group {
            subnet_groups::exists(turn.region, &group)?;
            into.subnet_group =
                Some(group.to_ascii_lowercase()).filter(|group| group != subnet_groups::DEFAULT);
        }
        // Only the default subnets are public.
        into.publicly_accessible = into.subnet_group.is_none();
        if let Some(group) = self.parameter_group {
            into.parameter_group =
                parameter_groups::fitting(turn.region, &group, &into.engine_version)?;
        }
        if self.multi_az == Some(true) && self.availability_zone.is_some() {
            return Err(fault::INVALID_PARAMETER_COMBINATION.because(
                "Requesting a specific availability zone is not valid for Multi-AZ instances.",
            ));
        }
        if let Some(group) = self.option_group {
            option_group(&group, &into.engine_version)?;
        }
        if let Some(zone) = &self.availability_zone {
            subnet_groups::in_region(turn.scope, zone)?;
        }
        // A restore has one only if it asks for it.
        into.dedicated_log_volume = self.dedicated_log_volume.unwrap_or(false);
        put(&mut into.multi_az, self.multi_az);
        put(&mut into.port, self.port);
        put(&mut into.backup_retention, self.backup_retention);
        put(&mut into.backup_window, self.backup_window);
        put(&mut into.availability_zone, self.availability_zone);
        put(&mut into.security_groups, self.security_groups);
        put(&mut into.publicly_accessible, self.publicly_accessible);
        put(
            &mut into.auto_minor_version_upgrade,
            self.auto_minor_version_upgrade,
        );
        put(&mut into.deletion_protection, self.deletion_protection);
        put(&mut into.copy_tags_to_snapshot, self.copy_tags_to_snapshot);
        put(&mut into.iam_authentication, self.iam_authentication);
        put(&mut into.log_exports, self.log_exports);
        put(&mut into.ca_certificate, self.ca_certificate);
        put(&mut into.network_type, self.network_type);
        put(&mut into.lifecycle_support, self.lifecycle_support);
        check(into)
    }
}

/// Checks what Create, restores and Modify may all set.
pub(super) fn check(it: &Configuration) -> Result<(), Fault> {
    rules::within("port", it.port, 1_150, 65_535)?;
    rules::within("backup retention period", it.backup_retention, 0, 35)?;
    window::backup(&it.backup_window)?;
    window::maintenance(&it.maintenance_window)?;
    window::apart(&it.backup_window, &it.maintenance_window)?;
    one_of("NetworkType", &it.network_type, &["IPV4", "DUAL"])?;
    if it.network_type == "DUAL" {
        return Err(fault::NETWORK_TYPE_NOT_SUPPORTED
            .because("The DB subnet groups here support IPv4 alone, not the network type DUAL."));
    }
    certificates::exists(&it.ca_certificate)?;
    if it.dedicated_log_volume && !matches!(&*it.storage_type, "io1" | "io2") {
        return Err(fault::INVALID_PARAMETER_COMBINATION.because(format!(
            "A dedicated log volume needs Provisioned IOPS storage, io1 or io2, not {}.",
            it.storage_type
        )));
    }
    one_of(
        "EngineLifecycleSupport",
        &it.lifecycle_support,
        &[
            "open-source-rds-extended-support",
            "open-source-rds-extended-support-disabled",
        ],
    )?;
    it.log_exports.iter().try_for_each(|log| log_type(log))
}

/// Whether there is a log of that type.
pub(super) fn log_type(log: &str) -> Result<(), Fault> {
    let types = ["postgresql", "upgrade", "iam-db-auth-error"];
    one_of("CloudwatchLogsExports", log, &types)
}

/// The option groups of `PostgreSQL`, which has no options, are the default ones.
pub(super) fn option_group(name: &str, version: &str) -> Result<(), Fault> {
    if name.eq_ignore_ascii_case(&default_option_group(version)) {
        return Ok(());
    }
    Err(fault::OPTION_GROUP_NOT_FOUND
        .because(format!("Specified OptionGroupName: {name} not found.")))
}

/// The option group of an engine version.
pub(super) fn default_option_group(version: &str) -> String {
    let major = version.split('.').next().unwrap_or_default();
    format!("default:postgres-{major}")
}

fn one_of(parameter: &str, value: &str, allowed: &[&str]) -> Result<(), Fault> {
    if allowed.contains(&value) {
        return Ok(());
    }
    Err(fault::INVALID_PARAMETER_VALUE.because(format!("Invalid {parameter}: {value}")))
}

/// Adds an instance whose first step makes it.
pub(super) fn add(
    turn: &mut Turn<'_>,
    identifier: String,
    configuration: Configuration,
    password: String,
    tags: Tags,
    first: Step,
) -> Result<Instance, Fault> {
    if turn.region.has_instance(&identifier) {
        return Err(fault::INSTANCE_ALREADY_EXISTS.because("DB instance already exists"));
    }
    if turn.region.instances.len() >= turn.settings.instances {
        return Err(fault::INSTANCE_QUOTA_EXCEEDED
            .because("DB Instance quota exceeded: the region has its number of instances."));
    }
    storage_quota(turn, configuration.storage)?;
    let mut steps = vec![first];
    if configuration.backup_retention > 0 {
        steps.push(Step::new("backing-up", Work::BackUp { snapshot: None }));
    }
    let lag = std::time::Duration::from_millis(turn.settings.lag);
    let instance = Instance {
        arn: turn.scope.arn("db", &identifier),
        identifier,
        resource_id: unique("db-"),
        created: None,
        configuration,
        pending: crate::model::Change::default(),
        pending_since: None,
        steps: steps.into(),
        resting: "available".to_owned(),
        lost: false,
        password,
        server_port: 0,
        reachable: false,
        tags,
        storage_changes: Vec::new(),
        stopped: None,
        backed_up: None,
        veil: (!lag.is_zero()).then(|| Veil {
            until: turn.now + lag,
            earlier: None,
        }),
    };
    turn.region
        .instances
        .insert(instance.identifier.clone(), instance.clone());
    Ok(instance)
}

/// Refuses more GiB than a region may have.
pub(super) fn storage_quota(turn: &Turn<'_>, more: i32) -> Result<(), Fault> {
    let total: i64 = turn
        .region
        .instances
        .values()
        .map(|instance| i64::from(instance.configuration.storage))
        .sum();
    if total + i64::from(more) > turn.settings.storage {
        return Err(fault::STORAGE_QUOTA_EXCEEDED
            .because("The quota for the total storage of DB instances was exceeded."));
    }
    Ok(())
}
