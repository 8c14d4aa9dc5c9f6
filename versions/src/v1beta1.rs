//! v1beta1: the hub. It is what is stored, what the operator reads, and what
//! every other version converts to and from.
//!
//! Nothing here may default a field: a default in the schema would be invented
//! into every converted and every partial object. The planner defaults.

#![expect(
    unreachable_pub,
    reason = "KubeSchema copies each struct, its visibility included, into a function"
)]

mod choices;
mod groups;
mod origin;
pub(crate) mod rules;

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use kube::{CustomResource, KubeSchema};
use schemars::{Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

pub use choices::{ApplyChanges, DeletionPolicy, LogExport, StorageType};
pub use groups::{Backup, Encryption, Monitoring, Network};
pub use origin::{Adopt, PointInTime, RestoreFrom};

use crate::limits;
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
    validation = rules::engine_version_never_goes_back(),
    validation = rules::a_major_upgrade_needs_a_word(),
    validation = rules::set_before_the_database(0),
    validation = rules::set_before_the_database(1),
    validation = rules::set_before_the_database(2),
    validation = rules::set_before_the_database(3),
    validation = rules::set_before_the_database(4),
    validation = rules::set_before_the_database(5),
    validation = rules::set_before_the_database(6),
)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = rules::storage_fits_its_type())]
#[x_kube(validation = rules::max_storage_fits_its_type())]
#[x_kube(validation = rules::max_storage_leaves_room())]
#[x_kube(validation = rules::iops_need_a_type_that_takes_them())]
#[x_kube(validation = rules::provisioned_types_need_iops())]
#[x_kube(validation = rules::iops_fit_their_type())]
#[x_kube(validation = rules::iops_fit_storage())]
#[x_kube(validation = rules::iops_fit_max_storage())]
#[x_kube(validation = rules::throughput_needs_striped_gp3())]
#[x_kube(validation = rules::throughput_fits_iops())]
#[x_kube(validation = rules::windows_apart())]
#[x_kube(validation = rules::one_origin())]
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
    #[schemars(schema_with = "choices::storage_type")]
    #[x_kube(validation = rules::storage_type())]
    pub storage_type: Option<StorageType>,

    /// Provisioned I/O operations a second, 1000 to 256000. io1 and io2 need
    /// them, gp3 takes them from 400Gi on, gp2 and standard never.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[x_kube(validation = rules::iops())]
    pub iops: Option<i64>,

    /// The throughput of gp3 storage from 400Gi on, in MiB a second: 500 to
    /// 4000, and at most a quarter of the IOPS. Smaller gp3 has 125.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[x_kube(validation = rules::throughput())]
    pub throughput: Option<i64>,

    /// The storage up to which RDS may grow by itself, in whole GiB, at least
    /// 110% of storage; as much as storage turns growth off. Without it nothing
    /// grows by itself in a new database.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "quantity")]
    #[x_kube(validation = rules::max_storage())]
    pub max_storage: Option<Quantity>,

    /// The version of PostgreSQL: a major such as `17`, or a minor such as
    /// `17.4`; by default RDS's. It can only go up, and to another major only
    /// with `allowMajorVersionUpgrade`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 32))]
    #[x_kube(validation = rules::engine_version())]
    pub engine_version: Option<String>,

    /// Whether engineVersion may name a later major than the one that runs.
    /// Such an upgrade cannot be undone. By default false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_major_version_upgrade: Option<bool>,

    /// Whether a standby runs in a second availability zone and takes over
    /// when the first fails.
    #[serde(rename = "multiAZ", skip_serializing_if = "Option::is_none")]
    pub multi_az: Option<bool>,

    /// The TCP port, 1150 to 65535; by default the platform's. A change
    /// restarts the database at once, and is not made while changes are left to
    /// the maintenance window.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[x_kube(validation = rules::port())]
    pub port: Option<i64>,

    /// Automated backups. They can change at any time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backup: Option<Backup>,

    /// When RDS may do maintenance, in UTC: `ddd:hh:mm-ddd:hh:mm`, such as
    /// `sun:05:00-sun:05:30`, 30 minutes to less than a day, apart from the backup
    /// window. By default the platform's.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 32))]
    #[x_kube(validation = rules::maintenance_window())]
    pub maintenance_window: Option<String>,

    /// Whether RDS moves to new minor versions by itself, in the maintenance
    /// window. By default true; it can change at any time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auto_minor_version_upgrade: Option<bool>,

    /// When changes are made: Immediately, or in the next `MaintenanceWindow`. By
    /// default at once, but for what waits at RDS already, which Immediately makes
    /// too. It can change at any time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "choices::apply_changes")]
    pub apply_changes: Option<ApplyChanges>,

    /// The DB parameter group, which must exist; by default RDS's for the
    /// version. Another takes effect with the next restart.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 255))]
    #[x_kube(validation = rules::parameter_group())]
    pub parameter_group: Option<String>,

    /// Where the database stands, and who can reach it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<Network>,

    /// How the database is encrypted. It cannot change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encryption: Option<Encryption>,

    /// Whether AWS's identities can connect with a token in place of a
    /// password. By default false; it can change at any time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iam_authentication: Option<bool>,

    /// What is measured and logged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub monitoring: Option<Monitoring>,

    /// Whether a version past its end of life is kept, which AWS charges for.
    /// By default false: RDS then upgrades it by itself. It can change.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extended_support: Option<bool>,

    /// Tags for the RDS instance, besides those that Stow sets: at most 43,
    /// with keys of 1 to 128 and values of up to 256 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "tags")]
    #[x_kube(validation = rules::tag_keys())]
    #[x_kube(validation = rules::tag_prefixes())]
    #[x_kube(validation = rules::tag_keys_of_2017())]
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

    /// What becomes of the database when this object is deleted: Snapshot (it
    /// goes after a final snapshot; the default), Retain (it stays), or Delete
    /// (it goes with its backups). It can change at any time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "choices::deletion_policy")]
    pub deletion_policy: Option<DeletionPolicy>,

    /// Whether AWS refuses to delete the database until this is false again.
    /// By default false; it can change at any time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deletion_protection: Option<bool>,

    /// What the database starts from, if not empty; the platform has to allow
    /// it. It cannot change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restore_from: Option<RestoreFrom>,

    /// An RDS instance that exists, to take over; the platform has to allow it.
    /// It cannot change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adopt: Option<Adopt>,

    /// The Secret that an application connects with; by default it has the
    /// object's name. A Secret that serves something else is never written.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253))]
    #[x_kube(validation = rules::secret_name())]
    pub secret_name: Option<String>,
}

/// Text alone, where the schema of `Quantity` would also allow numbers.
fn quantity(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "maxLength": 32 })
}

/// The bounds are also what keeps the cost of the rules on keys within budget.
fn tags(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "object",
        "maxProperties": limits::MOST_TAGS,
        "additionalProperties": { "type": "string", "maxLength": 256 },
    })
}
