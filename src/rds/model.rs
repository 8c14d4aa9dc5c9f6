//! The model of an RDS DB instance, and of the requests that change one.
//!
//! Nothing here decides: values are as RDS states them, or as the planner
//! wants them sent.

use std::collections::BTreeMap;
use std::fmt;

/// A DB instance as RDS describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instance {
    /// `DBInstanceIdentifier`, lowercase.
    pub identifier: String,
    /// `DBInstanceArn`.
    pub arn: String,
    /// `DbiResourceId`: unique to this instance for ever, unlike its identifier.
    pub resource_id: Option<String>,
    /// `DBInstanceStatus`, verbatim: an open set.
    pub status: String,
    /// `Endpoint`; absent while RDS creates the instance.
    pub endpoint: Option<(String, u16)>,
    /// `Engine`, such as `postgres`.
    pub engine: String,
    /// `EngineVersion`, such as `17.4`.
    pub engine_version: Option<String>,
    /// `DBInstanceClass`, such as `db.t3.micro`.
    pub class: String,
    /// `AllocatedStorage`, in GiB.
    pub storage: i32,
    /// `StorageType`, such as `gp3`.
    pub storage_type: Option<String>,
    /// `Iops`; RDS states 3,000 for a gp3 volume that has no IOPS of its own.
    pub iops: Option<i32>,
    /// `MultiAZ`.
    pub multi_az: bool,
    /// `DBName`; absent where only `postgres` exists.
    pub database_name: Option<String>,
    /// `MasterUsername`.
    pub master_username: String,
    /// `DeletionProtection`.
    pub deletion_protection: bool,
    /// `ReadReplicaDBInstanceIdentifiers`.
    pub read_replicas: Vec<String>,
    /// `PendingModifiedValues`, as far as Stow sets them.
    pub pending: Pending,
    /// `TagList`.
    pub tags: BTreeMap<String, String>,
}

/// Changes that RDS has accepted and not yet applied.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pending {
    /// `DBInstanceClass`.
    pub class: Option<String>,
    /// `AllocatedStorage`, in GiB.
    pub storage: Option<i32>,
    /// `StorageType`.
    pub storage_type: Option<String>,
    /// `Iops`.
    pub iops: Option<i32>,
    /// `MultiAZ`.
    pub multi_az: Option<bool>,
    /// Whether a new master password waits.
    pub master_password: bool,
}

/// A master password. It shows itself to nobody: `Debug` prints no byte of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    /// Wraps the text of a password.
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The text, for the request or the Secret that it belongs in.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

/// A `CreateDBInstance` for PostgreSQL. What is `None` is left to RDS's default.
///
/// Never public, always with `CopyTagsToSnapshot` (a final snapshot takes no
/// tags of its own) and without the paid extended support.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateInstance {
    /// `DBInstanceIdentifier`.
    pub identifier: String,
    /// `DBInstanceClass`.
    pub class: String,
    /// `AllocatedStorage`, in GiB.
    pub storage: i32,
    /// `StorageType`.
    pub storage_type: String,
    /// `Iops`; never for gp2, standard, or gp3 under 400 GiB.
    pub iops: Option<i32>,
    /// `MultiAZ`.
    pub multi_az: bool,
    /// `DBName`.
    pub database_name: String,
    /// `MasterUsername`.
    pub master_username: String,
    /// `MasterUserPassword`.
    pub master_password: Password,
    /// `Port`.
    pub port: u16,
    /// `BackupRetentionPeriod`, in days.
    pub backup_retention: i32,
    /// `PreferredBackupWindow`, such as `03:00-04:00`.
    pub backup_window: Option<String>,
    /// `PreferredMaintenanceWindow`, such as `sun:05:00-sun:06:00`.
    pub maintenance_window: Option<String>,
    /// `DBSubnetGroupName`.
    pub subnet_group: Option<String>,
    /// `VpcSecurityGroupIds`; empty means the VPC's default.
    pub security_groups: Vec<String>,
    /// `StorageEncrypted`.
    pub encrypted: bool,
    /// `KmsKeyId`.
    pub kms_key: Option<String>,
    /// `Tags`.
    pub tags: BTreeMap<String, String>,
}

/// A `ModifyDBInstance`. What is `None` stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ModifyInstance {
    /// `DBInstanceIdentifier`.
    pub identifier: String,
    /// `DBInstanceClass`.
    pub class: Option<String>,
    /// `AllocatedStorage`, in GiB.
    pub storage: Option<i32>,
    /// `StorageType`.
    pub storage_type: Option<String>,
    /// `Iops`.
    pub iops: Option<i32>,
    /// `MultiAZ`.
    pub multi_az: Option<bool>,
    /// `MasterUserPassword`; RDS applies it at once either way.
    pub master_password: Option<Password>,
    /// `ApplyImmediately`. It flushes every pending change, not this one alone.
    pub apply_immediately: bool,
}

impl ModifyInstance {
    /// Each change that it asks for, in the words of a spec, such as
    /// `size db.m6g.large`; a password without its text.
    pub fn changes(&self) -> Vec<String> {
        let Self {
            identifier: _,
            class,
            storage,
            storage_type,
            iops,
            multi_az,
            master_password,
            apply_immediately: _,
        } = self;
        let changes = [
            class.as_ref().map(|class| format!("size {class}")),
            storage.map(|gibibytes| format!("storage {gibibytes}Gi")),
            storage_type
                .as_ref()
                .map(|kind| format!("storageType {kind}")),
            iops.map(|iops| format!("iops {iops}")),
            multi_az.map(|multi_az| format!("multiAZ {multi_az}")),
            master_password
                .as_ref()
                .map(|_| "master password".to_owned()),
        ];
        changes.into_iter().flatten().collect()
    }

    /// Whether it asks for nothing.
    pub fn is_empty(&self) -> bool {
        self.changes().is_empty()
    }
}

/// A `DeleteDBInstance`, with its final snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeleteInstance {
    /// `DBInstanceIdentifier`.
    pub identifier: String,
    /// `FinalDBSnapshotIdentifier`.
    pub final_snapshot: String,
}
