//! v1alpha1: the API of 2017, served and deprecated.
//!
//! Nothing here may state a type. Objects of 2017 were stored without a schema,
//! and a typed field that holds a wrong type refuses every server-side apply,
//! through either version. So the fields are untyped: their bounds, and a policy
//! on their types, refuse new garbage; an unchanged value is not judged again.

#![expect(
    unreachable_pub,
    reason = "KubeSchema copies each struct, its visibility included, into a function"
)]

use kube::{CustomResource, KubeSchema};
use schemars::{Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::limits::MOST_TAGS;
use crate::status::PostgresDBStatus;

/// What the database should be, as it was said in 2017. v1beta1 says it better:
/// `kubectl explain postgresdb.spec`.
#[derive(CustomResource, KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[kube(
    group = "myob.com",
    version = "v1alpha1",
    kind = "PostgresDB",
    plural = "postgresdbs",
    singular = "postgresdb",
    shortname = "pgdb",
    doc = "A PostgreSQL database on Amazon RDS, in the API of 2017. Use myob.com/v1beta1.",
    namespaced,
    status = "PostgresDBStatus",
    derive = "Default",
    derive = "PartialEq",
    storage = false,
    deprecated = "myob.com/v1alpha1 PostgresDB is deprecated: use myob.com/v1beta1, with \
                  storage: 10Gi for \"10\", multiAZ for ha, and storageType: io1 beside iops"
)]
pub struct PostgresDBSpec {
    /// Text: the instance class, such as `db.t2.small`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "size")]
    pub size: Option<Value>,

    /// A number, or its text: the storage in whole GiB, `10` or `"10"`. In
    /// v1beta1 it is `10Gi`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "whole_number")]
    pub storage: Option<Value>,

    /// A number, or its text: provisioned I/O operations a second. Where it is
    /// present the storage type is io1, else gp2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "whole_number")]
    pub iops: Option<Value>,

    /// True or false: whether a standby runs in a second availability zone. In
    /// v1beta1 it is `multiAZ`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "boolean")]
    pub ha: Option<Value>,

    /// A map of texts: tags for the RDS instance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "tags")]
    pub tags: Option<Value>,
}

// Each bound judges the type that it is about, and its message names it; what has
// a wrong type is refused by a policy, which can say what to write.

fn size(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "x-kubernetes-preserve-unknown-fields": true,
        "maxLength": 64,
        "pattern": r"^db\.[a-z0-9-]+\.[a-z0-9-]+$",
    })
}

fn whole_number(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "x-kubernetes-preserve-unknown-fields": true,
        "maxLength": 7,
        "pattern": "^[1-9][0-9]*$",
        "minimum": 1,
        "maximum": 9_999_999,
        "multipleOf": 1,
    })
}

fn boolean(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "x-kubernetes-preserve-unknown-fields": true,
        // This refuses a map, and without it the API server cannot tell that a
        // stored one is unchanged, judges it again, and refuses the object every
        // label and finalizer.
        "additionalProperties": { "x-kubernetes-preserve-unknown-fields": true },
        "enum": [true, false],
    })
}

fn tags(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "x-kubernetes-preserve-unknown-fields": true,
        "maxProperties": MOST_TAGS,
        "additionalProperties": {
            "x-kubernetes-preserve-unknown-fields": true,
            "maxLength": 256,
        },
    })
}
