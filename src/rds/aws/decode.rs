//! From the SDK's DB instance, in which everything is optional, to Stow's.
//!
//! Nothing here may guess: a value that RDS always states and that is missing
//! is an error, never a default, since a default would read as drift.

use std::collections::BTreeMap;

use aws_sdk_rds::types::{DbInstance, Endpoint, PendingModifiedValues, Tag};

use crate::rds::{Instance, Pending};

/// The only engine that Stow owns.
pub(super) const POSTGRES: &str = "postgres";

/// What an instance lacks that RDS always states.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("RDS described the instance {identifier} without {field}")]
pub(super) struct Incomplete {
    /// `DBInstanceIdentifier`, or a word for its absence.
    identifier: String,
    /// The field, as RDS names it.
    field: &'static str,
}

/// Translates one instance.
///
/// An instance of another engine is never ours: its name alone counts, because
/// the name is taken. What else it lacks is left empty, so that one oddity of
/// somebody else's database does not stop every sweep.
pub(super) fn instance(source: DbInstance) -> Result<Instance, Incomplete> {
    let Some(identifier) = source.db_instance_identifier else {
        return Err(Incomplete {
            identifier: "(unnamed)".to_owned(),
            field: "DBInstanceIdentifier",
        });
    };
    let foreign = source
        .engine
        .as_deref()
        .is_some_and(|engine| engine != POSTGRES);
    let required = Required {
        identifier: &identifier,
        foreign,
    };
    Ok(Instance {
        arn: required.of("DBInstanceArn", source.db_instance_arn)?,
        resource_id: source.dbi_resource_id,
        status: required.of("DBInstanceStatus", source.db_instance_status)?,
        endpoint: source.endpoint.and_then(endpoint),
        engine: required.of("Engine", source.engine)?,
        engine_version: source.engine_version,
        class: required.of("DBInstanceClass", source.db_instance_class)?,
        storage: required.of("AllocatedStorage", source.allocated_storage)?,
        storage_type: source.storage_type,
        iops: source.iops,
        multi_az: required.of("MultiAZ", source.multi_az)?,
        database_name: source.db_name,
        master_username: required.of("MasterUsername", source.master_username)?,
        deletion_protection: source.deletion_protection.unwrap_or_default(),
        read_replicas: source
            .read_replica_db_instance_identifiers
            .unwrap_or_default(),
        pending: source
            .pending_modified_values
            .map(pending)
            .unwrap_or_default(),
        tags: tags(source.tag_list.unwrap_or_default()),
        identifier,
    })
}

/// Takes what must be there.
struct Required<'a> {
    identifier: &'a str,
    foreign: bool,
}

impl Required<'_> {
    fn of<T: Default>(&self, field: &'static str, value: Option<T>) -> Result<T, Incomplete> {
        match value {
            Some(value) => Ok(value),
            None if self.foreign => Ok(T::default()),
            None => Err(Incomplete {
                identifier: self.identifier.to_owned(),
                field,
            }),
        }
    }
}

/// Half an endpoint is none: RDS fills it while it creates the instance.
fn endpoint(source: Endpoint) -> Option<(String, u16)> {
    let port = u16::try_from(source.port?).ok()?;
    Some((source.address?, port))
}

fn pending(source: PendingModifiedValues) -> Pending {
    Pending {
        class: source.db_instance_class,
        storage: source.allocated_storage,
        storage_type: source.storage_type,
        iops: source.iops,
        multi_az: source.multi_az,
        master_password: source.master_user_password.is_some(),
    }
}

fn tags(source: Vec<Tag>) -> BTreeMap<String, String> {
    source
        .into_iter()
        .filter_map(|tag| Some((tag.key?, tag.value.unwrap_or_default())))
        .collect()
}
