//! An instance as RDS writes it.
//!
//! `Endpoint.Port` is where the server can really be reached: a port of this
//! machine that was free, since fifty instances cannot all listen on 5432 of
//! loopback. It survives stop, start, rename and a change of the port. The port
//! that was asked for, which such a change does change, is in `DbInstancePort`,
//! where RDS itself shows 0; snapshots and backups show it as `Port`.
//!
//! Must not change what it shows.

use jiff::Timestamp;

use crate::{
    dock::View,
    machine,
    model::{Change, Configuration, Instance, Monitoring, Tags},
    wire::Element,
};

/// The `DBInstance` element.
pub(super) fn instance(view: &View<'_>, shown: &Instance) -> Element {
    let about = &shown.configuration;
    let endpoint = shown.reachable.then(|| {
        Element::new("Endpoint")
            .field("Address", view.advertised)
            .field("Port", shown.server_port)
            .field("HostedZoneId", "Z1DRYDOCK")
    });
    let mut element = Element::new("DBInstance")
        .field("DBInstanceIdentifier", &shown.identifier)
        .field("DBInstanceClass", &about.class)
        .field("Engine", "postgres")
        .field("DBInstanceStatus", shown.status())
        .field("MasterUsername", &about.master_username)
        .maybe("DBName", about.database.as_ref());
    if let Some(endpoint) = endpoint {
        element = element.with(endpoint);
    }
    element = element
        .moment("InstanceCreateTime", shown.created)
        .moment("LatestRestorableTime", latest(shown, view.now))
        .list("DBSecurityGroups", [])
        .list("VpcSecurityGroups", security_groups(about))
        .list(
            "DBParameterGroups",
            [Element::new("DBParameterGroup")
                .field("DBParameterGroupName", &about.parameter_group)
                .field("ParameterApplyStatus", &about.parameter_status)],
        )
        .list(
            "OptionGroupMemberships",
            [Element::new("OptionGroupMembership")
                .field(
                    "OptionGroupName",
                    super::placement::default_option_group(&about.engine_version),
                )
                .field("Status", "in-sync")],
        )
        .field("DbInstancePort", about.port)
        .field("DbiResourceId", &shown.resource_id)
        .field("DBInstanceArn", &shown.arn)
        .with(pending(&shown.pending))
        .list("TagList", tags(&shown.tags));
    let own = about.subnet_group.as_ref();
    let group = own
        .and_then(|name| view.region.subnet_groups.get(name).cloned())
        .unwrap_or_else(super::subnet_groups::default);
    element = element.with(super::subnet_groups::element(view, &group));
    element = element.moment(
        "AutomaticRestartTime",
        shown
            .stopped
            .map(|stopped| stopped + machine::STOPPED_AT_MOST),
    );
    monitoring(settings(element, about), &about.monitoring)
}

fn settings(element: Element, about: &Configuration) -> Element {
    element
        .field("AllocatedStorage", about.storage)
        .field("StorageType", &about.storage_type)
        .maybe("Iops", about.iops)
        .maybe("StorageThroughput", about.throughput)
        .maybe("MaxAllocatedStorage", about.max_storage)
        .field("MultiAZ", about.multi_az)
        .field("EngineVersion", &about.engine_version)
        .field("AutoMinorVersionUpgrade", about.auto_minor_version_upgrade)
        .field("AvailabilityZone", &about.availability_zone)
        .maybe(
            "SecondaryAvailabilityZone",
            about
                .multi_az
                .then(|| super::subnet_groups::other_zone(&about.availability_zone)),
        )
        .field("BackupRetentionPeriod", about.backup_retention)
        .field("PreferredBackupWindow", &about.backup_window)
        .field("PreferredMaintenanceWindow", &about.maintenance_window)
        .list("ReadReplicaDBInstanceIdentifiers", [])
        .field("LicenseModel", "postgresql-license")
        .field("PubliclyAccessible", about.publicly_accessible)
        .field("StorageEncrypted", about.encrypted)
        .maybe("KmsKeyId", about.kms_key.as_ref())
        .field("CopyTagsToSnapshot", about.copy_tags_to_snapshot)
        .field("DeletionProtection", about.deletion_protection)
        .field("IAMDatabaseAuthenticationEnabled", about.iam_authentication)
        .list(
            "EnabledCloudwatchLogsExports",
            about
                .log_exports
                .iter()
                .map(|log| Element::text("member", log)),
        )
        .field("CACertificateIdentifier", &about.ca_certificate)
        .with(Element::new("CertificateDetails").field("CAIdentifier", &about.ca_certificate))
        .field("DedicatedLogVolume", about.dedicated_log_volume)
        .field("NetworkType", &about.network_type)
        .field("EngineLifecycleSupport", &about.lifecycle_support)
        .field("BackupTarget", "region")
        .field("CustomerOwnedIpEnabled", false)
        .list("DomainMemberships", [])
        .list("AssociatedRoles", [])
}

fn monitoring(element: Element, about: &Monitoring) -> Element {
    let Monitoring {
        interval,
        role,
        insights,
        insights_key,
        insights_retention,
        mode,
    } = about;
    element
        .field("MonitoringInterval", interval)
        .maybe("MonitoringRoleArn", role.as_ref())
        .field("PerformanceInsightsEnabled", insights)
        .maybe("PerformanceInsightsKMSKeyId", insights_key.as_ref())
        .maybe("PerformanceInsightsRetentionPeriod", *insights_retention)
        .field("DatabaseInsightsMode", mode)
}

fn security_groups(about: &Configuration) -> impl Iterator<Item = Element> {
    about.security_groups.iter().map(|group| {
        Element::new("VpcSecurityGroupMembership")
            .field("VpcSecurityGroupId", group)
            .field("Status", "active")
    })
}

/// The last moment that can be restored, where there are backups.
pub(super) fn latest(shown: &Instance, now: Timestamp) -> Option<Timestamp> {
    shown.backed_up.map(|_| shown.stopped.unwrap_or(now))
}

/// The `PendingModifiedValues` element.
fn pending(change: &Change) -> Element {
    Element::new("PendingModifiedValues")
        .maybe("DBInstanceClass", change.class.as_ref())
        .maybe("AllocatedStorage", change.storage)
        .maybe(
            "MasterUserPassword",
            change.password.as_ref().map(|_| "****"),
        )
        .maybe("Port", change.port)
        .maybe("BackupRetentionPeriod", change.backup_retention)
        .maybe("MultiAZ", change.multi_az)
        .maybe("EngineVersion", change.engine_version.as_ref())
        .maybe("Iops", change.iops)
        .maybe("StorageThroughput", change.throughput)
        .maybe("DBInstanceIdentifier", change.identifier.as_ref())
        .maybe("StorageType", change.storage_type.as_ref())
        .maybe("CACertificateIdentifier", change.ca_certificate.as_ref())
        .maybe(
            "IAMDatabaseAuthenticationEnabled",
            change.iam_authentication,
        )
        .maybe("DedicatedLogVolume", change.dedicated_log_volume)
}

/// The members of a `TagList`.
pub(super) fn tags(tags: &Tags) -> impl Iterator<Item = Element> {
    tags.iter()
        .map(|(key, value)| Element::new("Tag").field("Key", key).field("Value", value))
}
