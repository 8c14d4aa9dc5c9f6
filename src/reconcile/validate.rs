//! What an object wants, from its spec, its metadata and the platform's
//! configuration: the only input of the planner beside what is observed.
//!
//! Nothing here may stop at the first fault, or look at RDS.

mod departure;
mod settings;

use std::collections::BTreeMap;

use serde_json::{Value, json};
use stow_versions::PAUSED;
use stow_versions::convert;
use stow_versions::limits::{self, MOST_TAGS, Volume};
use stow_versions::status::Reason;
use stow_versions::storage;
use stow_versions::v1beta1::{PostgresDBSpec, StorageType};

use crate::cluster::{PostgresDB, is_secret_name};
use crate::config::Configuration;
use crate::plan::{
    Creation, Database, Desired, Goal, Obstacle, Subject, is_reserved_tag, takes_iops,
};

/// RDS's least storage for gp2 and gp3, in GiB. Specs of 2017 ask for less,
/// which RDS took then: they get this, and keep their text.
const LEAST_GENERAL_PURPOSE: i32 = 20;

/// The name of the object's Secret.
pub(super) fn secret_name(object: &PostgresDB, subject: &Subject) -> String {
    let wanted = object.spec.get("secretName").and_then(Value::as_str);
    wanted
        .filter(|name| !name.is_empty())
        .unwrap_or(&subject.name)
        .to_owned()
}

/// What an object wants.
pub(super) fn desired(
    subject: &Subject,
    object: &PostgresDB,
    configuration: Option<&Configuration>,
) -> Desired {
    let goal = match &object.metadata.deletion_timestamp {
        Some(deletion) => departure::goal(subject, &object.spec, deletion.0, configuration),
        None => wanted(subject, object, configuration),
    };
    Desired {
        subject: subject.clone(),
        goal,
        paused: object
            .metadata
            .annotations
            .as_ref()
            .and_then(|annotations| annotations.get(PAUSED))
            .is_some_and(|value| value == "true"),
    }
}

fn wanted(subject: &Subject, object: &PostgresDB, configuration: Option<&Configuration>) -> Goal {
    let mut faults = remembered(object);
    let spec = match parsed(&object.spec) {
        Ok(spec) => spec,
        Err(fault) => {
            faults.push(fault);
            PostgresDBSpec::default()
        }
    };
    faults.extend(check(&spec));
    if !faults.is_empty() {
        return Goal::Unclear {
            message: faults.join(" "),
        };
    }
    let creation = creation(subject, &spec, configuration);
    Goal::Exists(Box::new(Database {
        class: spec.size.clone(),
        storage: spec
            .storage
            .as_ref()
            .and_then(|text| storage::gibibytes(&text.0)),
        storage_type: spec.storage_type.map(|kind| kind.as_str().to_owned()),
        iops: iops(&spec),
        throughput: settings::number(spec.throughput),
        max_storage: max_storage(&spec),
        engine_version: spec.engine_version.clone(),
        allow_major_version_upgrade: spec.allow_major_version_upgrade.unwrap_or(false),
        multi_az: spec.multi_az,
        settings: settings::stated(&spec),
        apply_changes: spec.apply_changes,
        monitoring_role: configuration.and_then(|known| known.monitoring_role.clone()),
        subnet_group: settings::network(&spec).subnet_group,
        encrypted: settings::encryption(&spec).enabled,
        kms_key: settings::encryption(&spec).kms_key,
        tags: spec.tags.clone().unwrap_or_default(),
        database_name: spec.database_name.clone(),
        master_username: spec.master_username.clone(),
        secret_name: secret_name(object, subject),
        creation,
    }))
}

/// v1alpha1's text that v1beta1 cannot say.
fn remembered(object: &PostgresDB) -> Vec<String> {
    let view = json!({
        "metadata": {"annotations": object.metadata.annotations},
        "spec": object.spec,
    });
    convert::unusable(&view)
        .into_iter()
        .map(|unusable| format!("{unusable}."))
        .collect()
}

fn parsed(spec: &Value) -> Result<PostgresDBSpec, String> {
    if spec.is_null() {
        return Ok(PostgresDBSpec::default());
    }
    serde_path_to_error::deserialize(spec)
        .map_err(|error| format!("spec.{}: {}.", error.path(), error.inner()))
}

fn iops(spec: &PostgresDBSpec) -> Option<i32> {
    spec.iops.and_then(|iops| i32::try_from(iops).ok())
}

fn max_storage(spec: &PostgresDBSpec) -> Option<i32> {
    let text = spec.max_storage.as_ref()?;
    storage::gibibytes(&text.0)
}

/// Every fault of a spec that shows without the configuration.
fn check(spec: &PostgresDBSpec) -> Vec<String> {
    let PostgresDBSpec {
        size,
        storage,
        storage_type,
        iops: wanted_iops,
        multi_az: _,
        tags,
        database_name,
        master_username,
        secret_name,
        throughput: _,
        max_storage: _,
        engine_version: _,
        allow_major_version_upgrade: _,
        port: _,
        backup: _,
        maintenance_window: _,
        auto_minor_version_upgrade: _,
        apply_changes: _,
        parameter_group: _,
        network: _,
        encryption: _,
        iam_authentication: _,
        monitoring: _,
        extended_support: _,
        deletion_policy: _,
        deletion_protection: _,
        restore_from: _,
        adopt: _,
    } = spec;
    let mut faults = Vec::new();
    if let Some(size) = size.as_ref().filter(|size| !is_class(size)) {
        faults.push(format!(
            "spec.size is {size:?}: write an instance class such as \"db.t3.micro\"."
        ));
    }
    let gibibytes = storage
        .as_ref()
        .map(|text| (text, storage::gibibytes(&text.0)));
    if let Some((text, None)) = gibibytes {
        faults.push(format!(
            "spec.storage is {:?}: write a whole number of GiB such as \"20Gi\".",
            text.0
        ));
    }
    if wanted_iops.is_some() && iops(spec).is_none_or(|iops| iops <= 0) {
        faults.push("spec.iops is out of range: write a number from 1000 to 256000.".to_owned());
    }
    if let Some(kind) = storage_type.map(StorageType::as_str) {
        let size = gibibytes.and_then(|(_, size)| size);
        faults.extend(check_volume("spec.", kind, size, iops(spec)));
    }
    for (key, value) in tags.iter().flatten() {
        if let Some(c) = key
            .chars()
            .chain(value.chars())
            .find(|c| !is_tag_character(*c))
        {
            faults.push(format!(
                "spec.tags has {c:?} in {key:?}: write letters, digits, spaces or any of _ . : / = + - @."
            ));
        }
    }
    let count = tags.as_ref().map_or(0, BTreeMap::len);
    if count > MOST_TAGS {
        faults.push(format!(
            "spec.tags has {count} keys: write at most {MOST_TAGS}, since RDS takes 50 and Stow sets seven."
        ));
    }
    for key in tags
        .iter()
        .flatten()
        .map(|(key, _)| key)
        .filter(|key| is_reserved_tag(key))
    {
        faults.push(format!(
            "spec.tags has {key:?}, which is reserved: take another key."
        ));
    }
    if let Some(name) = database_name
        .as_ref()
        .filter(|name| !is_database_name(name, 63))
    {
        faults.push(format!("spec.databaseName is {name:?}: write a letter, then up to 62 letters, digits or underscores."));
    }
    if let Some(name) = master_username
        .as_ref()
        .filter(|name| !is_master_username(name))
    {
        faults.push(format!("spec.masterUsername is {name:?}: write a letter, then up to 15 letters, digits or underscores, and not admin, rdsadmin or pg_*."));
    }
    // An empty one stands for the object's own.
    if let Some(name) = secret_name
        .as_ref()
        .filter(|name| !name.is_empty() && !is_secret_name(name))
    {
        faults.push(format!("spec.secretName is {name:?}: write lowercase letters, digits, hyphens and dots, a letter or digit at both ends."));
    }
    faults
}

/// The faults of a storage type with a size and IOPS, where they are known.
fn check_volume(place: &str, kind: &str, gibibytes: Option<i32>, iops: Option<i32>) -> Vec<String> {
    let mut faults = Vec::new();
    let Some(storage_type) = StorageType::ALL
        .into_iter()
        .find(|known| known.as_str() == kind)
    else {
        return vec![format!(
            "{place}storageType is {kind:?}: write gp2, gp3, io1, io2 or standard."
        )];
    };
    let (mut least, most) = Volume::sizes(storage_type).into_inner();
    if storage_type == StorageType::Gp2 {
        least = limits::GP2_STORAGE_OF_2017;
    }
    if let Some(size) = gibibytes.filter(|size| !(least..=most).contains(size)) {
        faults.push(format!(
            "{place}storage is {}: {kind} takes {least}Gi to {most}Gi.",
            storage::quantity(size)
        ));
    }
    let row = gibibytes.and_then(|size| Volume::find(storage_type, size));
    let required =
        Volume::of(storage_type).any(|row| row.iops.as_ref().is_some_and(|i| i.required));
    let Some(iops) = iops else {
        if required {
            faults.push(format!(
                "{place}iops is missing: {kind} needs it, from {} on.",
                limits::IOPS.start()
            ));
        }
        return faults;
    };
    if gibibytes.is_some_and(|size| !takes_iops(kind, size)) {
        let why = if storage_type == StorageType::Gp3 {
            "gp3 under 400Gi has 3000, which cannot be set"
        } else {
            "only io1, io2 and gp3 from 400Gi on take it"
        };
        faults.push(format!("{place}iops is {iops}: {why}; remove it."));
        return faults;
    }
    let range = row.and_then(|row| Some(&row.iops.as_ref()?.range));
    let range = range.unwrap_or(&limits::IOPS);
    if !range.contains(&i64::from(iops)) {
        let (least, most) = (range.start(), range.end());
        faults.push(format!(
            "{place}iops is {iops}: {kind} of that size takes {least} to {most}."
        ));
    } else if let Some((size, limits)) = gibibytes.zip(row.and_then(|row| row.iops.as_ref()))
        && !limits.fit(i64::from(iops), size)
    {
        faults.push(format!(
            "{place}iops is {iops}: for {} of {kind} write {} to {}.",
            storage::quantity(size),
            limits.least(size),
            limits.most(size),
        ));
    }
    faults
}

/// How a new instance is made: the spec over the configuration over defaults.
fn creation(
    subject: &Subject,
    spec: &PostgresDBSpec,
    configuration: Option<&Configuration>,
) -> Result<Box<Creation>, Obstacle> {
    let invalid = |message: String| Obstacle::new(Reason::InvalidConfiguration, message);
    if let Some(obstacle) = settings::origin(spec) {
        return Err(obstacle);
    }
    let Some(configuration) = configuration else {
        return Err(invalid(
            "The operator's ConfigMap does not exist: kubectl apply -f yaml/config-map.yaml makes it. New databases wait for it.".to_owned(),
        ));
    };
    if !configuration.faults.is_empty() {
        return Err(invalid(format!(
            "The operator's ConfigMap has values that cannot be used, and new databases wait until they are mended: {}.",
            configuration.faults.join("; ")
        )));
    }
    let Some(class) = spec.size.clone().or_else(|| configuration.class.clone()) else {
        return Err(Obstacle::new(
            Reason::InvalidSpec,
            "spec.size is not set, and the operator's ConfigMap has no aws.rds.postgres.default.instance.class: set either, such as \"db.t3.micro\".",
        ));
    };
    let storage_type = spec
        .storage_type
        .map_or(configuration.storage_type.as_str(), |kind| kind.as_str());
    let storage = spec
        .storage
        .as_ref()
        .and_then(|text| storage::gibibytes(&text.0));
    let storage = storage
        .or(configuration.storage)
        .unwrap_or(LEAST_GENERAL_PURPOSE);
    let faults = check_volume("spec.", storage_type, Some(storage), iops(spec));
    if !faults.is_empty() {
        return Err(Obstacle::new(Reason::InvalidSpec, faults.join(" ")));
    }
    let storage = match storage_type {
        "gp2" | "gp3" => storage.max(LEAST_GENERAL_PURPOSE),
        _ => storage,
    };
    let settings = settings::at_creation(spec, configuration);
    let monitored = settings
        .enhanced_interval
        .is_some_and(|seconds| seconds > 0);
    let monitoring_role = configuration.monitoring_role.clone().filter(|_| monitored);
    if monitored && monitoring_role.is_none() {
        return Err(invalid(
            "spec.monitoring.enhancedInterval needs a role that the platform sets: aws.monitoring.role.arn of the operator's ConfigMap is empty.".to_owned(),
        ));
    }
    let network = settings::network(spec);
    let encryption = settings::encryption(spec);
    let encrypted = encryption.enabled.unwrap_or(configuration.encrypted);
    let kms_key = encryption.kms_key.or_else(|| configuration.kms_key.clone());
    Ok(Box::new(Creation {
        class,
        storage,
        storage_type: storage_type.to_owned(),
        iops: iops(spec),
        multi_az: spec.multi_az.unwrap_or(configuration.multi_az),
        database_name: spec
            .database_name
            .clone()
            .unwrap_or_else(|| database_name(&subject.name)),
        master_username: spec
            .master_username
            .clone()
            .unwrap_or_else(|| "postgres".to_owned()),
        throughput: settings::number(spec.throughput),
        // The storage itself means none, which RDS takes for an error here.
        max_storage: max_storage(spec).filter(|most| *most > storage),
        engine_version: spec.engine_version.clone(),
        subnet_group: network
            .subnet_group
            .or_else(|| configuration.subnet_group.clone()),
        encrypted,
        kms_key: kms_key.filter(|_| encrypted),
        settings,
        monitoring_role,
    }))
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

fn is_tag_character(c: char) -> bool {
    c.is_alphanumeric() || " _.:/=+-@".contains(c)
}

fn is_class(text: &str) -> bool {
    let parts: Vec<_> = text.split('.').collect();
    let plain = |part: &str| {
        !part.is_empty()
            && part
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
    };
    matches!(parts.as_slice(), ["db", family, size] if plain(family) && plain(size))
}

fn is_database_name(text: &str, limit: usize) -> bool {
    text.len() <= limit
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn is_master_username(text: &str) -> bool {
    let folded = text.to_ascii_lowercase();
    is_database_name(text, 16)
        && !matches!(folded.as_str(), "admin" | "rdsadmin")
        && !folded.starts_with("pg_")
}

#[cfg(test)]
mod tests;
