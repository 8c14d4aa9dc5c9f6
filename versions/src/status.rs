//! What Stow reports of a database: one status, the same in every version, so
//! that a client of either version writes back all of it.
//!
//! Nothing here may decide what is reported, or tell the time: both are handed
//! in.

#![expect(
    unreachable_pub,
    reason = "KubeSchema copies each struct, its visibility included, into a function"
)]

mod conditions;

pub use conditions::{
    ConditionStatus, ConditionType, Finding, Reason, clear_condition, set_condition,
};

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::KubeSchema;
use serde::{Deserialize, Serialize};

/// What is known of the database. Stow writes it; what is written here by
/// anybody else has no effect.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct PostgresDBStatus {
    /// The status of the RDS instance, verbatim; `available` when the database
    /// is usable.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ready: Option<String>,

    /// The ARN of the RDS instance.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arn: Option<String>,

    /// The identifier of the RDS instance.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,

    /// Where the database listens; absent until RDS has decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<Endpoint>,

    /// The version of PostgreSQL that runs, such as `17.4`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub engine_version: Option<String>,

    /// The instance class in effect, such as `db.t3.small`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<String>,

    /// The storage in effect, such as `20Gi`. It can exceed what was asked for,
    /// and never shrinks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "quantity")]
    pub storage: Option<Quantity>,

    /// The storage type in effect, such as `gp3`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 32))]
    pub storage_type: Option<String>,

    /// The provisioned I/O operations a second in effect.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iops: Option<i64>,

    /// What was decided when the database was made, and never changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub made_with: Option<MadeWith>,

    /// Changes that are asked for and that RDS has not applied yet, each with
    /// what it waits for. The database can be used meanwhile.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pending: Vec<PendingChange>,

    /// The last upgrade to another major that RDS was asked for: once for each
    /// generation of the spec.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upgrade: Option<Upgrade>,

    /// What the spec said when Stow took this database over from an earlier
    /// operator, and the database is not: it stays as it is until the spec says
    /// something else there. Empty while the takeover goes on and there is nothing
    /// of that kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inherited: Option<BTreeMap<String, String>>,

    /// The generation of the spec that this status speaks of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,

    /// `Ready`; and `Reconciling` and `Stalled`, each present only while it is
    /// true. The message says what to do.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["type".to_owned()]))]
    pub conditions: Vec<Condition>,

    /// The Secret that an application connects with, where a Service Binding
    /// looks for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub binding: Option<Binding>,
}

/// Where a database listens.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Endpoint {
    /// The host name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,

    /// The TCP port.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<i32>,
}

/// What was decided when a database was made. A spec can state it later just
/// so: a rule of the hub compares the two, and needs the bounds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct MadeWith {
    /// The database that was made first: `databaseName`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub database_name: Option<String>,

    /// The administrator of the database: `masterUsername`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub master_username: Option<String>,

    /// The DB subnet group: `network.subnetGroup`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 255))]
    pub subnet_group: Option<String>,

    /// Whether storage is encrypted: `encryption.enabled`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encrypted: Option<bool>,

    /// The ARN of the KMS key: `encryption.kmsKey`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2048))]
    pub kms_key: Option<String>,
}

/// A change that is asked for and waits.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct PendingChange {
    /// What will change, such as `size db.m6g.large`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub what: Option<String>,

    /// What it waits for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// An upgrade to another major that RDS was asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Upgrade {
    /// The `engineVersion` that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,

    /// The generation of the spec that asked for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub generation: Option<i64>,
}

/// A reference to the Secret that holds the connection.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Binding {
    /// The name of the Secret, in the object's namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// Text, where the schema of `Quantity` would also allow numbers: a rule of
/// the hub reads it, and the cost of that rule needs a bound.
fn quantity(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({ "type": "string", "maxLength": 32 })
}
