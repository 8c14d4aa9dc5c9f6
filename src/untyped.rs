//! Objects of any version as an API server lists them, past every type: one that
//! cannot be read takes no other along.
//!
//! A tree of JSON ends at some depth, and managedFields can be deeper: they repeat
//! the names of a spec that nothing limited in 2017. Such an object is read as far
//! as it goes, so that it can be named.
//!
//! Nothing here may talk to a cluster, or judge an object.

mod applied;

pub(crate) use self::applied::{Applied, LAST_APPLIED};

use kube::core::Status;
use serde::de::{Error as _, IgnoredAny};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};
use stow_versions::{GROUP, HUB, PLURAL, SPOKE};

/// How many objects a page holds: kubectl's and the API server's own number.
pub(crate) const PAGE: u32 = 500;

/// v1alpha1, as an object names its version.
pub(crate) fn old() -> String {
    format!("{GROUP}/{SPOKE}")
}

/// v1beta1, as an object names its version.
pub(crate) fn new() -> String {
    format!("{GROUP}/{HUB}")
}

/// The URL of all objects, as a version shows them.
pub(crate) fn everywhere(version: &str) -> String {
    format!("/apis/{GROUP}/{version}/{PLURAL}")
}

/// The URL of the objects of a namespace, as a version shows them.
pub(crate) fn within(namespace: &str, version: &str) -> String {
    format!("/apis/{GROUP}/{version}/namespaces/{namespace}/{PLURAL}")
}

/// Whether an API server says of an object that it is not there, and not of a path.
pub(crate) fn is_gone(status: &Status) -> bool {
    let details = status.details.as_ref();
    status.code == 404 && details.is_some_and(|details| !details.name.is_empty())
}

/// A page of objects.
#[derive(Debug, Deserialize)]
pub(crate) struct Page {
    #[serde(default)]
    metadata: Mark,
    pub(crate) items: Vec<Untyped>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Mark {
    #[serde(default)]
    r#continue: Option<String>,
    #[serde(default)]
    remaining_item_count: Option<u64>,
}

impl Page {
    /// Where the next one begins; nothing after the last.
    pub(crate) fn next(&self) -> Option<String> {
        let token = self.metadata.r#continue.clone();
        token.filter(|token| !token.is_empty())
    }

    /// How many objects there are from this page on, as far as the API server says.
    pub(crate) fn left(&self) -> u64 {
        self.items.len() as u64 + self.metadata.remaining_item_count.unwrap_or_default()
    }
}

/// How much of an object could be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// All of it.
    Whole,
    /// All but managedFields, which are nested too deep.
    ButManagedFields,
    /// What it is called, and no more: elsewhere it is nested too deep.
    NameAlone,
}

/// An object of which nothing is known but that it is one.
#[derive(Clone, Debug)]
pub(crate) struct Untyped {
    /// As much as could be read.
    pub(crate) value: Value,
    pub(crate) extent: Extent,
}

impl Untyped {
    /// `namespace/name`, for people.
    pub(crate) fn label(&self) -> String {
        let (namespace, name) = (self.metadata("namespace"), self.metadata("name"));
        format!("{namespace}/{name}")
    }

    /// A text of its metadata; empty where there is none.
    pub(crate) fn metadata(&self, key: &str) -> &str {
        self.value["metadata"][key].as_str().unwrap_or_default()
    }

    /// Its entries of managedFields.
    pub(crate) fn entries(&self) -> impl Iterator<Item = &Value> {
        entries(&self.value)
    }
}

/// The entries of an object's managedFields.
pub(crate) fn entries(object: &Value) -> impl Iterator<Item = &Value> {
    let entries = object["metadata"]["managedFields"].as_array();
    entries.into_iter().flatten()
}

impl From<Value> for Untyped {
    fn from(value: Value) -> Self {
        let extent = Extent::Whole;
        Self { value, extent }
    }
}

impl<'de> Deserialize<'de> for Untyped {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // The text of a value is found without descending into it.
        let text = Box::<RawValue>::deserialize(deserializer)?;
        parse(text.get()).map_err(D::Error::custom)
    }
}

fn parse(text: &str) -> serde_json::Result<Untyped> {
    if let Ok(value) = serde_json::from_str::<Value>(text) {
        return Ok(value.into());
    }
    if let Ok(Shallow { metadata, mut rest }) = serde_json::from_str(text) {
        rest.insert("metadata".to_owned(), Value::Object(metadata.rest));
        return Ok(Untyped {
            value: Value::Object(rest),
            extent: Extent::ButManagedFields,
        });
    }
    let Names { metadata } = serde_json::from_str(text)?;
    Ok(Untyped {
        value: json!({"metadata": {
            "name": metadata.name,
            "namespace": metadata.namespace,
            "uid": metadata.uid,
            "resourceVersion": metadata.resource_version,
        }}),
        extent: Extent::NameAlone,
    })
}

/// An object without managedFields.
#[derive(Deserialize)]
struct Shallow {
    metadata: ShallowMetadata,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

#[derive(Deserialize)]
struct ShallowMetadata {
    #[serde(rename = "managedFields", default)]
    _managed_fields: IgnoredAny,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

/// What an object is called.
#[derive(Deserialize)]
struct Names {
    metadata: NamesOfMetadata,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NamesOfMetadata {
    name: String,
    #[serde(default)]
    namespace: Option<String>,
    #[serde(default)]
    uid: Option<String>,
    #[serde(default)]
    resource_version: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nested(depth: usize) -> String {
        format!("{}{{}}{}", r#"{"f:a":"#.repeat(depth), "}".repeat(depth))
    }

    fn object(name: &str, fields: &str, size: &str) -> String {
        format!(
            r#"{{"apiVersion":"myob.com/v1beta1","kind":"PostgresDB","metadata":{{"name":"{name}",
            "namespace":"shop","uid":"u","resourceVersion":"7","managedFields":[{{"manager":"git",
            "fieldsV1":{fields}}}]}},"spec":{{"size":{size}}}}}"#
        )
    }

    #[test]
    fn an_object_of_any_depth_is_named_and_takes_no_other_along() {
        for depth in [200, 100_000] {
            let deep = nested(depth);
            let items = [
                object("shallow", "{}", "1"),
                object("managed", &deep, "1"),
                object("spoilt", "{}", &deep),
            ];
            let text = format!(
                r#"{{"metadata":{{"continue":"next","remainingItemCount":4}},"items":[{}]}}"#,
                items.join(",")
            );
            let page: Page = serde_json::from_str(&text).unwrap();
            assert_eq!((page.next().as_deref(), page.left()), (Some("next"), 7));
            let seen: Vec<_> = page
                .items
                .iter()
                .map(|object| (object.label(), object.extent, object.value["spec"].clone()))
                .collect();
            let named = |name: &str| format!("shop/{name}");
            assert_eq!(
                seen,
                [
                    (named("shallow"), Extent::Whole, json!({"size": 1})),
                    (
                        named("managed"),
                        Extent::ButManagedFields,
                        json!({"size": 1})
                    ),
                    (named("spoilt"), Extent::NameAlone, Value::Null),
                ]
            );
            for object in &page.items {
                assert_eq!(object.metadata("uid"), "u");
                assert_eq!(object.metadata("resourceVersion"), "7");
            }
            assert_eq!(page.items[0].entries().count(), 1);
            assert_eq!(page.items[1].entries().count(), 0);
        }
    }
}
