//! `CreateDBInstance`.

use super::{Answer, certificates, instance::instance, monitoring, placement::Placement};
use crate::{
    dock::Turn,
    fault::{self, Fault},
    machine::{Step, Work},
    model::{Configuration, Monitoring, PARAMETERS_IN_SYNC},
    rules::{name, storage, tag, version, window},
    wire::{Element, Parameters},
};

pub(super) fn create(turn: &mut Turn<'_>, mut parameters: Parameters) -> Answer {
    let take = &mut parameters;
    // First, since it also says which of what is missing need not be given.
    let placement = Placement::take(take)?;
    let identifier = take.required("DBInstanceIdentifier")?;
    let identifier = name::identifier("DBInstanceIdentifier", &identifier, 63)?;
    engine(&take.required("Engine")?)?;
    let class = take.required("DBInstanceClass")?;
    name::class(&class)?;
    let master_username = provided(take, "MasterUsername")?;
    name::master_username(&master_username)?;
    let password = provided(take, "MasterUserPassword")?;
    name::password(&password)?;
    let database = take.string("DBName");
    if let Some(database) = &database {
        name::database(database)?;
    }
    let engine_version = version::resolve(
        take.string("EngineVersion").as_deref(),
        turn.servers.versions(),
    )?;
    let kind = take.string("StorageType");
    let granted = storage::grant(storage::Asked {
        kind: kind.as_deref(),
        size: take.integer("AllocatedStorage")?,
        iops: take.integer("Iops")?,
        throughput: take.integer("StorageThroughput")?,
        most: take.integer("MaxAllocatedStorage")?,
    })?;
    let encrypted = take.boolean("StorageEncrypted")?.unwrap_or(false);
    let kms_key = key(turn, encrypted, take.string("KmsKeyId"))?;
    let (backup_window, maintenance_window) = window::chosen(
        placement.backup_window(),
        take.string("PreferredMaintenanceWindow"),
    );
    let mut monitored = Monitoring::default();
    monitoring::put(take, turn.scope, &mut monitored)?;
    let tags = tag::take(take)?.unwrap_or_default();
    parameters.finish()?;

    let mut configuration = Configuration {
        class,
        engine_version: engine_version.to_string(),
        database,
        master_username,
        storage: granted.size,
        storage_type: granted.kind,
        iops: granted.iops,
        throughput: granted.throughput,
        max_storage: granted.most,
        multi_az: false,
        port: 5432,
        backup_retention: 1,
        backup_window,
        maintenance_window,
        availability_zone: format!("{}a", turn.scope.region),
        security_groups: vec!["sg-default".to_owned()],
        subnet_group: None,
        parameter_group: format!("default.postgres{}", engine_version.major),
        parameter_status: PARAMETERS_IN_SYNC.to_owned(),
        publicly_accessible: true,
        auto_minor_version_upgrade: true,
        deletion_protection: false,
        copy_tags_to_snapshot: false,
        encrypted,
        kms_key,
        iam_authentication: false,
        monitoring: monitored,
        dedicated_log_volume: false,
        log_exports: Vec::new(),
        ca_certificate: certificates::DEFAULT.to_owned(),
        network_type: "IPV4".to_owned(),
        lifecycle_support: "open-source-rds-extended-support".to_owned(),
    };
    placement.put(turn, &mut configuration)?;
    let made = super::placement::add(
        turn,
        identifier,
        configuration,
        password,
        tags,
        Step::new("creating", Work::Create),
    )?;
    Ok(Some(
        Element::new("CreateDBInstanceResult").with(instance(&turn.view(), &made)),
    ))
}

/// The only engine here.
pub(super) fn engine(asked: &str) -> Result<(), Fault> {
    if asked == "postgres" {
        return Ok(());
    }
    Err(fault::INVALID_PARAMETER_VALUE.because(format!("Unrecognized engine name: {asked}")))
}

/// A parameter that the model calls optional and RDS does not.
fn provided(parameters: &mut Parameters, name: &str) -> Result<String, Fault> {
    parameters
        .string(name)
        .filter(|value| !value.is_empty())
        .ok_or_else(|| {
            fault::INVALID_PARAMETER_VALUE.because(format!(
                "The parameter {name} must be provided and must not be blank."
            ))
        })
}

fn key(turn: &Turn<'_>, encrypted: bool, key: Option<String>) -> Result<Option<String>, Fault> {
    match (encrypted, key) {
        (true, Some(key)) => Ok(Some(key)),
        (true, None) => {
            let crate::model::Scope { account, region } = turn.scope;
            Ok(Some(format!(
                "arn:aws:kms:{region}:{account}:alias/aws/rds"
            )))
        }
        (false, None) => Ok(None),
        (false, Some(_)) => Err(fault::INVALID_PARAMETER_COMBINATION
            .because("KmsKeyId can be specified only with StorageEncrypted.")),
    }
}
