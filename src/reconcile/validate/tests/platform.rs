//! Any ConfigMap at all, on to the plan: no panic, each fault told where it
//! stands in the way, and a database that runs is not changed by it.

use jiff::Timestamp;
use proptest::prelude::*;

use super::*;
use crate::config::tests::entries;
use crate::plan::tests::world::{World, absent};
use crate::plan::{Action, HeldSecret, Noted, Plan, Presence, SecretState};

/// The ConfigMap as it is, or none.
fn platforms() -> impl Strategy<Value = Option<Configuration>> {
    prop::option::weighted(0.95, entries().prop_map(|data| Configuration::read(&data)))
}

fn settled_spec() -> Value {
    json!({
        "size": "db.t3.small",
        "storage": "100Gi",
        "storageType": "gp3",
        "multiAZ": false,
        "databaseName": "orders",
        "tags": {"team": "shop"},
        "backup": {"retentionDays": 7},
    })
}

/// The plan for an object of this spec.
fn planned(world: World, spec: &Value, platform: Option<&Configuration>, leaving: bool) -> Plan {
    let mut object = object(spec);
    if leaving {
        object.metadata.deletion_timestamp = Some(Time(Timestamp::UNIX_EPOCH));
    }
    world
        .with(|world| {
            world.desired = desired(&world.desired.subject, &object, with(platform));
        })
        .plan()
}

/// What a policy decides on, changed in a spec; and the same without it.
fn wish() -> impl Strategy<Value = (&'static str, Value)> {
    prop::sample::select(vec![
        ("size", json!("db.m6g.large")),
        ("storage", json!("200Gi")),
        ("storageType", json!("gp2")),
        ("maxStorage", json!("500Gi")),
        ("parameterGroup", json!("own")),
        ("tags", json!({"team": "other"})),
        ("backup", json!({"retentionDays": 1})),
        ("monitoring", json!({"enhancedInterval": 60})),
        ("network", json!({"publiclyAccessible": true})),
        (
            "network",
            json!({"securityGroups": ["sg-0123456789abcdef0"]}),
        ),
    ])
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 2_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn a_database_that_runs_as_its_spec_says_is_left_alone(platform in platforms()) {
        let plan = planned(World::settled(), &settled_spec(), platform.as_ref(), false);
        prop_assert_eq!(plan.actions, []);
        // Nor is one whose spec says nothing made to fit.
        let plan = planned(World::settled(), &json!({}), platform.as_ref(), false);
        prop_assert_eq!(plan.actions, []);
    }

    #[test]
    fn what_cannot_be_read_changes_nothing_that_it_decides_on(platform in platforms(), (field, value) in wish()) {
        let open = platform.as_ref().is_none_or(|platform| platform.unreadable_policies().next().is_some());
        prop_assume!(open);
        let mut spec = settled_spec();
        spec[field] = value;
        let plan = planned(World::settled(), &spec, platform.as_ref(), false);
        prop_assert_eq!(&plan.actions, &[]);
        let told = plan.blocked.iter().find(|told| told.reason == Reason::InvalidConfiguration);
        let told = told.map(|told| told.message.as_str()).unwrap_or_default();
        for fault in platform.iter().flat_map(|platform| &platform.faults) {
            prop_assert!(told.contains(&fault.to_string()), "{} in {}", fault, told);
        }
        prop_assert!(told.contains("ConfigMap"), "{:?}", plan);
    }

    #[test]
    fn nothing_is_made_by_values_that_nobody_chose(platform in platforms()) {
        let world = || World::blank().with(|world| {
            world.observed.finalizer = true;
            world.observed.instance = absent(3);
            world.observed.secret = SecretState::Ours(HeldSecret {
                password_pending: true,
                noted: Noted::Nothing,
                ..World::settled().held().clone()
            });
        });
        let plan = planned(world(), &json!({"size": "db.t3.small"}), platform.as_ref(), false);
        let makes = plan.actions.iter().any(|action| matches!(action, Action::Create(_)));
        let faults: Vec<_> = platform.iter().flat_map(|platform| &platform.faults).collect();
        prop_assert!(!makes || platform.is_some() && faults.is_empty(), "{:?}", plan);
        if !makes {
            prop_assert_eq!(&plan.actions, &[]);
        }
        let told: Vec<_> = plan.blocked.iter().map(|told| told.message.as_str()).collect();
        for fault in faults {
            prop_assert!(told.concat().contains(&fault.to_string()), "{} in {:?}", fault, told);
        }
    }

    #[test]
    fn a_deletion_keeps_a_snapshot_unless_two_say_that_it_need_not(data in entries(), policy in prop::sample::select(vec!["Delete", "Snapshot", "Retain"])) {
        let allows = data.get("policy.minimumDeletionPolicy").is_some_and(|text| text.trim() == "Delete");
        let platform = Configuration::read(&data);
        let spec = json!({"deletionPolicy": policy});
        for action in planned(World::settled(), &spec, Some(&platform), true).actions {
            match action {
                Action::Delete(request) => {
                    prop_assert!(policy != "Retain");
                    prop_assert!(request.final_snapshot.is_some() || allows && policy == "Delete", "{:?}", request);
                }
                Action::Release { .. } => prop_assert!(policy == "Retain"),
                other => prop_assert!(false, "{:?}", other),
            }
        }
    }
}

#[test]
fn the_cases_meet_what_they_are_about() {
    let good = configuration(&[]);
    let mut spec = settled_spec();
    spec["size"] = json!("db.m6g.large");
    let plan = planned(World::settled(), &spec, Some(&good), false);
    assert!(
        matches!(plan.actions.as_slice(), [Action::Modify(_)]),
        "{plan:?}"
    );
    let Presence::Present(instance) = World::settled().observed.instance else {
        panic!("the settled world has no instance")
    };
    assert_eq!(instance.lacks, None);
}
