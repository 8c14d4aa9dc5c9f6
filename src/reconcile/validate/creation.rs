//! How a new instance is made: the spec over the configuration over defaults.
//!
//! Nothing here may judge what an object may ask for: that is done before.

use stow_versions::limits::Window;
use stow_versions::status::Reason;
use stow_versions::storage;
use stow_versions::v1beta1::{Encryption, PostgresDBSpec, StorageType};

use crate::config::{self, Configuration};
use crate::plan::{Creation, Obstacle, Subject};
use crate::rds::Settings;

use super::settings;
use super::volume::Wish;

/// RDS's least storage for gp2 and gp3, in GiB. Specs of 2017 ask for less,
/// which RDS took then: they get this, and keep their text.
const LEAST_GENERAL_PURPOSE: i32 = 20;

pub(super) fn new(
    subject: &Subject,
    spec: &PostgresDBSpec,
    configuration: &Configuration,
) -> Result<Box<Creation>, Obstacle> {
    let Some(class) = spec.size.clone().or_else(|| configuration.class.clone()) else {
        return Err(invalid_spec(
            "spec.size is not set, and the operator's ConfigMap has no aws.rds.postgres.default.instance.class: set either, such as \"db.t3.micro\".",
        ));
    };
    let (storage_type, storage) = volume(spec, configuration)?;
    let (encrypted, kms_key) = encryption(spec, configuration)?;
    let settings = settings::at_creation(spec, configuration);
    apart(&settings)?;
    let monitored = settings
        .enhanced_interval
        .is_some_and(|seconds| seconds > 0);
    let max_storage = spec.max_storage.as_ref();
    let max_storage = max_storage.and_then(|text| storage::gibibytes(&text.0));
    let subnet_group = settings::network(spec).subnet_group;
    Ok(Box::new(Creation {
        class,
        storage,
        storage_type: storage_type.as_str().to_owned(),
        iops: settings::number(spec.iops),
        throughput: settings::number(spec.throughput),
        // The storage itself means none, which RDS takes for an error here.
        max_storage: max_storage.filter(|most| *most > storage),
        engine_version: spec.engine_version.clone(),
        multi_az: spec.multi_az.unwrap_or(configuration.multi_az),
        database_name: spec
            .database_name
            .clone()
            .unwrap_or_else(|| database_name(&subject.name)),
        master_username: spec
            .master_username
            .clone()
            .unwrap_or_else(|| "postgres".to_owned()),
        subnet_group: subnet_group.or_else(|| configuration.subnet_group.clone()),
        encrypted,
        kms_key,
        settings,
        monitoring_role: configuration.monitoring_role.clone().filter(|_| monitored),
    }))
}

fn invalid_spec(message: impl Into<String>) -> Obstacle {
    Obstacle::new(Reason::InvalidSpec, message)
}

fn volume(
    spec: &PostgresDBSpec,
    configuration: &Configuration,
) -> Result<(StorageType, i32), Obstacle> {
    let kind = spec.storage_type.unwrap_or(configuration.storage_type);
    let gibibytes = |text: &k8s_openapi::apimachinery::pkg::api::resource::Quantity| {
        storage::gibibytes(&text.0)
    };
    let size = spec.storage.as_ref().and_then(gibibytes);
    let size = size.unwrap_or(configuration.storage);
    let wish = Wish {
        kind: Some(kind),
        size: Some(size),
        max_size: spec.max_storage.as_ref().and_then(gibibytes),
        iops: spec.iops,
        throughput: spec.throughput,
    };
    let faults = wish.faults();
    if !faults.is_empty() {
        return Err(invalid_spec(faults.join(" ")));
    }
    let size = match kind {
        StorageType::Gp2 | StorageType::Gp3 => size.max(LEAST_GENERAL_PURPOSE),
        StorageType::Io1 | StorageType::Io2 | StorageType::Standard => size,
    };
    Ok((kind, size))
}

/// RDS wants the windows apart, whoever states them.
fn apart(settings: &Settings) -> Result<(), Obstacle> {
    let (backup, maintenance) = (&settings.backup_window, &settings.maintenance_window);
    let daily = backup.as_deref().and_then(Window::daily);
    let weekly = maintenance.as_deref().and_then(Window::weekly);
    if daily
        .zip(weekly)
        .is_none_or(|(daily, weekly)| !daily.overlaps(weekly))
    {
        return Ok(());
    }
    let text = |window: &Option<String>| window.clone().unwrap_or_default();
    let (backup, maintenance) = (text(backup), text(maintenance));
    Err(invalid_spec(format!(
        "The backup window {backup} and the maintenance window {maintenance} overlap; what the spec does not state is the platform's. Set spec.backup.window and spec.maintenanceWindow apart, such as \"03:00-03:30\" and \"sun:05:00-sun:05:30\"."
    )))
}

fn encryption(
    spec: &PostgresDBSpec,
    configuration: &Configuration,
) -> Result<(bool, Option<String>), Obstacle> {
    let Encryption { enabled, kms_key } = spec.encryption.clone().unwrap_or_default();
    // Who names a key wants it used.
    let encrypted = enabled.unwrap_or(configuration.encrypted || kms_key.is_some());
    if !encrypted && configuration.policy.encryption == config::EncryptionPolicy::Required {
        return Err(Obstacle::new(
            Reason::InvalidConfiguration,
            "The operator's ConfigMap has aws.rds.postgres.default.kms.encryption: \"false\", and its policy.encryption asks that every database is encrypted: set the first to \"true\" or the second to \"optional\". Or set spec.encryption.enabled: true.",
        ));
    }
    let kms_key = kms_key.or_else(|| configuration.kms_key.clone());
    Ok((encrypted, kms_key.filter(|_| encrypted)))
}

/// A database name from an object's name: within RDS's rules, and readable.
fn database_name(name: &str) -> String {
    let mut text: String = name
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
        .collect();
    if !text.starts_with(|c: char| c.is_ascii_alphabetic()) {
        text.insert_str(0, "db_");
    }
    text.truncate(63);
    text
}
