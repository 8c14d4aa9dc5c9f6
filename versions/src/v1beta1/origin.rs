//! The fields of v1beta1 that say where a database comes from, if it is not a
//! new one.
//!
//! Nothing here may grant anything: whether an object may restore or adopt is
//! for the platform, and for the operator to check.

use kube::KubeSchema;
use serde::{Deserialize, Serialize};

use super::rules;

/// What the database starts from: a snapshot, or another database's past.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = rules::one_source())]
#[x_kube(validation = rules::restore_never_changes())]
pub struct RestoreFrom {
    /// The identifier of the DB snapshot, 1 to 255 characters. It cannot change.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 255))]
    #[x_kube(validation = rules::snapshot())]
    pub snapshot: Option<String>,

    /// Another database as it was at some time. It cannot change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub point_in_time: Option<PointInTime>,
}

/// A database at a time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = rules::point_in_time_needs_an_object())]
pub struct PointInTime {
    /// The name of the `PostgresDB`, in the same namespace. It cannot change.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253))]
    #[x_kube(validation = rules::object_name())]
    pub object: Option<String>,

    /// The time in UTC, such as `2026-11-22T09:30:00Z`; left out, the latest
    /// that can be restored. It cannot change.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 20))]
    #[x_kube(validation = rules::restore_time())]
    pub time: Option<String>,
}

/// An RDS instance that exists, for this object to take over.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = rules::adopt_needs_an_identifier())]
pub struct Adopt {
    /// The identifier of the RDS instance, 1 to 63 letters, digits and hyphens.
    /// It cannot change.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 63))]
    #[x_kube(validation = rules::adopt_identifier())]
    #[x_kube(validation = rules::immutable("adopt.identifier"))]
    pub identifier: Option<String>,
}
