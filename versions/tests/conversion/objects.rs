//! What the properties know of objects, said a second time and without the
//! code under test.

use serde_json::{Map, Value, json};
use stow_versions::convert::convert;

pub(crate) const HUB: &str = "myob.com/v1beta1";
pub(crate) const SPOKE: &str = "myob.com/v1alpha1";

/// What a field of the hub holds.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    Text,
    Number,
    Truth,
    TextMap,
    TextList,
    Group(&'static [(&'static str, Kind)]),
}

use Kind::{Group, Number, Text, TextList, TextMap, Truth};

pub(crate) const HUB_FIELDS: [(&str, Kind); 28] = [
    ("size", Text),
    ("storage", Text),
    ("storageType", Text),
    ("iops", Number),
    ("throughput", Number),
    ("maxStorage", Text),
    ("engineVersion", Text),
    ("allowMajorVersionUpgrade", Truth),
    ("multiAZ", Truth),
    ("port", Number),
    (
        "backup",
        Group(&[("retentionDays", Number), ("window", Text)]),
    ),
    ("maintenanceWindow", Text),
    ("autoMinorVersionUpgrade", Truth),
    ("applyChanges", Text),
    ("parameterGroup", Text),
    (
        "network",
        Group(&[
            ("subnetGroup", Text),
            ("securityGroups", TextList),
            ("publiclyAccessible", Truth),
        ]),
    ),
    ("encryption", Group(&[("enabled", Truth), ("kmsKey", Text)])),
    ("iamAuthentication", Truth),
    (
        "monitoring",
        Group(&[
            ("performanceInsights", Truth),
            ("enhancedInterval", Number),
            ("logExports", TextList),
        ]),
    ),
    ("extendedSupport", Truth),
    ("tags", TextMap),
    ("databaseName", Text),
    ("masterUsername", Text),
    ("deletionPolicy", Text),
    ("deletionProtection", Truth),
    (
        "restoreFrom",
        Group(&[
            ("snapshot", Text),
            ("pointInTime", Group(&[("object", Text), ("time", Text)])),
        ]),
    ),
    ("adopt", Group(&[("identifier", Text)])),
    ("secretName", Text),
];
pub(crate) const SPOKE_FIELDS: [&str; 5] = ["size", "storage", "iops", "ha", "tags"];

/// The hub's view of an object.
pub(crate) fn up(object: &Value) -> Value {
    convert(object.clone(), HUB).expect("an object of the kind converts")
}

/// The spoke's view of an object.
pub(crate) fn down(object: &Value) -> Value {
    convert(object.clone(), SPOKE).expect("an object of the kind converts")
}

/// The paths of fields, groups included.
fn paths(fields: &[(&str, Kind)]) -> Vec<String> {
    let mut all = Vec::new();
    for (name, kind) in fields {
        all.push((*name).to_owned());
        if let Group(members) = kind {
            all.extend(paths(members).iter().map(|path| format!("{name}.{path}")));
        }
    }
    all
}

/// Every annotation that conversion may read or write.
pub(crate) fn own_annotations() -> Vec<String> {
    let hub = paths(&HUB_FIELDS);
    let hub = hub.iter().map(|path| format!("hub.stow.myob.com/{path}"));
    let spoke = SPOKE_FIELDS.map(|name| format!("spoke.stow.myob.com/{name}"));
    let mut names: Vec<_> = hub.chain(spoke).collect();
    names.push("spoke.stow.myob.com/spec".to_owned());
    names
}

pub(crate) fn without_own_annotations(mut object: Value) -> Value {
    if let Some(Value::Object(annotations)) = object.pointer_mut("/metadata/annotations") {
        for name in own_annotations() {
            annotations.remove(&name);
        }
    }
    object
}

/// All that conversion has no business with. No annotations are the same as
/// empty ones, and metadata is there even if it was not.
pub(crate) fn foreign(object: &Value) -> Value {
    let mut object = without_own_annotations(object.clone());
    let fields = object.as_object_mut().expect("an object");
    fields.remove("apiVersion");
    fields.remove("spec");
    let metadata = fields.entry("metadata").or_insert(Value::Null);
    if metadata.is_null() {
        *metadata = json!({});
    }
    if let Some(metadata) = metadata.as_object_mut() {
        let empty = |value: &Value| value.is_null() || value == &json!({});
        if metadata.get("annotations").is_some_and(empty) {
            metadata.remove("annotations");
        }
    }
    object
}

/// A hub's spec without what does not have its type; nothing where it is no
/// object.
pub(crate) fn clean_hub_spec(object: &Value) -> Option<Value> {
    cleaned(object.get("spec")?, Group(&HUB_FIELDS))
}

/// A value, if it has its type; a group without the members that do not.
fn cleaned(value: &Value, kind: Kind) -> Option<Value> {
    let has_type = match kind {
        Text => value.is_string(),
        Number => value.as_i64().is_some(),
        Truth => value.is_boolean(),
        TextMap => is_text_map(value),
        TextList => value
            .as_array()
            .is_some_and(|items| items.iter().all(Value::is_string)),
        Group(members) => {
            let fields = value.as_object()?.iter();
            let clean = fields.filter_map(|(name, value)| {
                let (_, kind) = members.iter().find(|(member, _)| member == name)?;
                Some((name.clone(), cleaned(value, *kind)?))
            });
            return Some(Value::Object(clean.collect()));
        }
    };
    has_type.then(|| value.clone())
}

/// A spoke's spec without unknown fields, which the API server prunes.
pub(crate) fn known_spoke_spec(object: &Value) -> Option<Value> {
    let mut spec = object.get("spec").filter(|spec| !spec.is_null())?.clone();
    if let Value::Object(fields) = &mut spec {
        fields.retain(|name, _| SPOKE_FIELDS.contains(&name.as_str()));
    }
    Some(spec)
}

fn is_text_map(value: &Value) -> bool {
    let fields = value.as_object();
    fields.is_some_and(|fields| fields.values().all(Value::is_string))
}

/// A whole number of at least zero, or its digits.
fn number(value: &Value) -> Option<u64> {
    let text = value
        .as_str()
        .filter(|text| text.chars().all(|c| c.is_ascii_digit()));
    value.as_u64().or_else(|| text?.parse().ok())
}

fn is_storage(value: &Value) -> bool {
    number(value).is_some_and(|number| number < 1 << 31)
}

fn is_iops(value: &Value) -> bool {
    value.as_i64().is_some() || number(value).is_some_and(|number| number < 1 << 63)
}

/// What a spoke's spec holds that means nothing, in the order of its fields.
pub(crate) fn meaningless(spoke: &Value) -> Vec<(&'static str, String)> {
    let spec = match spoke.get("spec") {
        None | Some(Value::Null) => return Vec::new(),
        Some(Value::Object(spec)) => spec,
        Some(stray) => return vec![("spec", stray.to_string())],
    };
    let means = |name: &str, value: &Value| match name {
        "size" => value.is_string(),
        "storage" => is_storage(value),
        "iops" => is_iops(value),
        "ha" => value.is_boolean(),
        _ => is_text_map(value),
    };
    let values = SPOKE_FIELDS.map(|name| (name, spec.get(name)));
    let bad = values
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)));
    bad.filter(|(name, value)| !value.is_null() && !means(name, value))
        .map(|(name, value)| (name, value.to_string()))
        .collect()
}

pub(crate) fn has_iops(spoke: &Value) -> bool {
    spoke
        .pointer("/spec/iops")
        .is_some_and(|iops| !iops.is_null())
}

/// The storage type that a spoke implies.
pub(crate) fn derived(spoke: &Value) -> Option<Value> {
    match (spoke.pointer("/spec/iops"), spoke.pointer("/spec/storage")) {
        (Some(iops), _) if is_iops(iops) => Some("io1".into()),
        (None | Some(Value::Null), Some(storage)) if is_storage(storage) => Some("gp2".into()),
        _ => None,
    }
}

/// Sets a field of the spec, or takes it out, and leaves all else.
pub(crate) fn edit(object: &mut Value, field: &str, value: Option<Value>) {
    let object = object.as_object_mut().expect("an object");
    let spec = object.entry("spec").or_insert_with(|| json!({}));
    if !spec.is_object() {
        *spec = Value::Object(Map::new());
    }
    let spec = spec.as_object_mut().expect("just made one");
    match value {
        Some(value) => spec.insert(field.to_owned(), value),
        None => spec.remove(field),
    };
}
