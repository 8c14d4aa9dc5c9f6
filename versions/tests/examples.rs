//! Conversion by example: what each rule means, one line each.

use serde_json::{Value, json};
use stow_versions::convert::{ConvertError, Unusable, convert, unusable};

const HUB: &str = "myob.com/v1beta1";
const SPOKE: &str = "myob.com/v1alpha1";

fn object(version: &str, spec: &Value, annotations: &Value) -> Value {
    let mut object = json!({
        "apiVersion": version,
        "kind": "PostgresDB",
        "metadata": {"name": "orders"},
        "spec": spec,
    });
    if annotations != &json!({}) {
        object["metadata"]["annotations"] = annotations.clone();
    }
    object
}

/// A v1alpha1 spec and its annotations as the hub has them; annotations with
/// their JSON read.
fn up(spec: &Value, annotations: &Value) -> (Value, Value) {
    view(&convert(object(SPOKE, spec, annotations), HUB).unwrap())
}

/// A hub spec and its annotations as v1alpha1 has them.
fn down(spec: &Value, annotations: &Value) -> (Value, Value) {
    view(&convert(object(HUB, spec, annotations), SPOKE).unwrap())
}

fn view(object: &Value) -> (Value, Value) {
    let annotations = object["metadata"]
        .get("annotations")
        .cloned()
        .unwrap_or(json!({}));
    (object["spec"].clone(), annotations)
}

/// An annotation's text, in canonical form.
fn text(value: &Value) -> Value {
    value.to_string().into()
}

#[test]
fn the_example_of_2017_is_said_in_full() {
    let spoke = json!({"size": "db.t2.small", "storage": "10"});
    let hub = json!({"size": "db.t2.small", "storage": "10Gi", "storageType": "gp2"});
    assert_eq!(up(&spoke, &json!({})), (hub.clone(), json!({})));
    assert_eq!(down(&hub, &json!({})), (spoke, json!({})));

    let spoke = json!({
        "size": "db.t2.small", "storage": "100", "iops": 1000, "ha": true, "tags": {"a": "b"},
    });
    let hub = json!({
        "size": "db.t2.small", "storage": "100Gi", "iops": 1000, "multiAZ": true,
        "tags": {"a": "b"}, "storageType": "io1",
    });
    assert_eq!(up(&spoke, &json!({})), (hub.clone(), json!({})));
    assert_eq!(down(&hub, &json!({})), (spoke, json!({})));
}

#[test]
fn what_v1alpha1_writes_in_its_own_way_is_remembered_with_what_the_hub_shows() {
    let cases = [
        ("storage", json!(10), "storage", Some(json!("10Gi"))),
        ("storage", json!("010"), "storage", Some(json!("10Gi"))),
        ("storage", json!("ten"), "storage", None),
        ("storage", json!("10Gi"), "storage", None),
        ("storage", json!(10.5), "storage", None),
        ("storage", json!(-10), "storage", None),
        ("storage", json!("2147483648"), "storage", None),
        ("storage", json!([1, {"a": null}]), "storage", None),
        ("storage", Value::Null, "storage", None),
        ("iops", json!("1000"), "iops", Some(json!(1000))),
        ("iops", json!("lots"), "iops", None),
        ("iops", json!(u64::MAX), "iops", None),
        ("iops", json!(1e300), "iops", None),
        ("size", json!(5), "size", None),
        ("ha", json!("yes"), "multiAZ", None),
        ("tags", json!(["a"]), "tags", None),
        (
            "tags",
            json!({"a": "b", "c": 5}),
            "tags",
            Some(json!({"a": "b"})),
        ),
    ];
    for (field, value, hub_field, shown) in cases {
        let spoke = json!({field: value});
        let (hub, annotations) = up(&spoke, &json!({}));
        assert_eq!(hub.get(hub_field), shown.as_ref(), "{spoke}");
        let mut memory = json!({"value": value});
        if let Some(shown) = shown {
            memory["shown"] = shown;
        }
        let name = format!("spoke.stow.myob.com/{field}");
        assert_eq!(annotations, json!({name: text(&memory)}), "{spoke}");
        assert_eq!(down(&hub, &annotations), (spoke, json!({})));
    }
}

#[test]
fn what_the_hub_writes_in_its_own_way_is_remembered_with_what_v1alpha1_shows() {
    let cases = [
        ("1Ti", Some("1024")),
        ("20480Mi", Some("20")),
        ("020Gi", Some("20")),
        ("1.5Gi", None),
        ("10G", None),
        ("-10Gi", None),
        ("plenty", None),
    ];
    for (storage, shown) in cases {
        let hub = json!({"storage": storage, "storageType": "gp2"});
        let (spoke, annotations) = down(&hub, &json!({}));
        assert_eq!(
            spoke.get("storage").and_then(Value::as_str),
            shown,
            "{storage}"
        );
        let mut memory = json!({"value": storage});
        if let Some(shown) = shown {
            memory["shown"] = shown.into();
        }
        assert_eq!(
            annotations["hub.stow.myob.com/storage"],
            text(&memory),
            "{storage}"
        );
        assert_eq!(up(&spoke, &annotations), (hub, json!({})));
    }
}

#[test]
fn the_storage_type_follows_from_what_v1alpha1_says_and_from_no_less() {
    let cases = [
        (json!({"storage": "10"}), Some("gp2")),
        (json!({"storage": "10", "iops": 1000}), Some("io1")),
        (json!({"storage": "10", "iops": "1000"}), Some("io1")),
        (json!({"iops": 1000}), Some("io1")),
        (json!({"storage": "10", "iops": "lots"}), None),
        (json!({"storage": "10", "iops": null}), Some("gp2")),
        (json!({"storage": "ten"}), None),
        (json!({"size": "db.t2.small"}), None),
        (json!({}), None),
    ];
    for (spoke, expected) in cases {
        let (hub, annotations) = up(&spoke, &json!({}));
        assert_eq!(
            hub.get("storageType").and_then(Value::as_str),
            expected,
            "{spoke}"
        );
        assert_eq!(down(&hub, &annotations).0, spoke);
    }
}

#[test]
fn a_storage_type_that_v1alpha1_cannot_say_is_kept_until_iops_come_or_go() {
    let gp3 = json!({"storage": "20Gi", "storageType": "gp3"});
    let (mut spoke, annotations) = down(&gp3, &json!({}));
    let memory = text(&json!({"value": "gp3", "shown": false}));
    assert_eq!(
        annotations,
        json!({"hub.stow.myob.com/storageType": memory})
    );
    spoke["storage"] = "30".into();
    let grown = json!({"storage": "30Gi", "storageType": "gp3"});
    assert_eq!(up(&spoke, &annotations), (grown, json!({})));
    spoke["iops"] = 1000.into();
    assert_eq!(up(&spoke, &annotations).0["storageType"], "io1");

    let io2 = json!({"storage": "100Gi", "storageType": "io2", "iops": 1000});
    let (mut spoke, annotations) = down(&io2, &json!({}));
    spoke["iops"] = 2000.into();
    assert_eq!(up(&spoke, &annotations).0["storageType"], "io2");
    spoke.as_object_mut().unwrap().remove("iops");
    assert_eq!(up(&spoke, &annotations).0["storageType"], "gp2");
}

#[test]
fn the_absence_of_a_storage_type_is_kept_as_well() {
    let hub = json!({"storage": "20Gi"});
    let (mut spoke, annotations) = down(&hub, &json!({}));
    let memory = text(&json!({"shown": false}));
    assert_eq!(
        annotations,
        json!({"hub.stow.myob.com/storageType": memory})
    );
    assert_eq!(up(&spoke, &annotations), (hub, json!({})));
    spoke["storage"] = "30".into();
    assert_eq!(
        up(&spoke, &annotations),
        (json!({"storage": "30Gi"}), json!({}))
    );
}

#[test]
fn a_field_that_v1alpha1_does_not_have_survives_every_edit_there() {
    let hub = json!({"size": "db.t3.small", "secretName": "s", "databaseName": "d", "masterUsername": "m"});
    let (spoke, annotations) = down(&hub, &json!({}));
    assert_eq!(spoke, json!({"size": "db.t3.small"}));
    assert_eq!(
        annotations,
        json!({
            "hub.stow.myob.com/secretName": "\"s\"",
            "hub.stow.myob.com/databaseName": "\"d\"",
            "hub.stow.myob.com/masterUsername": "\"m\"",
        })
    );
    let edited = json!({"ha": false});
    let expected =
        json!({"multiAZ": false, "secretName": "s", "databaseName": "d", "masterUsername": "m"});
    assert_eq!(up(&edited, &annotations), (expected, json!({})));
}

#[test]
fn an_edit_wins_over_what_is_remembered() {
    let terabyte = json!({"hub.stow.myob.com/storage": r#"{"value":"1Ti","shown":"1024"}"#});
    let hub = up(&json!({"storage": "2048"}), &terabyte);
    assert_eq!(
        hub,
        (
            json!({"storage": "2048Gi", "storageType": "gp2"}),
            json!({})
        )
    );
    // The same number, written in another way, is an edit too.
    let hub = up(&json!({"storage": 1024}), &terabyte);
    let memory = text(&json!({"value": 1024, "shown": "1024Gi"}));
    let annotations = json!({"spoke.stow.myob.com/storage": memory});
    assert_eq!(
        hub,
        (
            json!({"storage": "1024Gi", "storageType": "gp2"}),
            annotations
        )
    );

    let ten = json!({"spoke.stow.myob.com/storage": r#"{"value":"ten"}"#});
    assert_eq!(
        down(&json!({}), &ten),
        (json!({"storage": "ten"}), json!({}))
    );
    let spoke = down(&json!({"storage": "10Gi", "storageType": "gp2"}), &ten);
    assert_eq!(spoke, (json!({"storage": "10"}), json!({})));
}

#[test]
fn a_remembered_value_of_a_wrong_type_never_reaches_the_hub() {
    let cases = [
        ("size", r#"{"value":5}"#),
        ("storage", r#"{"value":10}"#),
        ("storageType", r#"{"value":3,"shown":false}"#),
        ("iops", r#"{"value":"1000"}"#),
        ("iops", r#"{"value":1.5}"#),
        ("multiAZ", r#"{"value":"true"}"#),
        ("tags", r#"{"value":{"a":5}}"#),
        ("secretName", "5"),
        ("databaseName", "null"),
        ("masterUsername", r#"{"value":"m"}"#),
    ];
    for (field, memory) in cases {
        let annotations = json!({format!("hub.stow.myob.com/{field}"): memory});
        assert_eq!(
            up(&json!({}), &annotations),
            (json!({}), json!({})),
            "{field}"
        );
    }
    // Type-clean is not valid: that is for the schema and the operator.
    let annotations = json!({"hub.stow.myob.com/storageType": r#"{"value":"gp9","shown":false}"#});
    assert_eq!(
        up(&json!({}), &annotations).0,
        json!({"storageType": "gp9"})
    );
}

#[test]
fn annotations_of_others_stay_and_our_own_do_not_linger() {
    let spoke = json!({
        "note": "mine",
        "hub.stow.myob.com/future": "not ours yet",
        "hub.stow.myob.com/size": "{broken",
        "hub.stow.myob.com/storage": r#"{"value":"1Ti","shown":"1024","more":1}"#,
        "hub.stow.myob.com/secretName": ["not a text"],
        "spoke.stow.myob.com/storage": r#"{"value":"on the wrong side"}"#,
    });
    let left = json!({"note": "mine", "hub.stow.myob.com/future": "not ours yet"});
    assert_eq!(
        up(&json!({"size": "db.t2.small"}), &spoke),
        (json!({"size": "db.t2.small"}), left)
    );

    // The key goes if what was in it was ours alone; an empty one stays.
    let convert_with = |annotations: Value| {
        let mut given = object(SPOKE, &json!({}), &json!({}));
        given["metadata"]["annotations"] = annotations;
        convert(given, HUB).unwrap()["metadata"].clone()
    };
    let ours = json!({"hub.stow.myob.com/size": "{broken"});
    assert_eq!(convert_with(ours), json!({"name": "orders"}));
    assert_eq!(
        convert_with(json!({})),
        json!({"name": "orders", "annotations": {}})
    );
}

#[test]
fn a_spec_that_is_no_object_comes_back_while_the_hub_is_as_it_was() {
    for stray in [json!("text"), json!(5), json!([1]), json!(false)] {
        let given = object(
            SPOKE,
            &stray,
            &json!({"hub.stow.myob.com/secretName": "\"s\""}),
        );
        let hub = convert(given.clone(), HUB).unwrap();
        assert_eq!(hub["spec"], json!({"secretName": "s"}));
        assert_eq!(convert(hub.clone(), SPOKE).unwrap(), given);

        let mut hub = convert(object(SPOKE, &stray, &json!({})), HUB).unwrap();
        assert!(hub.get("spec").is_none());
        assert_eq!(convert(hub.clone(), SPOKE).unwrap()["spec"], stray);
        hub["spec"] = json!({"size": "db.t2.small"});
        assert_eq!(
            view(&convert(hub.clone(), SPOKE).unwrap()),
            (hub["spec"].clone(), json!({}))
        );
        hub["spec"] = json!({});
        assert_eq!(convert(hub, SPOKE).unwrap()["spec"], json!({}));
    }
}

#[test]
fn no_spec_stays_no_spec_and_metadata_is_always_there() {
    for (from, to) in [(SPOKE, HUB), (HUB, SPOKE), (HUB, HUB), (SPOKE, SPOKE)] {
        let bare = json!({"apiVersion": from, "kind": "PostgresDB"});
        let expected = json!({"apiVersion": to, "kind": "PostgresDB", "metadata": {}});
        assert_eq!(convert(bare.clone(), to), Ok(expected.clone()));
        let mut null = bare;
        null["metadata"] = Value::Null;
        assert_eq!(convert(null.clone(), to), Ok(expected.clone()));
        if from != to {
            null["spec"] = Value::Null;
            assert_eq!(convert(null, to), Ok(expected));
        }
    }
}

#[test]
fn all_but_the_spec_passes_through() {
    let object = json!({
        "apiVersion": SPOKE, "kind": "PostgresDB",
        "metadata": {"name": "n", "uid": "u", "labels": {"a": "b"}, "managedFields": [{"x": 1}], "odd": null},
        "spec": {"size": "db.t2.small", "unknown": true},
        "status": {"ready": "available", "conditions": [{"type": "Ready"}]},
        "other": [1, 2],
    });
    let mut expected = object.clone();
    expected["apiVersion"] = HUB.into();
    expected["spec"] = json!({"size": "db.t2.small"});
    assert_eq!(convert(object, HUB), Ok(expected));
}

#[test]
fn only_what_is_no_postgresdb_is_refused() {
    let refuse = |object: Value, to: &str| convert(object, to).unwrap_err();
    for value in [Value::Null, json!([]), json!("text"), json!(1)] {
        assert_eq!(refuse(value, HUB), ConvertError::NotAnObject);
    }
    let database = json!({"apiVersion": SPOKE, "kind": "PostgresDB"});
    for version in [
        "",
        "myob.com",
        "myob.com/v1",
        "v1beta1",
        "other.com/v1beta1",
        "myob.com/v1beta1 ",
    ] {
        assert_eq!(
            refuse(database.clone(), version),
            ConvertError::UnknownDesiredVersion(version.into())
        );
        let other = json!({"apiVersion": version, "kind": "PostgresDB"});
        assert_eq!(
            refuse(other, HUB),
            ConvertError::UnknownVersion(version.into())
        );
    }
    assert_eq!(
        refuse(json!({}), HUB),
        ConvertError::UnknownVersion("(none)".into())
    );
    let list = json!({"apiVersion": SPOKE, "kind": "PostgresDBList"});
    assert_eq!(
        refuse(list, HUB),
        ConvertError::OtherKind("PostgresDBList".into())
    );
}

#[test]
fn v1alpha1_values_that_mean_nothing_are_reported_while_they_live() {
    let report = |spec: Value| -> Vec<String> {
        let hub = convert(object(SPOKE, &spec, &json!({})), HUB).unwrap();
        unusable(&hub).iter().map(Unusable::to_string).collect()
    };
    assert_eq!(
        report(json!({"size": "db.t2.small", "storage": 10, "iops": "1000", "ha": null})),
        [""; 0]
    );
    assert_eq!(
        report(json!({"size": 5, "storage": "ten", "tags": {"a": 5}})),
        [
            "v1alpha1 spec.size is 5, which cannot be used: \
             write an instance class, such as \"db.t3.small\"",
            "v1alpha1 spec.storage is \"ten\", which cannot be used: \
             write a whole number of GiB, such as \"10\"",
            "v1alpha1 spec.tags is {\"a\":5}, which cannot be used: \
             write a map of texts, with numbers in quotes",
        ]
    );
    assert_eq!(
        report(json!("text")),
        ["v1alpha1 spec is \"text\", which cannot be used: \
          write a map of fields, such as size and storage"]
    );
    let long = report(json!({"ha": "y".repeat(5000)}));
    assert!(long[0].len() < 250, "{}", long[0].len());

    let mut hub = convert(object(SPOKE, &json!({"storage": "ten"}), &json!({})), HUB).unwrap();
    hub["spec"]["storage"] = "10Gi".into();
    assert_eq!(unusable(&hub), []);
}
