//! The fields of v1beta1 that take one of a few words.
//!
//! Nothing here may say what a word does: that is for the planner.

use schemars::{Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// The kinds of storage that RDS offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StorageType {
    /// General purpose, the older kind: IOPS follow from the size.
    Gp2,
    /// General purpose.
    Gp3,
    /// Provisioned IOPS, the older kind.
    Io1,
    /// Provisioned IOPS.
    Io2,
    /// Magnetic; deprecated by AWS.
    Standard,
}

impl StorageType {
    /// Every type, in the order in which the schema lists them.
    pub const ALL: [Self; 5] = [Self::Gp2, Self::Gp3, Self::Io1, Self::Io2, Self::Standard];

    /// RDS's name for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Gp2 => "gp2",
            Self::Gp3 => "gp3",
            Self::Io1 => "io1",
            Self::Io2 => "io2",
            Self::Standard => "standard",
        }
    }
}

/// When a change that interrupts or waits is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ApplyChanges {
    /// As soon as it is asked for.
    Immediately,
    /// In the next maintenance window.
    MaintenanceWindow,
}

impl ApplyChanges {
    /// Every choice, in the order in which the schema lists them.
    pub const ALL: [Self; 2] = [Self::Immediately, Self::MaintenanceWindow];

    /// The word in the spec.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Immediately => "Immediately",
            Self::MaintenanceWindow => "MaintenanceWindow",
        }
    }
}

/// What becomes of the database when its object is deleted. The order is that
/// of what is kept: each keeps more than the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum DeletionPolicy {
    /// It goes, with its automated backups.
    Delete,
    /// It goes once a final snapshot is taken.
    Snapshot,
    /// It stays at AWS, and Stow has no more to do with it.
    Retain,
}

impl DeletionPolicy {
    /// Every choice, in the order in which the schema lists them.
    pub const ALL: [Self; 3] = [Self::Delete, Self::Snapshot, Self::Retain];

    /// The word in the spec.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Delete => "Delete",
            Self::Snapshot => "Snapshot",
            Self::Retain => "Retain",
        }
    }
}

/// The logs of PostgreSQL that RDS can send to `CloudWatch`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogExport {
    /// The server's log.
    Postgresql,
    /// The log of upgrades.
    Upgrade,
}

impl LogExport {
    /// Every log, in the order in which the schema lists them.
    pub const ALL: [Self; 2] = [Self::Postgresql, Self::Upgrade];

    /// RDS's name for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Postgresql => "postgresql",
            Self::Upgrade => "upgrade",
        }
    }
}

// Each schema is one flat enumeration: the derive would describe the variants,
// which a structural schema cannot hold.

pub(super) fn storage_type(_: &mut SchemaGenerator) -> Schema {
    words(&StorageType::ALL.map(StorageType::as_str))
}

pub(super) fn apply_changes(_: &mut SchemaGenerator) -> Schema {
    words(&ApplyChanges::ALL.map(ApplyChanges::as_str))
}

pub(super) fn deletion_policy(_: &mut SchemaGenerator) -> Schema {
    words(&DeletionPolicy::ALL.map(DeletionPolicy::as_str))
}

pub(super) fn log_exports(_: &mut SchemaGenerator) -> Schema {
    let words = LogExport::ALL.map(LogExport::as_str);
    json_schema!({
        "type": "array",
        "maxItems": words.len(),
        "items": { "type": "string", "enum": words, "maxLength": longest(&words) },
        "x-kubernetes-list-type": "atomic",
    })
}

fn words(words: &[&str]) -> Schema {
    json_schema!({ "type": "string", "enum": words, "maxLength": longest(words) })
}

/// The bound is what the cost of a rule is estimated by.
fn longest(words: &[&str]) -> usize {
    words.iter().map(|word| word.len()).max().unwrap_or(0)
}
