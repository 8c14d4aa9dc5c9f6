//! What is wanted of one object, as its spec and the platform's configuration have
//! it.
//!
//! Nothing here may say what is there, or choose.

use std::collections::BTreeMap;

use stow_versions::v1beta1::{ApplyChanges, DeletionPolicy};

use super::{Obstacle, Subject};
use crate::rds::Settings;

/// What is wanted of one object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Desired {
    /// The object, and the names that follow from it.
    pub subject: Subject,
    /// What should become of its database.
    pub goal: Goal,
    /// Every value of the spec by its path, as text: `tags.team`, `shop`.
    pub stated: BTreeMap<String, String>,
    /// Whether the object's annotation says that the spec counts from the moment
    /// on at which its database is taken over.
    pub applies_at_once: bool,
    /// Whether the object's annotation says that nothing is to change at AWS.
    pub paused: bool,
}

/// What should become of a database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Goal {
    /// It should exist, like this.
    Exists(Box<Database>),
    /// Its object is going.
    Gone {
        /// What becomes of the database, or why that cannot be done.
        policy: Result<DeletionPolicy, Obstacle>,
        /// `FinalDBSnapshotIdentifier`, where one is taken.
        final_snapshot: String,
        /// `spec.deletionProtection`.
        deletion_protection: Option<bool>,
    },
    /// The spec cannot be followed: nothing is changed at RDS until it can.
    Unclear {
        /// Every fault, in one text for the person who wrote the spec.
        message: String,
    },
}

/// A database as its spec wants it. What is `None` is not managed on an
/// instance that exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Database {
    /// `spec.size`.
    pub class: Option<String>,
    /// `spec.storage`, in GiB.
    pub storage: Option<i32>,
    /// `spec.storageType`.
    pub storage_type: Option<String>,
    /// `spec.iops`.
    pub iops: Option<i32>,
    /// `spec.throughput`, in MiB a second.
    pub throughput: Option<i32>,
    /// `spec.maxStorage`, in GiB; the storage itself means no growth.
    pub max_storage: Option<i32>,
    /// `spec.engineVersion`.
    pub engine_version: Option<String>,
    /// `spec.allowMajorVersionUpgrade`.
    pub allow_major_version_upgrade: bool,
    /// `spec.multiAZ`.
    pub multi_az: Option<bool>,
    /// The rest of what can change.
    pub settings: Settings,
    /// `spec.applyChanges`.
    pub apply_changes: Option<ApplyChanges>,
    /// The platform's role for Enhanced Monitoring.
    pub monitoring_role: Option<String>,
    /// `spec.network.subnetGroup`, which never changes.
    pub subnet_group: Option<String>,
    /// `spec.encryption.enabled`, which never changes.
    pub encrypted: Option<bool>,
    /// `spec.encryption.kmsKey`, which never changes.
    pub kms_key: Option<String>,
    /// `spec.tags`; removing a key here leaves it at AWS.
    pub tags: BTreeMap<String, String>,
    /// The platform's tags: a new instance gets them over those of the spec, and
    /// of one that exists it is told which it lacks.
    pub required_tags: BTreeMap<String, String>,
    /// `spec.databaseName`, which RDS never changes.
    pub database_name: Option<String>,
    /// `spec.masterUsername`, which RDS never changes.
    pub master_username: Option<String>,
    /// The name of the Secret.
    pub secret_name: String,
    /// How a new instance is made, or why it cannot be.
    pub creation: Result<Box<Creation>, Obstacle>,
    /// What the spec asks for and the platform does not allow. It is left out of
    /// the fields above: an instance that exists stays as it is.
    pub denied: Option<Obstacle>,
    /// What else the spec asks for, once the platform's policies can be read.
    pub undecided: Option<Box<Undecided>>,
}

/// A database as its spec wants it, while it is open whether it may be so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undecided {
    /// Why it is open.
    pub obstacle: Obstacle,
    /// All that the spec wants.
    pub database: Database,
}

/// What a new instance has beyond what may change later: the spec over the
/// platform's configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Creation {
    /// `DBInstanceClass`.
    pub class: String,
    /// `AllocatedStorage`, in GiB.
    pub storage: i32,
    /// `StorageType`.
    pub storage_type: String,
    /// `Iops`.
    pub iops: Option<i32>,
    /// `StorageThroughput`, in MiB a second.
    pub throughput: Option<i32>,
    /// `MaxAllocatedStorage`, in GiB.
    pub max_storage: Option<i32>,
    /// `EngineVersion`.
    pub engine_version: Option<String>,
    /// `MultiAZ`.
    pub multi_az: bool,
    /// `DBName`.
    pub database_name: String,
    /// `MasterUsername`.
    pub master_username: String,
    /// `DBSubnetGroupName`.
    pub subnet_group: Option<String>,
    /// `StorageEncrypted`.
    pub encrypted: bool,
    /// `KmsKeyId`.
    pub kms_key: Option<String>,
    /// What else it has.
    pub settings: Settings,
    /// `MonitoringRoleArn`.
    pub monitoring_role: Option<String>,
}
