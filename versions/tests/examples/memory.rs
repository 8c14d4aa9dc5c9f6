//! What annotations keep, how long, and what of it is reported.

use serde_json::{Value, json};
use stow_versions::convert::{Unusable, convert, unusable};

use crate::small::{HUB, SPOKE, down, object, text, up, view};

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
    // No spoke leaves an empty spec in the hub, so this memory is a forged one.
    let forged = json!({"spoke.stow.myob.com/spec": r#"{"value":"text","shown":{}}"#});
    assert_eq!(down(&json!({}), &forged), (json!({}), json!({})));
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
