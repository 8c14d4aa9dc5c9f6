//! A `PostgresDB` and a Secret as the operator reads them.
//!
//! Nothing here may refuse an object: one that cannot be read would blind the
//! operator to all of them.

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde::de::{Error as _, IgnoredAny};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};
use stow_versions::status::PostgresDBStatus;
use stow_versions::{FINALIZER, v1beta1};

use crate::plan::{HeldSecret, Subject};

/// A `PostgresDB` of the hub version whose spec may be anything: validation
/// turns what is wrong with it into a condition.
#[derive(Clone, Debug, Serialize, Deserialize, kube::Resource)]
#[resource(inherit = v1beta1::PostgresDB)]
pub struct PostgresDB {
    /// Name, uid, finalizers; without managed fields.
    #[serde(deserialize_with = "without_managed_fields")]
    pub metadata: ObjectMeta,
    /// The spec as it is stored.
    #[serde(default)]
    pub spec: Value,
    /// The last status that was written, as far as it can be read.
    #[serde(default, deserialize_with = "or_default")]
    pub status: PostgresDBStatus,
}

/// Nobody reads managed fields here, and they can be nested deeper than a tree may
/// be: they repeat the names of a spec that nothing limited in 2017.
fn without_managed_fields<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<ObjectMeta, D::Error> {
    #[derive(Deserialize)]
    struct Metadata {
        #[serde(rename = "managedFields", default)]
        _managed_fields: IgnoredAny,
        #[serde(flatten)]
        rest: Map<String, Value>,
    }

    let Metadata { rest, .. } = Metadata::deserialize(deserializer)?;
    ObjectMeta::deserialize(Value::Object(rest)).map_err(D::Error::custom)
}

/// What can be read of a status: one field of another type, such as an older
/// release wrote, takes no other along.
fn or_default<'de, D: Deserializer<'de>>(deserializer: D) -> Result<PostgresDBStatus, D::Error> {
    let status = Value::deserialize(deserializer)?;
    if let Ok(status) = PostgresDBStatus::deserialize(&status) {
        return Ok(status);
    }
    let Value::Object(mut fields) = status else {
        return Ok(PostgresDBStatus::default());
    };
    fields.retain(|name, value| {
        let alone = Map::from_iter([(name.clone(), value.clone())]);
        PostgresDBStatus::deserialize(&Value::Object(alone)).is_ok()
    });
    Ok(PostgresDBStatus::deserialize(&Value::Object(fields)).unwrap_or_default())
}

/// An object as far as it counts for another one of its namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Neighbour {
    /// What objects are ordered by: when it was made, and its uid.
    pub age: (Option<Timestamp>, String),
    /// Whether it has a database.
    pub holds: bool,
}

impl PostgresDB {
    /// When it was made, and its uid: no two objects have the same, and neither
    /// is a tenant's to write.
    pub fn age(&self) -> (Option<Timestamp>, String) {
        let created = self.metadata.creation_timestamp.as_ref();
        let uid = self.metadata.uid.clone().unwrap_or_default();
        (created.map(|time| time.0), uid)
    }

    /// How it counts for its neighbours.
    pub fn as_neighbour(&self) -> Neighbour {
        Neighbour {
            age: self.age(),
            holds: self.status.id.is_some(),
        }
    }

    /// Whether it carries Stow's finalizer.
    pub fn has_finalizer(&self) -> bool {
        self.metadata
            .finalizers
            .iter()
            .flatten()
            .any(|finalizer| finalizer == FINALIZER)
    }
}

/// The subject of an object's plans; an object that the API server has
/// accepted always has all of it.
pub fn subject_of(cluster: &str, object: &PostgresDB) -> Option<Subject> {
    Some(Subject {
        cluster: cluster.to_owned(),
        namespace: object.metadata.namespace.clone()?,
        name: object.metadata.name.clone()?,
        uid: object.metadata.uid.clone()?,
    })
}

/// A Secret as it was read, not judged yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretRead {
    /// There is none.
    Missing,
    /// It is there.
    Found {
        /// Its content.
        held: HeldSecret,
        /// Whether it carries Stow's label.
        labelled: bool,
        /// The uids of its owners.
        owners: Vec<String>,
        /// `type`.
        kind: String,
    },
}

/// Whether a text can be the name of a Secret: a DNS-1123 subdomain.
pub fn is_secret_name(text: &str) -> bool {
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let label = |label: &str| {
        label.starts_with(inner)
            && label.ends_with(inner)
            && label.chars().all(|c| inner(c) || c == '-')
    };
    text.len() <= 253 && text.split('.').all(label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_secrets_lead_nowhere_else() {
        for name in ["orders", "orders-db", "0.a", "a.b-c.d"] {
            assert!(is_secret_name(name), "{name}");
        }
        let long = "a".repeat(254);
        for name in [
            "",
            ".",
            "..",
            "a/b",
            "../../other/secrets/a",
            "a?b",
            "Orders",
            "a_b",
            "-a",
            "a-",
            "a..b",
            "a%2Fb",
            "ä",
            &long,
        ] {
            assert!(!is_secret_name(name), "{name}");
        }
    }

    #[test]
    fn what_of_a_status_cannot_be_read_takes_nothing_along() {
        let object: PostgresDB = serde_json::from_value(serde_json::json!({
            "apiVersion": "myob.com/v1beta1", "kind": "PostgresDB", "metadata": {},
            "status": {
                "ready": true, "endpoint": "host:5432", "arn": "arn:aws:rds:1",
                "inherited": {"size": "db.t3.small"},
            },
        }))
        .unwrap();
        let status = object.status;
        assert_eq!((status.ready, status.endpoint), (None, None));
        assert_eq!(status.arn.as_deref(), Some("arn:aws:rds:1"));
        assert_eq!(status.inherited.unwrap_or_default()["size"], "db.t3.small");
        for odd in [serde_json::json!("text"), serde_json::json!(null)] {
            let status = or_default(odd).unwrap();
            assert_eq!(status, PostgresDBStatus::default());
        }
    }

    #[test]
    fn managed_fields_of_any_depth_are_passed_over() {
        let depth = 100_000;
        let fields = format!("{}{{}}{}", r#"{"f:a":"#.repeat(depth), "}".repeat(depth));
        let text = format!(
            r#"{{"apiVersion":"myob.com/v1beta1","kind":"PostgresDB","metadata":{{"managedFields":
            [{{"manager":"kubectl","fieldsV1":{fields}}}],"name":"a","uid":"u","finalizers":["f"],
            "creationTimestamp":"2017-11-01T00:00:00Z"}},"spec":{{}}}}"#
        );
        let object: PostgresDB = serde_json::from_str(&text).unwrap();
        let metadata = object.metadata;
        assert_eq!(metadata.name.as_deref(), Some("a"));
        assert_eq!(metadata.finalizers, Some(vec!["f".to_owned()]));
        assert!(metadata.creation_timestamp.is_some() && metadata.managed_fields.is_none());
    }
}
