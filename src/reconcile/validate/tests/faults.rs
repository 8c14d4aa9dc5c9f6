//! What is wrong with a spec by itself.

use super::*;

#[test]
fn every_fault_is_told_at_once_with_its_field() {
    let Goal::Unclear { message } = goal(&json!({
        "size": "huge",
        "storage": "10Gi",
        "storageType": "io1",
        "tags": {"stow.myob.com/uid": "forged", "owner": "A & B"},
        "databaseName": "1st",
        "masterUsername": "RdsAdmin",
        "secretName": "../../other/secrets/orders",
    })) else {
        panic!("the spec is valid")
    };
    for part in [
        "spec.size",
        "spec.storage",
        "spec.iops",
        "spec.tags",
        "'&' in \"owner\"",
        "spec.databaseName",
        "spec.masterUsername",
        "spec.secretName",
    ] {
        assert!(message.contains(part), "{part} is not in {message}");
    }
}

#[test]
fn volumes_are_judged_by_their_type() {
    for (spec, fault) in [
        (json!({"storageType": "gp2", "storage": "100Gi"}), None),
        (
            json!({"storageType": "gp2", "storage": "100Gi", "iops": 1000}),
            Some("spec.iops"),
        ),
        (
            json!({"storageType": "gp3", "storage": "10Gi"}),
            Some("spec.storage"),
        ),
        (
            json!({"storageType": "gp3", "storage": "399Gi", "iops": 12000}),
            Some("spec.iops"),
        ),
        (
            json!({"storageType": "gp3", "storage": "400Gi", "iops": 12000}),
            None,
        ),
        (
            json!({"storageType": "io1", "storage": "100Gi", "iops": 1000}),
            None,
        ),
        (
            json!({"storageType": "io1", "storage": "99Gi", "iops": 1000}),
            Some("spec.storage"),
        ),
        (
            json!({"storageType": "io2", "storage": "100Gi", "iops": 999}),
            Some("spec.iops"),
        ),
        (
            json!({"storageType": "standard", "storage": "4Ti"}),
            Some("spec.storage"),
        ),
        (json!({"storage": "1500Mi"}), Some("spec.storage")),
        (json!({"storage": 10}), Some("spec.storage")),
        (json!({"multiAZ": "yes"}), Some("spec.multiAZ")),
        (json!({"storageType": "ssd"}), Some("spec.storageType")),
        (json!("nonsense"), Some("spec")),
    ] {
        match (goal(&spec), fault) {
            (Goal::Exists(_), None) => {}
            (Goal::Unclear { message }, Some(field)) => {
                assert!(message.contains(field), "{field} is not in {message}");
            }
            (goal, _) => panic!("{spec} became {goal:?}"),
        }
    }
}

#[test]
fn text_that_only_v1alpha1_can_hold_is_a_fault() {
    let mut object = object(&json!({"size": "db.t2.small"}));
    let remembered = json!({"value": "ten"}).to_string();
    object.metadata.annotations = Some(BTreeMap::from([(
        "spoke.stow.myob.com/storage".to_owned(),
        remembered,
    )]));
    let Goal::Unclear { message } = desired(&subject(), &object, with(None)).goal else {
        panic!("it is valid")
    };
    assert!(
        message.contains("storage") && message.contains("ten"),
        "{message}"
    );
}

#[test]
fn storage_that_is_to_be_all_there_is_does_not_grow() {
    for (most, want) in [("20Gi", None), ("22Gi", Some(22))] {
        let spec = json!({"size": "db.t3.micro", "storage": "20Gi", "maxStorage": most});
        assert_eq!(creation(&spec).max_storage, want);
    }
}
