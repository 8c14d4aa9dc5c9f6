//! What people are told of what was found.

mod takeover;

use serde_json::json;

use super::super::events::events;
use super::*;
use crate::plan::{Database, Obstacle, SecretState, Subject};
use crate::rds::{Password, Pending, Settings};

fn subject() -> Subject {
    Subject {
        cluster: "c1".into(),
        namespace: "shop".into(),
        name: "orders".into(),
        uid: "0b5a".into(),
    }
}

fn object(status: PostgresDBStatus) -> PostgresDB {
    let mut object: PostgresDB = serde_json::from_value(json!({
        "metadata": {"name": "orders", "namespace": "shop", "uid": "0b5a", "generation": 3},
    }))
    .expect("any object can be read");
    object.status = status;
    object
}

fn instance(status: &str) -> Instance {
    Instance {
        identifier: subject().identifier(),
        arn: "arn:1".into(),
        lacks: None,
        resource_id: None,
        status: status.into(),
        endpoint: Some(("host".into(), 5432)),
        engine: "postgres".into(),
        engine_version: Some("17.4".into()),
        class: "db.t3.small".into(),
        storage: 1024,
        storage_type: Some("gp3".into()),
        iops: Some(12000),
        throughput: None,
        max_storage: None,
        multi_az: false,
        database_name: Some("orders".into()),
        master_username: "postgres".into(),
        subnet_group: None,
        encrypted: None,
        kms_key: None,
        settings: Settings::default(),
        parameters: None,
        read_replicas: Vec::new(),
        pending: Pending::default(),
        tags: subject().tags(),
    }
}

fn observed(instance: Presence) -> Observed {
    let held = crate::plan::HeldSecret {
        name: "orders".into(),
        uid: "s".into(),
        resource_version: "1".into(),
        data: [("DATABASE_URL".to_owned(), "postgres://…".to_owned())].into(),
        password_pending: false,
        noted: crate::plan::Noted::This,
    };
    Observed {
        finalizer: true,
        recorded: true,
        instance,
        copy: None,
        elsewhere: None,
        previous: None,
        secret: SecretState::Ours(held),
        former_secret: None,
        fresh_password: Password::new("fresh".into()),
        issued: Vec::new(),
        asked: Vec::new(),
        sent_password: None,
        failed: Vec::new(),
        upgrade_tried: None,
        reported: true,
        inherited: None,
        read_only: false,
    }
}

fn absent(sweeps: u32) -> Presence {
    Presence::Absent {
        sweeps,
        since: jiff::SignedDuration::from_mins(5),
        going: false,
    }
}

fn exists() -> Desired {
    let database = Database {
        class: None,
        storage: None,
        storage_type: None,
        iops: None,
        throughput: None,
        max_storage: None,
        engine_version: None,
        allow_major_version_upgrade: false,
        settings: Settings::default(),
        apply_changes: None,
        monitoring_role: None,
        subnet_group: None,
        encrypted: None,
        kms_key: None,
        multi_az: None,
        tags: std::collections::BTreeMap::new(),
        required_tags: std::collections::BTreeMap::new(),
        database_name: None,
        master_username: None,
        secret_name: "orders".into(),
        creation: Err(Obstacle::new(Reason::InvalidConfiguration, "x")),
        denied: None,
        undecided: None,
    };
    Desired {
        subject: subject(),
        goal: Goal::Exists(Box::new(database)),
        stated: std::collections::BTreeMap::new(),
        applies_at_once: false,
        paused: false,
    }
}

fn told(
    object: &PostgresDB,
    desired: &Desired,
    observed: &Observed,
    plan: &Plan,
) -> PostgresDBStatus {
    status(object, desired, observed, plan, Timestamp::UNIX_EPOCH)
}

fn said(status: &PostgresDBStatus) -> String {
    let words = status
        .conditions
        .iter()
        .map(|c| format!("{}={}/{}", c.type_, c.status, c.reason));
    words.collect::<Vec<_>>().join(" ")
}

#[test]
fn a_usable_database_is_ready_and_shows_what_is_in_effect() {
    let present = observed(Presence::Present(Box::new(instance("available"))));
    let status = told(
        &object(PostgresDBStatus::default()),
        &exists(),
        &present,
        &Plan::default(),
    );
    assert_eq!(said(&status), "Ready=True/Available");
    assert_eq!(status.ready.as_deref(), Some("available"));
    assert_eq!(status.id.as_deref(), Some("orders-0b5a"));
    assert_eq!(status.storage, Some(Quantity("1024Gi".into())));
    assert_eq!(status.observed_generation, Some(3));
    assert_eq!(
        status.binding,
        Some(Binding {
            name: Some("orders".into())
        })
    );
}

#[test]
fn ready_says_whether_it_can_be_used_whatever_else_goes_on() {
    let blocked = Plan {
        blocked: vec![Obstacle::new(Reason::InvalidSpec, "x")],
        ..Plan::default()
    };
    let waiting = Plan {
        waiting: vec![Obstacle::new(Reason::Modifying, "x")],
        ..Plan::default()
    };
    for (rds, plan, want) in [
        (
            "available",
            &blocked,
            "Stalled=True/InvalidSpec Ready=True/Available",
        ),
        (
            "modifying",
            &waiting,
            "Reconciling=True/Modifying Ready=True/Available",
        ),
        (
            "rebooting",
            &waiting,
            "Reconciling=True/Modifying Ready=False/Modifying",
        ),
        (
            "stopped",
            &blocked,
            "Stalled=True/InvalidSpec Ready=False/InvalidSpec",
        ),
        (
            "never-heard-of",
            &waiting,
            "Reconciling=True/Modifying Ready=Unknown/InProgress",
        ),
    ] {
        let present = observed(Presence::Present(Box::new(instance(rds))));
        let status = told(
            &object(PostgresDBStatus::default()),
            &exists(),
            &present,
            plan,
        );
        assert_eq!(said(&status), want, "{rds}");
        assert_eq!(status.ready.as_deref(), Some(rds), "verbatim");
    }
}

#[test]
fn without_its_secret_a_database_is_not_ready() {
    for change in [
        (|o| o.secret = SecretState::Missing) as fn(&mut Observed),
        |o| match &mut o.secret {
            SecretState::Ours(held) => held.password_pending = true,
            _ => unreachable!(),
        },
    ] {
        let mut present = observed(Presence::Present(Box::new(instance("available"))));
        change(&mut present);
        let status = told(
            &object(PostgresDBStatus::default()),
            &exists(),
            &present,
            &Plan::default(),
        );
        assert_eq!(said(&status), "Ready=False/InProgress");
        assert_eq!(status.binding, None);
    }
}

#[test]
fn what_was_seen_stands_until_something_else_is_seen() {
    let present = observed(Presence::Present(Box::new(instance("available"))));
    let before = told(
        &object(PostgresDBStatus::default()),
        &exists(),
        &present,
        &Plan::default(),
    );
    let waiting = Plan {
        waiting: vec![Obstacle::new(Reason::Throttled, "x")],
        ..Plan::default()
    };
    let unknown = told(
        &object(before.clone()),
        &exists(),
        &observed(Presence::Unknown),
        &waiting,
    );
    assert_eq!(unknown.ready, before.ready);
    assert!(
        said(&unknown).contains("Ready=True/Available"),
        "{}",
        said(&unknown)
    );

    let missing = Plan {
        blocked: vec![Obstacle::new(Reason::InstanceMissing, "x")],
        ..Plan::default()
    };
    let gone = told(
        &object(before.clone()),
        &exists(),
        &observed(absent(2)),
        &missing,
    );
    assert_eq!((gone.ready.as_ref(), gone.endpoint.as_ref()), (None, None));
    assert_eq!(gone.arn, before.arn, "that it existed is not forgotten");
    assert!(
        said(&gone).contains("Ready=False/InstanceMissing"),
        "{}",
        said(&gone)
    );
}

#[test]
fn nothing_is_told_of_an_instance_that_is_not_ours() {
    let mut foreign = instance("available");
    foreign.tags.clear();
    let blocked = Plan {
        blocked: vec![Obstacle::new(Reason::NotOwned, "x")],
        ..Plan::default()
    };
    let present = observed(Presence::Present(Box::new(foreign)));
    let status = told(
        &object(PostgresDBStatus::default()),
        &exists(),
        &present,
        &blocked,
    );
    assert_eq!((status.arn.as_ref(), status.ready.as_ref()), (None, None));
    assert_eq!(said(&status), "Stalled=True/NotOwned Ready=False/NotOwned");
}

#[test]
fn every_obstacle_is_told_in_one_message() {
    let blocked = vec![
        Obstacle::new(Reason::InvalidSpec, "one."),
        Obstacle::new(Reason::SecretConflict, "two."),
    ];
    let plan = Plan {
        blocked,
        ..Plan::default()
    };
    let status = told(
        &object(PostgresDBStatus::default()),
        &exists(),
        &observed(absent(1)),
        &plan,
    );
    assert_eq!(status.conditions[0].message, "one. two.");
}

#[test]
fn events_tell_transitions_and_nothing_twice() {
    let present = observed(Presence::Present(Box::new(instance("available"))));
    let blank = PostgresDBStatus::default();
    let ready = told(
        &object(blank.clone()),
        &exists(),
        &present,
        &Plan::default(),
    );
    let reasons = |before: &PostgresDBStatus, after: &PostgresDBStatus| {
        events(before, after, &[])
            .into_iter()
            .map(|event| event.reason)
            .collect::<Vec<_>>()
    };
    assert_eq!(reasons(&blank, &ready), ["Available"]);
    assert_eq!(reasons(&ready, &ready), Vec::<String>::new());
    let plan = Plan {
        blocked: vec![Obstacle::new(Reason::InvalidSpec, "x")],
        ..Plan::default()
    };
    let stalled = told(&object(ready.clone()), &exists(), &present, &plan);
    assert_eq!(reasons(&ready, &stalled), ["InvalidSpec"]);
    assert_eq!(reasons(&stalled, &stalled), Vec::<String>::new());
    let plan = Plan {
        blocked: vec![Obstacle::new(Reason::InvalidSpec, "y")],
        ..Plan::default()
    };
    let otherwise = told(&object(ready), &exists(), &present, &plan);
    assert_eq!(reasons(&stalled, &otherwise), ["InvalidSpec"]);
    let action = |status| events(&blank, status, &[]).remove(0).action;
    assert_ne!(
        action(&stalled),
        action(&otherwise),
        "or the second would show the first one's note"
    );
}
