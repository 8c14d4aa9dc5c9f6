//! Objects at random: such as the schemas allow, and such as they do not.

use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};

use crate::objects::{HUB, HUB_FIELDS, Kind, SPOKE, SPOKE_FIELDS, own_annotations};

fn one_of(values: Vec<Value>) -> BoxedStrategy<Value> {
    select(values).boxed()
}

fn text_map() -> BoxedStrategy<Value> {
    btree_map("[a-c]", "[a-c]{0,2}", 0..3)
        .prop_map(|map| json!(map))
        .boxed()
}

/// A value that the schema of the hub allows. The choice is small, so that
/// edits and forged memories meet what is there.
pub(crate) fn hub_value(name: &str) -> BoxedStrategy<Value> {
    match name {
        "size" => one_of(vec!["db.t2.small".into(), "db.m6g.large".into()]),
        "storage" => select(vec!["10Gi", "20Gi", "1024Gi", "1Ti"])
            .prop_map(Value::from)
            .boxed(),
        "storageType" => select(vec!["gp2", "gp3", "io1", "io2"])
            .prop_map(Value::from)
            .boxed(),
        "iops" => one_of(vec![json!(1000), json!(3000)]),
        name => of_kind(kind(name)),
    }
}

fn kind(name: &str) -> Kind {
    let field = HUB_FIELDS.iter().find(|(known, _)| *known == name);
    field.expect("a field of the hub").1
}

/// A value of a type; a group with each member or not.
fn of_kind(kind: Kind) -> BoxedStrategy<Value> {
    match kind {
        Kind::Text => "[a-z]{1,4}".prop_map(Value::from).boxed(),
        Kind::Number => (0_i64..9).prop_map(Value::from).boxed(),
        Kind::Truth => any::<bool>().prop_map(Value::from).boxed(),
        Kind::TextMap => text_map(),
        Kind::TextList => vec("[a-c]", 0..3).prop_map(Value::from).boxed(),
        Kind::Group(members) => group(members, of_kind),
    }
}

/// A value of a type, or none; a group may also hold what it should not.
fn of_no_kind(kind: Kind) -> BoxedStrategy<Value> {
    let right = match kind {
        Kind::Group(members) => {
            let unknown = option::weighted(0.1, garbage());
            (group(members, of_no_kind), unknown)
                .prop_map(|(mut group, unknown)| {
                    if let (Value::Object(fields), Some(unknown)) = (&mut group, unknown) {
                        fields.insert("futureField".to_owned(), unknown);
                    }
                    group
                })
                .boxed()
        }
        kind => of_kind(kind),
    };
    prop_oneof![4 => right, 1 => garbage(), 1 => json()].boxed()
}

/// A group that has each member or not, so that it is empty at times.
fn group(
    members: &'static [(&'static str, Kind)],
    value: fn(Kind) -> BoxedStrategy<Value>,
) -> BoxedStrategy<Value> {
    let values: Vec<_> = members
        .iter()
        .map(|(_, kind)| option::weighted(0.5, value(*kind)))
        .collect();
    values
        .prop_map(|values| {
            let fields = members.iter().zip(values);
            let present =
                fields.filter_map(|((name, _), value)| Some(((*name).to_owned(), value?)));
            Value::Object(present.collect())
        })
        .boxed()
}

/// A value that the schema of the spoke allows.
pub(crate) fn spoke_value(name: &str) -> BoxedStrategy<Value> {
    match name {
        "storage" => one_of(vec![
            json!(10),
            json!("10"),
            json!("20"),
            json!(1024),
            json!("1024"),
        ]),
        "iops" => one_of(vec![
            json!(1000),
            json!("1000"),
            json!(3000),
            json!("03000"),
        ]),
        "ha" => any::<bool>().prop_map(Value::from).boxed(),
        name => hub_value(name),
    }
}

/// Values that stand where they should not.
fn garbage() -> BoxedStrategy<Value> {
    one_of(vec![
        Value::Null,
        json!(5),
        json!(-1),
        json!(0),
        json!(10.5),
        json!(10.0),
        json!(1e300),
        json!(-0.0),
        json!(u64::MAX),
        json!(i64::MIN),
        json!(i64::from(i32::MAX) + 1),
        json!("ten"),
        json!(""),
        json!("010"),
        json!("+10"),
        json!("-10"),
        json!(" 10"),
        json!("1e3"),
        json!("10Gi"),
        json!("1.5Gi"),
        json!("99999999999999999999"),
        json!("١٠"),
        json!("\u{0}\"\\\n"),
        json!(true),
        json!([]),
        json!({}),
        json!({"a": "b", "c": 5}),
        json!({"a": {"b": [null]}}),
    ])
}

/// Any JSON at all.
pub(crate) fn json() -> BoxedStrategy<Value> {
    let leaf = prop_oneof![
        garbage(),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,6}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        let names = prop_oneof![
            Just("metadata".to_owned()),
            Just("annotations".to_owned()),
            Just("spec".to_owned()),
            "[a-z]{0,3}",
        ];
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            btree_map(names, inner, 0..4).prop_map(|map| json!(map)),
        ]
    })
    .boxed()
}

fn hub_names() -> Vec<&'static str> {
    HUB_FIELDS.map(|(name, _)| name).to_vec()
}

/// A spec that has each field or not.
fn spec(names: Vec<&'static str>, value: fn(&str) -> BoxedStrategy<Value>) -> BoxedStrategy<Value> {
    let fields: Vec<_> = names
        .iter()
        .map(|name| option::weighted(0.6, value(name)))
        .collect();
    fields
        .prop_map(move |values| {
            let fields = names.iter().zip(values);
            let present = fields.filter_map(|(name, value)| Some(((*name).to_owned(), value?)));
            Value::Object(present.collect())
        })
        .boxed()
}

fn metadata() -> BoxedStrategy<Value> {
    one_of(vec![
        json!({"name": "orders"}),
        json!({"name": "orders", "uid": "1", "labels": {"app": "shop"}, "generation": 3}),
        json!({"name": "orders", "annotations": {"a": "b", "hub.stow.myob.com/future": "1"}}),
    ])
}

/// Metadata that a partial object may have, with annotations that anybody may
/// have planted.
fn malformed_metadata() -> BoxedStrategy<Option<Value>> {
    let bare = one_of(vec![
        Value::Null,
        json!({}),
        json!({"annotations": null}),
        json!({"annotations": {}}),
    ]);
    prop_oneof![
        1 => Just(None),
        1 => bare.prop_map(Some),
        1 => metadata().prop_map(Some),
        6 => (metadata(), btree_map(select(own_annotations()), planted(), 0..6)).prop_map(
            |(mut metadata, planted)| {
                let annotations = metadata
                    .as_object_mut()
                    .map(|metadata| metadata.entry("annotations").or_insert_with(|| json!({})));
                if let Some(Value::Object(annotations)) = annotations {
                    annotations.extend(planted);
                }
                Some(metadata)
            }
        ),
    ]
    .boxed()
}

/// The value of an annotation: a memory that may or may not fit, or garbage.
fn planted() -> BoxedStrategy<Value> {
    let remembered =
        (option::of(any_value()), option::of(any_value())).prop_map(|(value, shown)| {
            let fields = [("value", value), ("shown", shown)];
            let fields = fields
                .into_iter()
                .filter_map(|(key, value)| Some((key.to_owned(), value?)));
            Value::Object(fields.collect())
        });
    prop_oneof![
        4 => remembered.prop_map(|memory| memory.to_string().into()),
        1 => any_value().prop_map(|value| value.to_string().into()),
        1 => ".{0,8}".prop_map(Value::from),
        1 => json(),
    ]
    .boxed()
}

/// Any value that a field of either side may have, right or wrong.
fn any_value() -> BoxedStrategy<Value> {
    let hub = select(hub_names()).prop_flat_map(hub_value);
    let spoke = select(&SPOKE_FIELDS[..]).prop_flat_map(spoke_value);
    prop_oneof![hub, spoke, garbage(), json()].boxed()
}

fn object(version: &str, metadata: Option<Value>, spec: Option<Value>) -> Value {
    let mut object = Map::new();
    object.insert("apiVersion".to_owned(), version.into());
    object.insert("kind".to_owned(), "PostgresDB".into());
    object.insert("status".to_owned(), json!({"ready": "available"}));
    object.extend(metadata.map(|metadata| ("metadata".to_owned(), metadata)));
    object.extend(spec.map(|spec| ("spec".to_owned(), spec)));
    Value::Object(object)
}

/// A hub object that the schema allows.
pub(crate) fn hub() -> BoxedStrategy<Value> {
    (
        metadata(),
        option::weighted(0.95, spec(hub_names(), hub_value)),
    )
        .prop_map(|(metadata, spec)| object(HUB, Some(metadata), spec))
        .boxed()
}

/// A spoke object that the schema allows.
pub(crate) fn spoke() -> BoxedStrategy<Value> {
    (
        metadata(),
        option::weighted(0.95, spec(SPOKE_FIELDS.to_vec(), spoke_value)),
    )
        .prop_map(|(metadata, spec)| object(SPOKE, Some(metadata), spec))
        .boxed()
}

fn malformed(version: &'static str, spec: BoxedStrategy<Value>) -> BoxedStrategy<Value> {
    let unknown = option::weighted(0.1, json());
    let spec = (spec, unknown).prop_map(|(mut spec, unknown)| {
        if let (Value::Object(fields), Some(unknown)) = (&mut spec, unknown) {
            fields.insert("futureField".to_owned(), unknown);
        }
        spec
    });
    let spec = prop_oneof![8 => spec, 1 => garbage(), 1 => json()];
    (malformed_metadata(), option::weighted(0.95, spec))
        .prop_map(move |(metadata, spec)| object(version, metadata, spec))
        .boxed()
}

/// A hub object of any shape.
pub(crate) fn malformed_hub() -> BoxedStrategy<Value> {
    malformed(
        HUB,
        spec(hub_names(), |name| match kind(name) {
            group @ Kind::Group(_) => of_no_kind(group),
            _ => prop_oneof![2 => hub_value(name), 1 => garbage(), 1 => json()].boxed(),
        }),
    )
}

/// A spoke object of any shape.
pub(crate) fn malformed_spoke() -> BoxedStrategy<Value> {
    malformed(
        SPOKE,
        spec(SPOKE_FIELDS.to_vec(), |name| {
            prop_oneof![2 => spoke_value(name), 1 => garbage(), 1 => json()].boxed()
        }),
    )
}
