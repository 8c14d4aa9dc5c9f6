//! Conversion by example: what each rule means, one line each.

#[path = "examples/memory.rs"]
mod memory;
#[path = "examples/small.rs"]
mod small;

use serde_json::{Value, json};
use small::{HUB, SPOKE, down, text, up};
use stow_versions::convert::{ConvertError, convert};

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
fn each_leaf_of_a_group_is_kept_for_itself_and_an_empty_group_as_one() {
    let cases = [
        (
            json!({"backup": {"retentionDays": 7, "window": "03:00-03:30"}}),
            json!({
                "hub.stow.myob.com/backup.retentionDays": "7",
                "hub.stow.myob.com/backup.window": "\"03:00-03:30\"",
            }),
        ),
        (
            json!({"backup": {}}),
            json!({"hub.stow.myob.com/backup": "{}"}),
        ),
        (
            json!({"network": {"securityGroups": ["sg-1", "sg-2"]}}),
            json!({"hub.stow.myob.com/network.securityGroups": r#"["sg-1","sg-2"]"#}),
        ),
        (
            json!({"monitoring": {"logExports": []}}),
            json!({"hub.stow.myob.com/monitoring.logExports": "[]"}),
        ),
        (
            json!({"restoreFrom": {"pointInTime": {"object": "orders"}}}),
            json!({"hub.stow.myob.com/restoreFrom.pointInTime.object": "\"orders\""}),
        ),
        (
            json!({"restoreFrom": {"pointInTime": {}}}),
            json!({"hub.stow.myob.com/restoreFrom.pointInTime": "{}"}),
        ),
    ];
    for (hub, annotations) in cases {
        assert_eq!(down(&hub, &json!({})), (json!({}), annotations.clone()));
        assert_eq!(up(&json!({}), &annotations), (hub, json!({})));
    }
    // A note of an empty group says nothing beside one of its members.
    let both = json!({
        "hub.stow.myob.com/backup": "{}", "hub.stow.myob.com/backup.retentionDays": "7",
    });
    let hub = json!({"backup": {"retentionDays": 7}});
    assert_eq!(up(&json!({}), &both), (hub, json!({})));
    // And one that smuggles members in says nothing at all.
    let forged = json!({"hub.stow.myob.com/backup": r#"{"retentionDays": "x"}"#});
    assert_eq!(up(&json!({}), &forged), (json!({}), json!({})));
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
fn a_storage_type_that_needs_no_iops_outlives_them() {
    // In one apply the hub's manager states gp3 and leaves the IOPS out: what
    // server-side apply converts still has the annotation of before.
    for (kept, shown) in [
        (json!({"value": "gp3", "shown": true}), Some("gp3")),
        (
            json!({"value": "standard", "shown": true}),
            Some("standard"),
        ),
        (json!({"shown": true}), None),
        // These cannot stand without.
        (json!({"value": "io2", "shown": true}), Some("gp2")),
        (json!({"value": "io1", "shown": true}), Some("gp2")),
    ] {
        let annotations = json!({"hub.stow.myob.com/storageType": text(&kept)});
        let hub = up(&json!({"storage": "400"}), &annotations).0;
        assert_eq!(
            hub.get("storageType").and_then(Value::as_str),
            shown,
            "{kept}"
        );
    }
    // IOPS that come are a word of their own, whatever is remembered.
    let annotations =
        json!({"hub.stow.myob.com/storageType": text(&json!({"value": "gp3", "shown": false}))});
    let hub = up(&json!({"storage": "400", "iops": 3000}), &annotations).0;
    assert_eq!(hub["storageType"], "io1");
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
