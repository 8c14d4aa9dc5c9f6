//! The fields of v1beta1 that stand in groups: backups, network, encryption and
//! monitoring.
//!
//! As in the spec itself, each field is optional and nothing has a default.

use kube::KubeSchema;
use schemars::{Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::choices::{self, LogExport};
use super::rules;
use crate::limits;

/// Automated backups, which point-in-time restores need.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Backup {
    /// The days for which automated backups are kept, 0 to 35; 0 turns them off
    /// and deletes those there are. A change between 0 and another number
    /// restarts the database. By default 7, or the platform's least if that is more.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[x_kube(validation = rules::backup_retention_days())]
    pub retention_days: Option<i64>,

    /// When the daily backup is taken, in UTC: `hh:mm-hh:mm`, 30 minutes or
    /// more, apart from the maintenance window. By default the platform's.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 32))]
    #[x_kube(validation = rules::backup_window())]
    pub window: Option<String>,
}

/// Where the database stands, and who can reach it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Network {
    /// The DB subnet group, 1 to 255 characters; by default the platform's. It
    /// cannot change.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 255))]
    #[x_kube(validation = rules::subnet_group())]
    #[x_kube(validation = rules::immutable("network.subnetGroup"))]
    pub subnet_group: Option<String>,

    /// The VPC security groups, 1 to 16 ids such as `sg-0123456789abcdef0`; by
    /// default the platform's. They can change at any time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "security_groups")]
    #[x_kube(validation = rules::security_groups())]
    #[x_kube(validation = rules::security_groups_once())]
    pub security_groups: Option<Vec<String>>,

    /// Whether the database has an address outside its VPC. By default false,
    /// and the platform may forbid it. It can change at any time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub publicly_accessible: Option<bool>,
}

/// How storage, backups and snapshots are encrypted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = rules::kms_key_needs_encryption())]
pub struct Encryption {
    /// Whether they are encrypted; by default as the platform says, else true.
    /// It cannot change.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[x_kube(validation = rules::immutable_boolean("encryption.enabled"))]
    pub enabled: Option<bool>,

    /// The KMS key: its ARN, its id or its alias; by default the platform's,
    /// else the account's key for RDS. It cannot change.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 384))]
    #[x_kube(validation = rules::kms_key())]
    #[x_kube(validation = rules::immutable("encryption.kmsKey"))]
    pub kms_key: Option<String>,
}

/// What is measured and logged, all of it off by default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Monitoring {
    /// Whether Performance Insights is on. It can change at any time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub performance_insights: Option<bool>,

    /// The seconds between two measurements of Enhanced Monitoring: 1, 5, 10,
    /// 15, 30 or 60, and 0 for none. The platform sets the role for it. It can
    /// change at any time.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[x_kube(validation = rules::enhanced_interval())]
    pub enhanced_interval: Option<i64>,

    /// The logs that go to `CloudWatch`: `postgresql`, `upgrade` or both; an empty
    /// list for none. It can change at any time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "choices::log_exports")]
    #[x_kube(validation = rules::log_exports_once())]
    pub log_exports: Option<Vec<LogExport>>,
}

/// A list that an apply replaces as a whole: it is one annotation in v1alpha1.
fn security_groups(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "array",
        "maxItems": limits::MOST_SECURITY_GROUPS,
        "items": { "type": "string", "maxLength": 32 },
        "x-kubernetes-list-type": "atomic",
    })
}
