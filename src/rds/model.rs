//! The model of an RDS DB instance, and of the requests that change one.
//!
//! Nothing here decides: values are as RDS states them, or as the planner
//! wants them sent.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::Settings;

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
    /// `StorageThroughput`, in MiB a second.
    pub throughput: Option<i32>,
    /// `MaxAllocatedStorage`, in GiB; absent where storage does not grow by
    /// itself.
    pub max_storage: Option<i32>,
    /// `MultiAZ`.
    pub multi_az: bool,
    /// `DBName`; absent where only `postgres` exists.
    pub database_name: Option<String>,
    /// `MasterUsername`.
    pub master_username: String,
    /// `DBSubnetGroupName`.
    pub subnet_group: Option<String>,
    /// `StorageEncrypted`.
    pub encrypted: Option<bool>,
    /// `KmsKeyId`: the key's ARN.
    pub kms_key: Option<String>,
    /// What else is in effect.
    pub settings: Settings,
    /// The `ParameterApplyStatus` of its parameter group, such as `in-sync` or
    /// `pending-reboot`.
    pub parameters: Option<String>,
    /// `ReadReplicaDBInstanceIdentifiers`.
    pub read_replicas: Vec<String>,
    /// `PendingModifiedValues`, as far as Stow sets them.
    pub pending: Pending,
    /// `TagList`.
    pub tags: BTreeMap<String, String>,
    /// What RDS always states and left out here, by RDS's name: the fields are
    /// then not what the instance has, but for its name and its tags.
    pub lacks: Option<&'static str>,
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
    /// `StorageThroughput`, in MiB a second.
    pub throughput: Option<i32>,
    /// `MultiAZ`.
    pub multi_az: Option<bool>,
    /// `EngineVersion`.
    pub engine_version: Option<String>,
    /// What else waits.
    pub settings: Settings,
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

/// A `CreateDBInstance` for PostgreSQL. What is `None` is left to RDS's default,
/// but that it is never public and never on the paid extended support unless
/// asked for. Always with `CopyTagsToSnapshot`: a final snapshot takes no tags
/// of its own.
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
    /// `StorageThroughput`, in MiB a second; only for gp3 from 400 GiB on.
    pub throughput: Option<i32>,
    /// `MaxAllocatedStorage`, in GiB, at least 110 % of the storage.
    pub max_storage: Option<i32>,
    /// `EngineVersion`: a major, or a minor of it.
    pub engine_version: Option<String>,
    /// `MultiAZ`.
    pub multi_az: bool,
    /// `DBName`.
    pub database_name: String,
    /// `MasterUsername`.
    pub master_username: String,
    /// `MasterUserPassword`.
    pub master_password: Password,
    /// `DBSubnetGroupName`.
    pub subnet_group: Option<String>,
    /// `StorageEncrypted`.
    pub encrypted: bool,
    /// `KmsKeyId`.
    pub kms_key: Option<String>,
    /// What else it has.
    pub settings: Settings,
    /// `MonitoringRoleArn`; needed where Enhanced Monitoring is on.
    pub monitoring_role: Option<String>,
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
    /// `StorageThroughput`, in MiB a second.
    pub throughput: Option<i32>,
    /// `MaxAllocatedStorage`, in GiB; the storage itself turns growth off.
    pub max_storage: Option<i32>,
    /// `MultiAZ`.
    pub multi_az: Option<bool>,
    /// `EngineVersion`.
    pub engine_version: Option<String>,
    /// `AllowMajorVersionUpgrade`.
    pub allow_major_version_upgrade: bool,
    /// What else changes.
    pub settings: Settings,
    /// The logs that are exported now: RDS is told the difference.
    pub log_exports_before: BTreeSet<String>,
    /// `MonitoringRoleArn`; needed where Enhanced Monitoring is turned on.
    pub monitoring_role: Option<String>,
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
            throughput,
            max_storage,
            multi_az,
            engine_version,
            allow_major_version_upgrade: _,
            settings,
            log_exports_before: _,
            monitoring_role: _,
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
            throughput.map(|throughput| format!("throughput {throughput}")),
            max_storage.map(|gibibytes| format!("maxStorage {gibibytes}Gi")),
            multi_az.map(|multi_az| format!("multiAZ {multi_az}")),
            engine_version
                .as_ref()
                .map(|version| format!("engineVersion {version}")),
            master_password
                .as_ref()
                .map(|_| "master password".to_owned()),
        ];
        let mut changes: Vec<_> = changes.into_iter().flatten().collect();
        changes.extend(settings.words());
        changes
    }

    /// Whether both change the same, be it to different values.
    pub fn overlaps(&self, other: &Self) -> bool {
        let both = [
            self.class.is_some() && other.class.is_some(),
            self.storage.is_some() && other.storage.is_some(),
            self.storage_type.is_some() && other.storage_type.is_some(),
            self.iops.is_some() && other.iops.is_some(),
            self.throughput.is_some() && other.throughput.is_some(),
            self.max_storage.is_some() && other.max_storage.is_some(),
            self.multi_az.is_some() && other.multi_az.is_some(),
            self.engine_version.is_some() && other.engine_version.is_some(),
            self.master_password.is_some() && other.master_password.is_some(),
        ];
        both.contains(&true) || self.settings.overlaps(&other.settings)
    }

    /// Whether it asks for nothing.
    pub fn is_empty(&self) -> bool {
        self.changes().is_empty()
    }
}

/// A `DeleteDBInstance`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeleteInstance {
    /// `DBInstanceIdentifier`.
    pub identifier: String,
    /// `FinalDBSnapshotIdentifier`. Without one the automated backups go too.
    pub final_snapshot: Option<String>,
}
