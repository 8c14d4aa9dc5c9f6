//! Automated backups, of instances and of those that are gone.

use super::{
    Answer,
    instance::{self, latest},
    page::{Filters, Page},
};
use crate::{
    dock::{Turn, View},
    fault,
    model::{Configuration, Instance, RetainedBackup, Tags},
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
            window: instance.backed_up.zip(latest(instance, now)),
            about: &instance.configuration,
            tags: &instance.tags,
        })
    }

    fn retained(backup: &'a RetainedBackup) -> Self {
        Self {
            identifier: &backup.instance,
            arn: &backup.instance_arn,
            resource_id: &backup.resource_id,
            created: backup.instance_created,
            status: "retained",
            window: Some((backup.first, backup.deleted)),
            about: &backup.configuration,
            tags: &backup.tags,
        }
    }

    fn element(&self, view: &View<'_>) -> Element {
        let window = Element::new("RestoreWindow")
            .maybe("EarliestTime", self.window.map(|(first, _)| first))
            .maybe("LatestTime", self.window.map(|(_, last)| last));
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
            .maybe("InstanceCreateTime", self.created)
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
            .list("TagList", instance::tags(self.tags))
    }
}

pub(super) fn describe(view: &View<'_>, mut parameters: Parameters) -> Answer {
    let name = parameters.string("DBInstanceIdentifier");
    let resource = parameters.string("DbiResourceId");
    let filters = Filters::take(&mut parameters, &FILTERS)?;
    let page = Page::take(&mut parameters)?;
    parameters.finish()?;
    let fits = |wanted: &Option<String>, value: &str| {
        wanted
            .as_ref()
            .is_none_or(|wanted| wanted.eq_ignore_ascii_case(value))
    };
    let live = view.region.instances.values();
    let mut rows: Vec<_> = live
        .filter_map(|instance| Row::of(instance, view.now))
        .chain(view.region.retained.values().map(Row::retained))
        .filter(|row| fits(&name, row.identifier) && fits(&resource, row.resource_id))
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
    let resource = parameters.required("DbiResourceId")?;
    parameters.finish()?;
    let mut live = turn.region.instances.values();
    if live.any(|instance| instance.resource_id == resource) {
        return Err(fault::INVALID_AUTOMATED_BACKUP_STATE
            .because("The automated backup of an instance that exists cannot be deleted."));
    }
    let Some(backup) = turn.region.retained.remove(&resource) else {
        return Err(fault::AUTOMATED_BACKUP_NOT_FOUND
            .because(format!("No automated backup of {resource} was found.")));
    };
    let row = Row {
        status: "deleting",
        ..Row::retained(&backup)
    };
    Ok(Some(
        Element::new("DeleteDBInstanceAutomatedBackupResult").with(row.element(&turn.view())),
    ))
}
