//! From the SDK's DB instance, in which everything is optional, to Stow's.
//!
//! Nothing here may guess: a value that RDS always states and that is missing
//! is named, never replaced, since a default would read as drift.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_rds::types::{DbInstance, Endpoint, PendingModifiedValues, Tag};

use crate::rds::{Instance, Pending, Settings};

/// The only engine that Stow owns.
pub(super) const POSTGRES: &str = "postgres";

/// `EngineLifecycleSupport` of the paid extended support.
pub(super) const EXTENDED_SUPPORT: &str = "open-source-rds-extended-support";
/// `EngineLifecycleSupport` without it.
pub(super) const STANDARD_SUPPORT: &str = "open-source-rds-extended-support-disabled";

/// Translates one instance; `None` where it has no name.
///
/// What an instance lacks that RDS always states is empty and named: it can be
/// neither kept nor taken for gone, and must not stop every sweep. An instance
/// of another engine is never ours, so it lacks nothing that counts.
pub(super) fn instance(source: DbInstance) -> Option<Instance> {
    let settings = settings(&source);
    let identifier = source.db_instance_identifier?;
    let foreign = source
        .engine
        .as_deref()
        .is_some_and(|engine| engine != POSTGRES);
    let mut required = Required::default();
    let parameters = source
        .db_parameter_groups
        .into_iter()
        .flatten()
        .find_map(|group| group.parameter_apply_status);
    Some(Instance {
        arn: required.of("DBInstanceArn", source.db_instance_arn),
        resource_id: source.dbi_resource_id,
        status: required.of("DBInstanceStatus", source.db_instance_status),
        endpoint: source.endpoint.and_then(endpoint),
        engine: required.of("Engine", source.engine),
        engine_version: source.engine_version,
        class: required.of("DBInstanceClass", source.db_instance_class),
        storage: required.of("AllocatedStorage", source.allocated_storage),
        storage_type: source.storage_type,
        iops: source.iops,
        throughput: source.storage_throughput,
        max_storage: source.max_allocated_storage,
        multi_az: required.of("MultiAZ", source.multi_az),
        database_name: source.db_name,
        master_username: required.of("MasterUsername", source.master_username),
        lacks: required.lacks.filter(|_| !foreign),
        subnet_group: source
            .db_subnet_group
            .and_then(|group| group.db_subnet_group_name),
        encrypted: source.storage_encrypted,
        kms_key: source.kms_key_id,
        parameters,
        read_replicas: source
            .read_replica_db_instance_identifiers
            .unwrap_or_default(),
        pending: source
            .pending_modified_values
            .map(|values| pending(values, &settings))
            .unwrap_or_default(),
        settings,
        tags: tags(source.tag_list.unwrap_or_default()),
        identifier,
    })
}

/// Takes what must be there, and notes the first that is not.
#[derive(Default)]
struct Required {
    lacks: Option<&'static str>,
}

impl Required {
    fn of<T: Default>(&mut self, field: &'static str, value: Option<T>) -> T {
        value.unwrap_or_else(|| {
            self.lacks.get_or_insert(field);
            T::default()
        })
    }
}

/// Half an endpoint is none: RDS fills it while it creates the instance.
fn endpoint(source: Endpoint) -> Option<(String, u16)> {
    let port = u16::try_from(source.port?).ok()?;
    Some((source.address?, port))
}

/// What RDS leaves out of a list is not in effect; what it leaves out otherwise,
/// it does not say.
fn settings(source: &DbInstance) -> Settings {
    let groups = source.vpc_security_groups.iter().flatten();
    let security_groups = groups
        .filter(|group| group.status.as_deref() != Some("removing"))
        .filter_map(|group| group.vpc_security_group_id.clone())
        .collect();
    let logs = source.enabled_cloudwatch_logs_exports.iter().flatten();
    // RDS states 0 here. Where something stands before the instance, as on
    // loopback, its endpoint is not the port that was asked for.
    let port = source.db_instance_port.filter(|port| *port > 0);
    let port = port.or_else(|| source.endpoint.as_ref()?.port);
    let support = source.engine_lifecycle_support.as_deref();
    Settings {
        port: port.and_then(|port| u16::try_from(port).ok()),
        backup_retention: source.backup_retention_period,
        backup_window: source.preferred_backup_window.clone(),
        maintenance_window: source.preferred_maintenance_window.clone(),
        auto_minor_version_upgrade: source.auto_minor_version_upgrade,
        parameter_group: source
            .db_parameter_groups
            .iter()
            .flatten()
            .find_map(|group| group.db_parameter_group_name.clone()),
        security_groups: Some(security_groups),
        publicly_accessible: source.publicly_accessible,
        iam_authentication: source.iam_database_authentication_enabled,
        performance_insights: source.performance_insights_enabled,
        // RDS may leave out what was never on.
        enhanced_interval: Some(source.monitoring_interval.unwrap_or_default()),
        log_exports: Some(logs.cloned().collect()),
        extended_support: support.map(|support| support == EXTENDED_SUPPORT),
        deletion_protection: Some(source.deletion_protection.unwrap_or_default()),
    }
}

fn pending(source: PendingModifiedValues, now: &Settings) -> Pending {
    let log_exports = source.pending_cloudwatch_logs_exports.map(|pending| {
        let mut logs: BTreeSet<_> = now.log_exports.clone().unwrap_or_default();
        logs.extend(pending.log_types_to_enable.into_iter().flatten());
        for off in pending.log_types_to_disable.into_iter().flatten() {
            logs.remove(&off);
        }
        logs
    });
    Pending {
        class: source.db_instance_class,
        storage: source.allocated_storage,
        storage_type: source.storage_type,
        iops: source.iops,
        throughput: source.storage_throughput,
        multi_az: source.multi_az,
        engine_version: source.engine_version,
        settings: Settings {
            port: source.port.and_then(|port| u16::try_from(port).ok()),
            backup_retention: source.backup_retention_period,
            iam_authentication: source.iam_database_authentication_enabled,
            log_exports,
            ..Settings::default()
        },
        master_password: source.master_user_password.is_some(),
    }
}

fn tags(source: Vec<Tag>) -> BTreeMap<String, String> {
    source
        .into_iter()
        .filter_map(|tag| Some((tag.key?, tag.value.unwrap_or_default())))
        .collect()
}
