//! The actions of the trait, each as one request of the SDK.
//!
//! Nothing here may repeat a mutation, or judge an answer beyond whether it is
//! one.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use aws_sdk_rds::types::{CloudwatchLogsExportConfiguration, DbInstance, Tag};

use super::send::Watch;
use super::{AwsRds, DESCRIBE, decode};
use crate::rds::{
    CreateInstance, DeleteInstance, Error, Instance, ModifyInstance, Rds, Refusal, Settings,
};

const CREATE: &str = "CreateDBInstance";
const MODIFY: &str = "ModifyDBInstance";
const DELETE: &str = "DeleteDBInstance";
const ADD_TAGS: &str = "AddTagsToResource";

const UNNAMED: &str = "RDS described an instance without DBInstanceIdentifier";

/// Pages after which a sweep gives up: a hundred times the instances that the
/// largest accounts hold, so only an endpoint gone wrong gets there.
const PAGES: usize = 10_000;

impl Rds for AwsRds {
    async fn account(&self) -> Result<String, Error> {
        self.caller().await
    }

    /// Ordered by identifier, each once: pages may shift while they are read,
    /// and then the last word on an instance wins. An instance without a name
    /// fails the whole, since it may be any.
    async fn sweep(&self) -> Result<Vec<Instance>, Error> {
        let mut found = BTreeMap::new();
        let mut markers = HashSet::new();
        let mut marker: Option<String> = None;
        for _ in 0..PAGES {
            let page = self.read(None, marker.as_deref()).await?;
            // An empty list is stated; a document without one is no answer.
            let Some(instances) = page.db_instances else {
                return Err(unknown(DESCRIBE, "the answer has no DBInstances"));
            };
            for instance in instances {
                // Aurora, Neptune and DocumentDB members are managed through
                // their cluster.
                if instance.db_cluster_identifier.is_none() {
                    let instance =
                        decode::instance(instance).ok_or_else(|| unknown(DESCRIBE, UNNAMED))?;
                    found.insert(instance.identifier.clone(), instance);
                }
            }
            let Some(next) = page.marker.filter(|marker| !marker.is_empty()) else {
                return Ok(found.into_values().collect());
            };
            if !markers.insert(next.clone()) {
                return Err(unknown(DESCRIBE, "a page's marker leads back to itself"));
            }
            marker = Some(next);
        }
        Err(unknown(DESCRIBE, "the pages do not end"))
    }

    /// A success that holds another instance, or none, is an error: that an
    /// instance is gone is for `DBInstanceNotFound` alone to say.
    async fn describe(&self, identifier: &str) -> Result<Option<Instance>, Error> {
        let answer = match self.read(Some(identifier), None).await {
            Ok(answer) => answer,
            Err(Error::Refused {
                refusal: Refusal::NotFound,
                ..
            }) => return Ok(None),
            Err(error) => return Err(error),
        };
        for instance in answer.db_instances.unwrap_or_default() {
            let named = instance.db_instance_identifier.as_deref();
            if named.is_some_and(|named| named.eq_ignore_ascii_case(identifier)) {
                return whole(DESCRIBE, instance).map(Some);
            }
        }
        Err(unknown(DESCRIBE, "the answer does not hold the instance"))
    }

    async fn create(&self, request: &CreateInstance) -> Result<Instance, Error> {
        let CreateInstance {
            identifier,
            class,
            storage,
            storage_type,
            iops,
            throughput,
            max_storage,
            engine_version,
            multi_az,
            database_name,
            master_username,
            master_password,
            subnet_group,
            encrypted,
            kms_key,
            settings,
            monitoring_role,
            tags,
        } = request;
        let Settings {
            port,
            backup_retention,
            backup_window,
            maintenance_window,
            auto_minor_version_upgrade,
            parameter_group,
            security_groups,
            publicly_accessible,
            iam_authentication,
            performance_insights,
            enhanced_interval,
            log_exports,
            extended_support,
            deletion_protection,
        } = settings.clone();
        let watch = Watch::new(CREATE);
        let answer = self
            .client
            .create_db_instance()
            .engine(decode::POSTGRES)
            .copy_tags_to_snapshot(true)
            // RDS's own defaults are public, and paid.
            .publicly_accessible(publicly_accessible.unwrap_or(false))
            .engine_lifecycle_support(support(extended_support.unwrap_or(false)))
            .db_instance_identifier(identifier)
            .db_instance_class(class)
            .allocated_storage(*storage)
            .storage_type(storage_type)
            .set_iops(*iops)
            .set_storage_throughput(*throughput)
            .set_max_allocated_storage(*max_storage)
            .set_engine_version(engine_version.clone())
            .multi_az(*multi_az)
            .db_name(database_name)
            .master_username(master_username)
            .master_user_password(master_password.expose())
            .set_db_subnet_group_name(subnet_group.clone())
            .storage_encrypted(*encrypted)
            .set_kms_key_id(kms_key.clone())
            .set_port(port.map(i32::from))
            .set_backup_retention_period(backup_retention)
            .set_preferred_backup_window(backup_window)
            .set_preferred_maintenance_window(maintenance_window)
            .set_auto_minor_version_upgrade(auto_minor_version_upgrade)
            .set_db_parameter_group_name(parameter_group)
            .set_vpc_security_group_ids(list(security_groups))
            .set_enable_iam_database_authentication(iam_authentication)
            .set_enable_performance_insights(performance_insights)
            .set_monitoring_interval(enhanced_interval)
            .set_monitoring_role_arn(monitoring_role.clone())
            .set_enable_cloudwatch_logs_exports(list(log_exports))
            .set_deletion_protection(deletion_protection)
            .set_tags(Some(wire_tags(tags)))
            .customize()
            .interceptor(watch.clone())
            .send();
        let output = self.send(watch, Some(master_password), answer).await?;
        changed(CREATE, output.db_instance)
    }

    async fn modify(&self, request: &ModifyInstance) -> Result<Instance, Error> {
        let ModifyInstance {
            identifier,
            class,
            storage,
            storage_type,
            iops,
            throughput,
            max_storage,
            multi_az,
            engine_version,
            allow_major_version_upgrade,
            settings,
            log_exports_before,
            monitoring_role,
            master_password,
            apply_immediately,
        } = request;
        let Settings {
            port,
            backup_retention,
            backup_window,
            maintenance_window,
            auto_minor_version_upgrade,
            parameter_group,
            security_groups,
            publicly_accessible,
            iam_authentication,
            performance_insights,
            enhanced_interval,
            log_exports,
            extended_support,
            deletion_protection,
        } = settings.clone();
        let watch = Watch::new(MODIFY);
        let secret = master_password.as_ref();
        let answer = self
            .client
            .modify_db_instance()
            .db_instance_identifier(identifier)
            .set_db_instance_class(class.clone())
            .set_allocated_storage(*storage)
            .set_storage_type(storage_type.clone())
            .set_iops(*iops)
            .set_storage_throughput(*throughput)
            .set_max_allocated_storage(*max_storage)
            .set_multi_az(*multi_az)
            .set_engine_version(engine_version.clone())
            .set_allow_major_version_upgrade(allow_major_version_upgrade.then_some(true))
            .set_db_port_number(port.map(i32::from))
            .set_backup_retention_period(backup_retention)
            .set_preferred_backup_window(backup_window)
            .set_preferred_maintenance_window(maintenance_window)
            .set_auto_minor_version_upgrade(auto_minor_version_upgrade)
            .set_db_parameter_group_name(parameter_group)
            .set_vpc_security_group_ids(list(security_groups))
            .set_publicly_accessible(publicly_accessible)
            .set_enable_iam_database_authentication(iam_authentication)
            .set_enable_performance_insights(performance_insights)
            .set_monitoring_interval(enhanced_interval)
            .set_monitoring_role_arn(monitoring_role.clone())
            .set_cloudwatch_logs_export_configuration(
                log_exports.map(|wanted| exports(&wanted, log_exports_before)),
            )
            .set_engine_lifecycle_support(extended_support.map(|paid| support(paid).to_owned()))
            .set_deletion_protection(deletion_protection)
            .set_master_user_password(secret.map(|password| password.expose().to_owned()))
            .apply_immediately(*apply_immediately)
            .customize()
            .interceptor(watch.clone())
            .send();
        let output = self.send(watch, secret, answer).await?;
        changed(MODIFY, output.db_instance)
    }

    async fn delete(&self, request: &DeleteInstance) -> Result<(), Error> {
        let DeleteInstance {
            identifier,
            final_snapshot,
        } = request;
        let watch = Watch::new(DELETE);
        let answer = self
            .client
            .delete_db_instance()
            .db_instance_identifier(identifier)
            .skip_final_snapshot(final_snapshot.is_none())
            .set_final_db_snapshot_identifier(final_snapshot.clone())
            .delete_automated_backups(final_snapshot.is_none())
            .customize()
            .interceptor(watch.clone())
            .send();
        self.send(watch, None, answer).await?;
        Ok(())
    }

    async fn add_tags(&self, arn: &str, tags: &BTreeMap<String, String>) -> Result<(), Error> {
        let watch = Watch::new(ADD_TAGS);
        let answer = self
            .client
            .add_tags_to_resource()
            .resource_name(arn)
            .set_tags(Some(wire_tags(tags)))
            .customize()
            .interceptor(watch.clone())
            .send();
        self.send(watch, None, answer).await?;
        Ok(())
    }
}

/// A list that is empty is not sent: RDS reads it as not stated anyway.
fn list(names: Option<BTreeSet<String>>) -> Option<Vec<String>> {
    let names = names.filter(|names| !names.is_empty())?;
    Some(names.into_iter().collect())
}

fn support(extended: bool) -> &'static str {
    if extended {
        decode::EXTENDED_SUPPORT
    } else {
        decode::STANDARD_SUPPORT
    }
}

/// RDS is told which logs to begin and which to end with.
fn exports(
    wanted: &BTreeSet<String>,
    before: &BTreeSet<String>,
) -> CloudwatchLogsExportConfiguration {
    let beyond = |one: &BTreeSet<String>, other: &BTreeSet<String>| {
        let names: BTreeSet<_> = one.difference(other).cloned().collect();
        list(Some(names))
    };
    CloudwatchLogsExportConfiguration::builder()
        .set_enable_log_types(beyond(wanted, before))
        .set_disable_log_types(beyond(before, wanted))
        .build()
}

fn wire_tags(tags: &BTreeMap<String, String>) -> Vec<Tag> {
    tags.iter()
        .map(|(key, value)| Tag::builder().key(key).value(value).build())
        .collect()
}

/// The instance that a mutation answers with. Without one the call has likely
/// taken effect, and only an observation can tell.
fn changed(action: &'static str, instance: Option<DbInstance>) -> Result<Instance, Error> {
    let Some(instance) = instance else {
        return Err(unknown(action, "the answer holds no instance"));
    };
    whole(action, instance)
}

/// An instance of which RDS states all that it always states.
fn whole(action: &'static str, instance: DbInstance) -> Result<Instance, Error> {
    let instance = decode::instance(instance).ok_or_else(|| unknown(action, UNNAMED))?;
    match instance.lacks {
        None => Ok(instance),
        Some(field) => Err(unknown(
            action,
            &format!(
                "RDS described instance {} without {field}",
                instance.identifier
            ),
        )),
    }
}

fn unknown(action: &'static str, message: &str) -> Error {
    Error::Unknown {
        action,
        message: message.to_owned(),
    }
}
