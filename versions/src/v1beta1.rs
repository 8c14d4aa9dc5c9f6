//! v1beta1: the hub. It is what is stored, what the operator reads, and what
//! every other version converts to and from.
//!
//! Nothing here may default a field: a default in the schema would be invented
//! into every converted and every partial object. The planner defaults.

#![expect(
    unreachable_pub,
    reason = "KubeSchema copies each struct, its visibility included, into a function"
)]

mod rules;

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use kube::{CustomResource, KubeSchema};
use schemars::{Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use crate::status::PostgresDBStatus;

/// What the database should be. Each field is optional: what is left out takes
/// the platform's default when the database is created, and is then left as it
/// is. Taking a field out changes nothing at AWS.
//
// A new field needs a decision in `convert/fields.rs`, or nothing compiles.
#[derive(CustomResource, KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[kube(
    group = "myob.com",
    version = "v1beta1",
    kind = "PostgresDB",
    plural = "postgresdbs",
    singular = "postgresdb",
    shortname = "pgdb",
    doc = "A PostgreSQL database on Amazon RDS. Its connection lies in a Secret of the same name \
           and namespace, or the one that spec.secretName names.",
    namespaced,
    status = "PostgresDBStatus",
    derive = "Default",
    derive = "PartialEq",
    validation = rules::storage_never_shrinks(),
)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = rules::iops_need_a_type_that_takes_them())]
#[x_kube(validation = rules::provisioned_types_need_iops())]
pub struct PostgresDBSpec {
    /// The instance class: `db.<family>.<size>`, such as `db.t3.small`. A
    /// change restarts the database.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    #[x_kube(validation = rules::size())]
    pub size: Option<String>,

    /// The storage, in whole GiB: `20Gi`, `1Ti`. It grows in place and never
    /// shrinks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "quantity")]
    #[x_kube(validation = rules::storage())]
    pub storage: Option<Quantity>,

    /// The kind of storage: gp3 (general purpose), io2 or io1 (provisioned
    /// IOPS), gp2 (the older general purpose), or standard (magnetic, which
    /// AWS no longer offers for new databases).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "storage_type")]
    pub storage_type: Option<StorageType>,

    /// Provisioned I/O operations a second, 1000 to 256000. io1 and io2 need
    /// them, gp3 takes them from 400Gi on, gp2 and standard never.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[x_kube(validation = rules::iops())]
    pub iops: Option<i64>,

    /// Whether a standby runs in a second availability zone and takes over
    /// when the first fails.
    #[serde(rename = "multiAZ", skip_serializing_if = "Option::is_none")]
    pub multi_az: Option<bool>,

    /// Tags for the RDS instance, besides those that Stow sets: at most 43,
    /// with keys of 1 to 128 and values of up to 256 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "tags")]
    #[x_kube(validation = rules::tag_keys())]
    #[x_kube(validation = rules::tag_prefixes())]
    pub tags: Option<BTreeMap<String, String>>,

    /// The database to create inside the instance, 1 to 63 letters, digits and
    /// underscores, a letter first. By default it follows from the object's
    /// name. It cannot change.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 63))]
    #[x_kube(validation = rules::database_name())]
    #[x_kube(validation = rules::immutable("databaseName"))]
    pub database_name: Option<String>,

    /// The master user, 1 to 16 letters, digits and underscores, a letter
    /// first; by default `postgres`. It cannot change.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 16))]
    #[x_kube(validation = rules::master_username())]
    #[x_kube(validation = rules::master_username_reserved())]
    #[x_kube(validation = rules::immutable("masterUsername"))]
    pub master_username: Option<String>,

    /// The Secret that an application connects with; by default it has the
    /// object's name. A Secret that serves something else is never written.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253))]
    #[x_kube(validation = rules::secret_name())]
    pub secret_name: Option<String>,
}

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
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Gp2 => "gp2",
            Self::Gp3 => "gp3",
            Self::Io1 => "io1",
            Self::Io2 => "io2",
            Self::Standard => "standard",
        }
    }
}

/// Text alone, where the schema of `Quantity` would also allow numbers.
fn quantity(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "maxLength": 32 })
}

/// One flat enumeration: the derive would describe the variants, which a
/// structural schema cannot hold.
fn storage_type(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "enum": StorageType::ALL.map(StorageType::as_str), "maxLength": 8 })
}

/// RDS takes 50 tags, and Stow sets seven of its own.
pub const MOST_TAGS: usize = 43;

/// The bounds are also what keeps the cost of the rules on keys within budget.
fn tags(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "object",
        "maxProperties": MOST_TAGS,
        "additionalProperties": { "type": "string", "maxLength": 256 },
    })
}
