//! How each field of the hub is said in the spoke: the table that conversion
//! follows, and the one place that a new field changes.
//!
//! Nothing here may know annotations. What a field's two directions lose
//! between them is noticed, and remembered, by `up` and `down`.

mod hub_only;
mod values;

use std::sync::LazyLock;

use serde_json::Value;

use self::values::{
    is_text_list, is_text_map, number_of_quantity, quantity_of_number, same_boolean, same_text,
    text_entries, whole_number,
};
use super::Object;
use crate::limits::Volume;
use crate::v1beta1::{self, StorageType};

/// A type check, of a value that is to stand in the hub.
type Check = fn(&Value) -> bool;

/// What conversion does with a field of the hub.
pub(super) enum Decision {
    /// It has a counterpart in the spoke.
    Paired(Pair),
    /// The spoke says it only by the presence of `iops`.
    StorageType,
    /// The spoke cannot say it.
    HubOnly(HubOnly),
}

/// A field that the spoke cannot say.
pub(super) struct HubOnly {
    /// Where it stands in the hub's spec: names, with a dot between them.
    pub(super) path: &'static str,
    /// What it holds.
    pub(super) shape: Shape,
}

/// What a field that the spoke cannot say holds.
pub(super) enum Shape {
    /// A value that is kept as a whole, with the check of its type. Lists are
    /// such values.
    Leaf(Check),
    /// Fields, each kept for itself. Only an empty group is kept as one.
    Group(&'static [HubOnly]),
}

/// A field that both sides have.
pub(super) struct Pair {
    /// Its name in the hub.
    pub(super) hub: &'static str,
    /// Its name in the spoke.
    pub(super) spoke: &'static str,
    /// Whether a value has the type that the field has in the hub.
    pub(super) typed: Check,
    /// What the hub shows of the spoke's value; nothing where it cannot.
    pub(super) up: fn(&Value) -> Option<Value>,
    /// What the spoke shows of the hub's value; nothing where it cannot.
    pub(super) down: fn(&Value) -> Option<Value>,
    /// Whether the spoke's value means something, all of it.
    pub(super) usable: Check,
    /// What to write in the spoke, for a person.
    pub(super) write: &'static str,
}

/// The storage type, which has no field in the spoke.
pub(super) const STORAGE_TYPE: &str = "storageType";

/// Declares the fields of a group, and takes it apart like the spec below.
macro_rules! group {
    ($name:ident of $group:ident { $($field:ident: $member:expr,)+ }) => {
        const $name: &[HubOnly] = &[$($member),+];

        const _: fn(v1beta1::$group) = |group| {
            let v1beta1::$group { $($field: _),+ } = group;
        };
    };
}

const fn leaf(path: &'static str, typed: Check) -> HubOnly {
    HubOnly {
        path,
        shape: Shape::Leaf(typed),
    }
}

const fn fields(path: &'static str, members: &'static [HubOnly]) -> HubOnly {
    HubOnly {
        path,
        shape: Shape::Group(members),
    }
}

group! {
    BACKUP of Backup {
        retention_days: leaf("backup.retentionDays", Value::is_i64),
        window: leaf("backup.window", Value::is_string),
    }
}

group! {
    NETWORK of Network {
        subnet_group: leaf("network.subnetGroup", Value::is_string),
        security_groups: leaf("network.securityGroups", is_text_list),
        publicly_accessible: leaf("network.publiclyAccessible", Value::is_boolean),
    }
}

group! {
    ENCRYPTION of Encryption {
        enabled: leaf("encryption.enabled", Value::is_boolean),
        kms_key: leaf("encryption.kmsKey", Value::is_string),
    }
}

group! {
    MONITORING of Monitoring {
        performance_insights: leaf("monitoring.performanceInsights", Value::is_boolean),
        enhanced_interval: leaf("monitoring.enhancedInterval", Value::is_i64),
        log_exports: leaf("monitoring.logExports", is_text_list),
    }
}

group! {
    POINT_IN_TIME of PointInTime {
        object: leaf("restoreFrom.pointInTime.object", Value::is_string),
        time: leaf("restoreFrom.pointInTime.time", Value::is_string),
    }
}

group! {
    RESTORE_FROM of RestoreFrom {
        snapshot: leaf("restoreFrom.snapshot", Value::is_string),
        point_in_time: fields("restoreFrom.pointInTime", POINT_IN_TIME),
    }
}

group! {
    ADOPT of Adopt {
        identifier: leaf("adopt.identifier", Value::is_string),
    }
}

/// Declares the table, and takes the spec apart field by field: a field of the
/// hub that has no decision does not compile.
macro_rules! decide {
    ($($field:ident: $decision:expr,)+) => {
        pub(super) const DECISIONS: &[Decision] = &[$($decision),+];

        const _: fn(v1beta1::PostgresDBSpec) = |spec| {
            let v1beta1::PostgresDBSpec { $($field: _),+ } = spec;
        };
    };
}

decide! {
    size: Decision::Paired(Pair {
        hub: "size",
        spoke: "size",
        typed: Value::is_string,
        up: same_text,
        down: same_text,
        usable: Value::is_string,
        write: "an instance class, such as \"db.t3.small\"",
    }),
    storage: Decision::Paired(Pair {
        hub: "storage",
        spoke: "storage",
        typed: Value::is_string,
        up: quantity_of_number,
        down: number_of_quantity,
        usable: |value| quantity_of_number(value).is_some(),
        write: "a whole number of GiB, such as \"10\"",
    }),
    storage_type: Decision::StorageType,
    iops: Decision::Paired(Pair {
        hub: "iops",
        spoke: "iops",
        typed: Value::is_i64,
        up: whole_number,
        down: |value| value.is_i64().then(|| value.clone()),
        usable: |value| whole_number(value).is_some(),
        write: "a whole number, such as 1000",
    }),
    multi_az: Decision::Paired(Pair {
        hub: "multiAZ",
        spoke: "ha",
        typed: Value::is_boolean,
        up: same_boolean,
        down: same_boolean,
        usable: Value::is_boolean,
        write: "true or false",
    }),
    tags: Decision::Paired(Pair {
        hub: "tags",
        spoke: "tags",
        typed: is_text_map,
        up: text_entries,
        down: text_entries,
        usable: is_text_map,
        write: "a map of texts, with numbers in quotes",
    }),
    throughput: Decision::HubOnly(leaf("throughput", Value::is_i64)),
    max_storage: Decision::HubOnly(leaf("maxStorage", Value::is_string)),
    engine_version: Decision::HubOnly(leaf("engineVersion", Value::is_string)),
    allow_major_version_upgrade: Decision::HubOnly(leaf("allowMajorVersionUpgrade", Value::is_boolean)),
    port: Decision::HubOnly(leaf("port", Value::is_i64)),
    backup: Decision::HubOnly(fields("backup", BACKUP)),
    maintenance_window: Decision::HubOnly(leaf("maintenanceWindow", Value::is_string)),
    auto_minor_version_upgrade: Decision::HubOnly(leaf("autoMinorVersionUpgrade", Value::is_boolean)),
    apply_changes: Decision::HubOnly(leaf("applyChanges", Value::is_string)),
    parameter_group: Decision::HubOnly(leaf("parameterGroup", Value::is_string)),
    network: Decision::HubOnly(fields("network", NETWORK)),
    encryption: Decision::HubOnly(fields("encryption", ENCRYPTION)),
    iam_authentication: Decision::HubOnly(leaf("iamAuthentication", Value::is_boolean)),
    monitoring: Decision::HubOnly(fields("monitoring", MONITORING)),
    extended_support: Decision::HubOnly(leaf("extendedSupport", Value::is_boolean)),
    database_name: Decision::HubOnly(leaf("databaseName", Value::is_string)),
    master_username: Decision::HubOnly(leaf("masterUsername", Value::is_string)),
    deletion_policy: Decision::HubOnly(leaf("deletionPolicy", Value::is_string)),
    deletion_protection: Decision::HubOnly(leaf("deletionProtection", Value::is_boolean)),
    restore_from: Decision::HubOnly(fields("restoreFrom", RESTORE_FROM)),
    adopt: Decision::HubOnly(fields("adopt", ADOPT)),
    secret_name: Decision::HubOnly(leaf("secretName", Value::is_string)),
}

/// The fields that both sides have.
pub(super) fn pairs() -> impl Iterator<Item = &'static Pair> {
    DECISIONS.iter().filter_map(|decision| match decision {
        Decision::Paired(pair) => Some(pair),
        Decision::StorageType | Decision::HubOnly(_) => None,
    })
}

/// The fields that the spoke cannot say, a group before its members.
pub(super) fn hub_only() -> impl Iterator<Item = &'static HubOnly> {
    fn add(field: &'static HubOnly, all: &mut Vec<&'static HubOnly>) {
        all.push(field);
        if let Shape::Group(members) = field.shape {
            for member in members {
                add(member, all);
            }
        }
    }
    // Walked for every object, and the same each time.
    static ALL: LazyLock<Vec<&HubOnly>> = LazyLock::new(|| {
        let mut all = Vec::new();
        for decision in DECISIONS {
            if let Decision::HubOnly(field) = decision {
                add(field, &mut all);
            }
        }
        all
    });
    ALL.iter().copied()
}

/// A hub's spec with what has its type; `None` where it is no object. A field
/// that the hub does not have goes too, as the API server prunes it.
pub(super) fn typed_spec(spec: Value) -> Option<Object> {
    let Value::Object(mut spec) = spec else {
        return None;
    };
    spec.retain(|name, value| {
        DECISIONS.iter().any(|decision| match decision {
            Decision::Paired(pair) => pair.hub == name && (pair.typed)(value),
            Decision::StorageType => STORAGE_TYPE == name && value.is_string(),
            Decision::HubOnly(field) => field.name() == name && field.clean(value),
        })
    });
    Some(spec)
}

/// The storage type that a spoke's spec implies. Nothing is derived from a
/// partial object, or from IOPS that mean nothing.
pub(super) fn derived_storage_type(spoke: &Object) -> Option<Value> {
    if has_iops(spoke) {
        let usable = spoke.get("iops").and_then(whole_number).is_some();
        return usable.then(|| "io1".into());
    }
    let usable = spoke.get("storage").and_then(quantity_of_number).is_some();
    usable.then(|| "gp2".into())
}

/// Whether a value names a storage type that can do without IOPS.
pub(super) fn stands_without_iops(value: &Value) -> bool {
    value.as_str().is_some_and(|name| {
        let named = StorageType::ALL
            .into_iter()
            .find(|kind| kind.as_str() == name);
        named.is_some_and(|kind| !Volume::need_iops(kind))
    })
}

/// Whether a spoke's spec states IOPS. A null states nothing.
pub(super) fn has_iops(spoke: &Object) -> bool {
    spoke.get("iops").is_some_and(|value| !value.is_null())
}
