//! Snapshots, and the automated backups that outlive their instances.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Configuration, Instance, Tags, unique};

/// Who made a snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SnapshotKind {
    /// A client, or a delete with a final snapshot.
    Manual,
    /// RDS itself: daily, and before a major upgrade.
    Automated,
}

impl SnapshotKind {
    /// `SnapshotType`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Manual => "manual",
            Self::Automated => "automated",
        }
    }
}

/// A DB snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Lowercase.
    pub identifier: String,
    /// The name of its data's folder, which nothing else has.
    pub folder: String,
    /// Its source.
    pub instance: String,
    /// The source's `DbiResourceId`.
    pub resource_id: String,
    /// When the source was made.
    pub instance_created: Option<Timestamp>,
    /// When it was asked for.
    pub created: Timestamp,
    /// `creating`, `available`, `copying` or `failed`.
    pub status: String,
    /// Who made it.
    pub kind: SnapshotKind,
    /// The source's configuration at that time.
    pub configuration: Configuration,
    /// The source's password: a restore keeps it.
    pub password: String,
    /// Tags by key.
    pub tags: Tags,
    /// The ARN of the snapshot that it is a copy of.
    pub copy_of: Option<String>,
}

impl Snapshot {
    /// A snapshot that is being created, with the tags that it takes over.
    pub fn of(instance: &Instance, identifier: String, kind: SnapshotKind, now: Timestamp) -> Self {
        Self {
            identifier,
            folder: unique("snapshot-"),
            instance: instance.identifier.clone(),
            resource_id: instance.resource_id.clone(),
            instance_created: instance.created,
            created: now,
            status: "creating".to_owned(),
            kind,
            configuration: instance.configuration.clone(),
            password: instance.password.clone(),
            tags: instance.snapshot_tags(),
            copy_of: None,
        }
    }

    /// Whether RDS made it, of that instance.
    pub fn is_automated_of(&self, resource_id: &str) -> bool {
        self.kind == SnapshotKind::Automated && self.resource_id == resource_id
    }
}

/// The automated backup of a deleted instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetainedBackup {
    /// The instance's name.
    pub instance: String,
    /// The instance's ARN.
    pub instance_arn: String,
    /// The instance's `DbiResourceId`.
    pub resource_id: String,
    /// When the instance was made.
    pub instance_created: Option<Timestamp>,
    /// The first moment that can be restored.
    pub first: Timestamp,
    /// The end of the times that can be restored.
    pub deleted: Timestamp,
    /// The instance's configuration at that time.
    pub configuration: Configuration,
    /// The instance's password: a restore keeps it.
    pub password: String,
    /// Tags by key.
    pub tags: Tags,
}
