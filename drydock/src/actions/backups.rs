//! Automated backups, of instances and of those that are gone.

use super::{
    Answer, instance,
    page::{Filters, Page, names},
};
use crate::{
    dock::{Turn, View},
    fault::{self, Fault},
    machine::{expire, is_restored_from, restorable, restorable_from},
    model::{Configuration, Instance, RetainedBackup, Scope, Tags},
    wire::{Element, Parameters},
};

use jiff::Timestamp;

const FILTERS: [&str; 3] = ["status", "db-instance-id", "dbi-resource-id"];

/// One row, wherever it comes from.
struct Row<'a> {
    identifier: &'a str,
    arn: &'a str,
    resource_id: &'a str,
    created: Option<Timestamp>,
    status: &'static str,
    window: Option<(Timestamp, Timestamp)>,
    about: &'a Configuration,
    tags: &'a Tags,
}

impl<'a> Row<'a> {
    fn of(instance: &'a Instance, now: Timestamp) -> Option<Self> {
        (instance.configuration.backup_retention > 0).then(|| Self {
            identifier: &instance.identifier,
            arn: &instance.arn,
            resource_id: &instance.resource_id,
            created: instance.created,
            status: if instance.backed_up.is_some() {
                "active"
            } else {
                "creating"
            },
            window: restorable(instance, now),
            about: &instance.configuration,
            tags: &instance.tags,
        })
    }

    fn retained(backup: &'a RetainedBackup, now: Timestamp) -> Self {
        Self {
            identifier: &backup.instance,
            arn: &backup.instance_arn,
            resource_id: &backup.resource_id,
            created: backup.instance_created,
            status: "retained",
            window: Some(restorable_from(backup, now)),
            about: &backup.configuration,
            tags: &backup.tags,
        }
    }

    fn element(&self, view: &View<'_>) -> Element {
        let window = Element::new("RestoreWindow")
            .moment("EarliestTime", self.window.map(|(first, _)| first))
            .moment("LatestTime", self.window.map(|(_, last)| last));
        Element::new("DBInstanceAutomatedBackup")
            .field("DBInstanceArn", self.arn)
            .field("DbiResourceId", self.resource_id)
            .field("Region", &view.scope.region)
            .field("DBInstanceIdentifier", self.identifier)
            .with(window)
            .field("AllocatedStorage", self.about.storage)
            .field("Status", self.status)
            .field("Port", self.about.port)
            .field("AvailabilityZone", &self.about.availability_zone)
            .moment("InstanceCreateTime", self.created)
            .field("MasterUsername", &self.about.master_username)
            .field("Engine", "postgres")
            .field("EngineVersion", &self.about.engine_version)
            .field("LicenseModel", "postgresql-license")
            .maybe("Iops", self.about.iops)
            .maybe("StorageThroughput", self.about.throughput)
            .field("Encrypted", self.about.encrypted)
            .field("StorageType", &self.about.storage_type)
            .field("BackupRetentionPeriod", self.about.backup_retention)
            .field("PreferredBackupWindow", &self.about.backup_window)
            .maybe("KmsKeyId", self.about.kms_key.as_ref())
            .field(
                "IAMDatabaseAuthenticationEnabled",
                self.about.iam_authentication,
            )
            .field("BackupTarget", "region")
            .field(
                "DBInstanceAutomatedBackupsArn",
                arn(view.scope, self.resource_id),
            )
            .list("TagList", instance::tags(self.tags))
    }
}

/// The ARN of an instance's automated backups, which outlive it.
fn arn(scope: &Scope, resource_id: &str) -> String {
    let name = resource_id.strip_prefix("db-").unwrap_or(resource_id);
    scope.arn("auto-backup", &format!("ab-{name}"))
}

/// The `DbiResourceId` in an ARN of automated backups.
pub(super) fn resource(scope: &Scope, backups: &str) -> Result<String, Fault> {
    let name = backups.strip_prefix(&scope.arn("auto-backup", "ab-"));
    name.map(|name| format!("db-{name}")).ok_or_else(|| {
        fault::INVALID_PARAMETER_VALUE.because(format!(
            "DBInstanceAutomatedBackupsArn is not one of this account and region: {backups}"
        ))
    })
}

/// A request's `DbiResourceId`, which it gives as it is or as an ARN.
fn take_resource(parameters: &mut Parameters, scope: &Scope) -> Result<Option<String>, Fault> {
    let resource_id = parameters.string("DbiResourceId");
    match (
        resource_id,
        parameters.string("DBInstanceAutomatedBackupsArn"),
    ) {
        (Some(_), Some(_)) => Err(fault::INVALID_PARAMETER_COMBINATION
            .because("Specify either DbiResourceId or DBInstanceAutomatedBackupsArn.")),
        (None, Some(arn)) => resource(scope, &arn).map(Some),
        (resource_id, None) => Ok(resource_id),
    }
}

pub(super) fn describe(view: &View<'_>, mut parameters: Parameters) -> Answer {
    let name = parameters.string("DBInstanceIdentifier");
    let resource = take_resource(&mut parameters, view.scope)?;
    let filters = Filters::take(&mut parameters, &FILTERS)?;
    let page = Page::take(&mut parameters)?;
    parameters.finish()?;
    let live = view.region.instances.values();
    let mut rows: Vec<_> = live
        .filter_map(|instance| Row::of(instance, view.now))
        .chain(
            view.region
                .retained
                .values()
                .map(|it| Row::retained(it, view.now)),
        )
        .filter(|row| {
            names(name.as_deref(), row.identifier) && names(resource.as_deref(), row.resource_id)
        })
        .collect();
    if rows.is_empty()
        && let Some(wanted) = name.as_ref().or(resource.as_ref())
    {
        return Err(fault::AUTOMATED_BACKUP_NOT_FOUND
            .because(format!("No automated backup of {wanted} was found.")));
    }
    rows.sort_by_key(|row| row.resource_id);
    let shown = rows
        .iter()
        .filter(|row| {
            filters.pass(|filter| {
                let value = match filter {
                    "status" => row.status,
                    "db-instance-id" => row.identifier,
                    _ => row.resource_id,
                };
                vec![value.to_owned()]
            })
        })
        .map(|row| (row.resource_id.to_owned(), row.element(view)));
    Ok(Some(page.of(
        "DescribeDBInstanceAutomatedBackupsResult",
        "DBInstanceAutomatedBackups",
        shown,
    )))
}

pub(super) fn delete(turn: &mut Turn<'_>, mut parameters: Parameters) -> Answer {
    let resource = take_resource(&mut parameters, turn.scope)?.ok_or_else(|| {
        fault::MISSING_PARAMETER.because("The request must contain the parameter DbiResourceId.")
    })?;
    parameters.finish()?;
    let mut live = turn.region.instances.values();
    if live.any(|instance| instance.resource_id == resource) {
        return Err(fault::INVALID_AUTOMATED_BACKUP_STATE
            .because("The automated backup of an instance that exists cannot be deleted."));
    }
    if is_restored_from(turn.region, &resource) {
        return Err(fault::INVALID_AUTOMATED_BACKUP_STATE.because(format!(
            "The automated backup of {resource} is being restored."
        )));
    }
    let Some(backup) = turn.region.retained.remove(&resource) else {
        return Err(fault::AUTOMATED_BACKUP_NOT_FOUND
            .because(format!("No automated backup of {resource} was found.")));
    };
    expire(turn.region, turn.now);
    let row = Row {
        status: "deleting",
        ..Row::retained(&backup, turn.now)
    };
    Ok(Some(
        Element::new("DeleteDBInstanceAutomatedBackupResult").with(row.element(&turn.view())),
    ))
}
