//! Specs, and what becomes of them.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use serde_json::json;
use stow_versions::v1beta1::{ApplyChanges, DeletionPolicy};

use super::*;
use crate::rds::Settings;

mod corpus;
mod denied;
mod everything;
mod faults;
mod platform;

/// What there is beside the object, with nothing else in its namespace.
fn with(configuration: Option<&Configuration>) -> Surroundings<'_> {
    Surroundings {
        configuration,
        ..Surroundings::default()
    }
}

fn subject() -> Subject {
    Subject {
        cluster: "c1".into(),
        namespace: "shop".into(),
        name: "orders-2".into(),
        uid: "0b5a".into(),
    }
}

fn object(spec: &Value) -> PostgresDB {
    serde_json::from_value(json!({
        "apiVersion": "myob.com/v1beta1",
        "kind": "PostgresDB",
        "metadata": {"name": "orders-2", "namespace": "shop", "uid": "0b5a"},
        "spec": spec,
    }))
    .expect("any object can be read")
}

fn configuration(entries: &[(&str, &str)]) -> Configuration {
    let data: BTreeMap<_, _> = entries
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect();
    Configuration::read(&data)
}

fn goal(spec: &Value) -> Goal {
    desired(&subject(), &object(spec), with(Some(&configuration(&[])))).goal
}

fn database(spec: &Value) -> Database {
    match goal(spec) {
        Goal::Exists(database) => *database,
        goal => panic!("{goal:?}"),
    }
}

fn creation(spec: &Value) -> Creation {
    *database(spec).creation.expect("the spec can be created")
}

#[test]
fn what_the_spec_leaves_out_is_not_managed_and_has_a_default_at_creation() {
    let database = database(&json!({"size": "db.t3.micro"}));
    assert_eq!(database.class.as_deref(), Some("db.t3.micro"));
    assert_eq!(
        (database.storage, database.storage_type, database.multi_az),
        (None, None, None)
    );
    assert_eq!(database.secret_name, "orders-2");
    let creation = database.creation.unwrap();
    assert_eq!(
        (creation.storage, creation.storage_type.as_str()),
        (20, "gp3")
    );
    assert_eq!(
        (
            creation.multi_az,
            creation.encrypted,
            creation.settings.port
        ),
        (false, true, Some(5432))
    );
    assert_eq!(creation.database_name, "orders_2");
    assert_eq!(creation.master_username, "postgres");
}

#[test]
fn the_spec_goes_over_the_configuration() {
    let settings = configuration(&[
        ("aws.rds.postgres.default.instance.class", "db.m6g.large"),
        ("aws.rds.postgres.default.multiaz", "true"),
        ("aws.rds.postgres.default.storage.size", "50"),
        ("aws.subnet.group.name", "private"),
    ]);
    let made = |spec| {
        let desired = desired(&subject(), &object(&spec), with(Some(&settings)));
        let Goal::Exists(database) = desired.goal else {
            panic!("{:?}", desired.goal)
        };
        *database.creation.unwrap()
    };
    let bare = made(json!({}));
    assert_eq!(
        (bare.class.as_str(), bare.storage, bare.multi_az),
        ("db.m6g.large", 50, true)
    );
    assert_eq!(bare.subnet_group.as_deref(), Some("private"));
    let stated = made(json!({"size": "db.t3.micro", "storage": "1Ti", "multiAZ": false}));
    assert_eq!(
        (stated.class.as_str(), stated.storage, stated.multi_az),
        ("db.t3.micro", 1024, false)
    );
}

#[test]
fn specs_of_2017_get_what_rds_has_now() {
    // What v1alpha1's `storage: "10"` is in the hub.
    let creation =
        creation(&json!({"size": "db.t2.small", "storage": "10Gi", "storageType": "gp2"}));
    assert_eq!(
        (creation.storage, creation.storage_type.as_str()),
        (20, "gp2")
    );
}

#[test]
fn a_configuration_that_cannot_be_used_stops_new_databases_alone() {
    let broken = configuration(&[("aws.rds.postgres.default.port", "80")]);
    for configuration in [None, Some(&broken)] {
        let desired = desired(
            &subject(),
            &object(&json!({"size": "db.t3.micro"})),
            with(configuration),
        );
        let Goal::Exists(database) = desired.goal else {
            panic!("{:?}", desired.goal)
        };
        let obstacle = database.creation.unwrap_err();
        assert_eq!(obstacle.reason, Reason::InvalidConfiguration);
        assert!(
            obstacle.message.contains("ConfigMap"),
            "{}",
            obstacle.message
        );
    }
}

#[test]
fn a_deletion_needs_no_spec() {
    let mut object = object(&json!("nonsense"));
    object.metadata.deletion_timestamp = Some(Time("2026-11-22T01:02:03Z".parse().unwrap()));
    let want = Goal::Gone {
        policy: Ok(DeletionPolicy::Snapshot),
        final_snapshot: "orders-2-0b5a-20261122010203".into(),
        deletion_protection: None,
    };
    let platform = configuration(&[]);
    assert_eq!(
        desired(&subject(), &object, with(Some(&platform))).goal,
        want
    );
}

#[test]
fn no_less_is_kept_than_the_platform_says() {
    use DeletionPolicy::{Delete, Retain, Snapshot};
    let at = "2026-11-22T01:02:03Z".parse().unwrap();
    for (minimum, stated, want) in [
        ("", json!(null), Ok(Snapshot)),
        ("", json!("Snapshot"), Ok(Snapshot)),
        ("", json!("Retain"), Ok(Retain)),
        ("", json!("Delete"), Err(Reason::NotAllowed)),
        ("Delete", json!("Delete"), Ok(Delete)),
        ("Delete", json!(null), Ok(Snapshot)),
        ("Retain", json!(null), Ok(Retain)),
        ("Retain", json!("Snapshot"), Err(Reason::NotAllowed)),
        // A word that nobody knows may mean that it is to stay.
        ("Delete", json!("retain"), Err(Reason::InvalidSpec)),
        ("Delete", json!(7), Err(Reason::InvalidSpec)),
        // What cannot be read may have been meant to keep everything.
        ("retain", json!("Delete"), Err(Reason::InvalidConfiguration)),
        ("retain", json!(null), Err(Reason::InvalidConfiguration)),
        ("retain", json!("Retain"), Ok(Retain)),
    ] {
        let configuration = configuration(&[("policy.minimumDeletionPolicy", minimum)]);
        let spec = json!({"deletionPolicy": stated, "deletionProtection": false});
        let Goal::Gone {
            policy,
            deletion_protection,
            ..
        } = departure::goal(&subject(), &spec, at, Some(&configuration))
        else {
            panic!("it is not deleted")
        };
        let reason = policy.map_err(|obstacle| obstacle.reason);
        assert_eq!(reason, want, "{minimum:?}, {stated}");
        assert_eq!(deletion_protection, Some(false));
    }
    let misspelt = configuration(&[("policy.minimumDeletePolicy", "Retain")]);
    for unknown in [None, Some(&misspelt)] {
        for (stated, want) in [
            (json!(null), Err(Reason::InvalidConfiguration)),
            (json!("Snapshot"), Err(Reason::InvalidConfiguration)),
            (json!("Retain"), Ok(Retain)),
        ] {
            let spec = json!({"deletionPolicy": stated});
            let Goal::Gone { policy, .. } = departure::goal(&subject(), &spec, at, unknown) else {
                panic!("it is not deleted")
            };
            assert_eq!(policy.map_err(|obstacle| obstacle.reason), want, "{stated}");
        }
    }
}

#[test]
fn every_setting_of_a_spec_reaches_the_planner() {
    let spec = json!({
        "size": "db.m6g.large", "storage": "400Gi", "storageType": "gp3", "iops": 16000,
        "throughput": 1000, "maxStorage": "1Ti", "engineVersion": "17.4",
        "allowMajorVersionUpgrade": true, "port": 5433,
        "backup": {"retentionDays": 14, "window": "01:00-02:00"},
        "maintenanceWindow": "mon:03:00-mon:04:00", "autoMinorVersionUpgrade": false,
        "applyChanges": "MaintenanceWindow", "parameterGroup": "own17",
        "network": {"subnetGroup": "inner", "securityGroups": ["sg-0b2b2b2b", "sg-0a1a1a1a"], "publiclyAccessible": true},
        "encryption": {"enabled": true, "kmsKey": "alias/own"},
        "iamAuthentication": true,
        "monitoring": {"performanceInsights": true, "enhancedInterval": 60, "logExports": ["upgrade"]},
        "extendedSupport": true, "deletionProtection": true,
    });
    let allowing = [
        ("policy.publicAccess", "true"),
        ("policy.securityGroups", "sg-0a1a1a1a,sg-0b2b2b2b"),
        ("policy.subnetGroups", "inner"),
        ("policy.kmsKeys", "alias/own"),
        ("policy.parameterGroups", "own17"),
    ];
    let role = [(
        "aws.monitoring.role.arn",
        "arn:aws:iam::123456789012:role/monitor",
    )];
    let role = configuration(&[&allowing[..], &role].concat());
    let Goal::Exists(database) = desired(&subject(), &object(&spec), with(Some(&role))).goal else {
        panic!("it is valid")
    };
    let creation = database.creation.clone().expect("it can be created");
    assert_eq!(creation.settings, database.settings);
    assert_eq!(
        database.settings.words().join(", "),
        "port 5433, backup.retentionDays 14, backup.window 01:00-02:00, maintenanceWindow mon:03:00-mon:04:00, autoMinorVersionUpgrade false, parameterGroup own17, network.securityGroups [sg-0a1a1a1a,sg-0b2b2b2b], network.publiclyAccessible true, iamAuthentication true, monitoring.performanceInsights true, monitoring.enhancedInterval 60, monitoring.logExports [upgrade], extendedSupport true, deletionProtection true"
    );
    assert_eq!(database.max_storage, Some(1024));
    assert_eq!(database.throughput, Some(1000));
    assert_eq!(database.engine_version.as_deref(), Some("17.4"));
    assert!(database.allow_major_version_upgrade);
    assert_eq!(
        database.apply_changes,
        Some(ApplyChanges::MaintenanceWindow)
    );
    assert_eq!(creation.max_storage, Some(1024));
    assert_eq!(creation.throughput, Some(1000));
    assert_eq!(creation.engine_version.as_deref(), Some("17.4"));
    assert_eq!(creation.subnet_group.as_deref(), Some("inner"));
    assert_eq!(creation.kms_key.as_deref(), Some("alias/own"));
    assert_eq!(creation.monitoring_role, role.monitoring_role);
    // Without the role nothing is made that asks for it.
    let without = configuration(&allowing);
    let without = desired(&subject(), &object(&spec), with(Some(&without)));
    let Goal::Exists(database) = without.goal else {
        panic!("it is valid")
    };
    let obstacle = database.creation.unwrap_err();
    assert!(obstacle.message.contains("aws.monitoring.role.arn"));
}

#[test]
fn what_nobody_states_is_safe_at_creation_and_not_managed_later() {
    let spec = json!({"size": "db.t3.micro"});
    let database = database(&spec);
    assert_eq!(database.settings, Settings::default());
    let settings = database.creation.expect("it can be created").settings;
    assert_eq!(settings.publicly_accessible, Some(false));
    assert_eq!(settings.extended_support, Some(false));
    assert_eq!(settings.auto_minor_version_upgrade, Some(true));
    assert_eq!(settings.backup_retention, Some(7));
}

#[test]
fn what_cannot_be_restored_or_adopted_is_not_made_empty() {
    for spec in [
        json!({"size": "db.t3.micro", "restoreFrom": {"snapshot": "s"}}),
        json!({"size": "db.t3.micro", "adopt": {"identifier": "i"}}),
    ] {
        let obstacle = database(&spec).creation.unwrap_err();
        assert_eq!(obstacle.reason, Reason::NotAllowed);
    }
}

#[test]
fn an_annotation_pauses_by_the_word_true_alone() {
    for (value, want) in [
        ("true", true),
        ("false", false),
        ("", false),
        ("yes", false),
    ] {
        let mut object = object(&json!({}));
        let annotation = (stow_versions::PAUSED.to_owned(), value.to_owned());
        object.metadata.annotations = Some([annotation].into());
        assert_eq!(
            desired(&subject(), &object, with(None)).paused,
            want,
            "{value}"
        );
    }
}
