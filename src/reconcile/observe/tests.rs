//! What counts as this object's: a Secret, and an instance.

mod fuzz;

use std::collections::BTreeMap;

use crate::plan::tests::world::World;
use crate::plan::{HeldSecret, Noted};

use super::*;

#[test]
fn a_secret_is_ours_by_type_label_and_owner_together() {
    let subject = Subject {
        cluster: "c".into(),
        namespace: "shop".into(),
        name: "orders".into(),
        uid: "u".into(),
    };
    let found = |name: &str, labelled, owner: Option<&str>, kind: &str| SecretRead::Found {
        held: HeldSecret {
            name: name.into(),
            uid: "s".into(),
            resource_version: "1".into(),
            data: BTreeMap::new(),
            password_pending: false,
            noted: Noted::This,
        },
        labelled,
        owners: owner.map(str::to_owned).into_iter().collect(),
        kind: kind.into(),
    };
    let judged = |read| match judge(&subject, read) {
        SecretState::Ours(_) => "ours",
        SecretState::Unmarked(_) => "unmarked",
        SecretState::Foreign(_) => "foreign",
        SecretState::Missing => "missing",
        SecretState::Unreadable(_) => "unreadable",
    };
    for (read, want) in [
        (found("db", true, Some("u"), "Opaque"), "ours"),
        (found("db", true, Some("u"), "kubernetes.io/tls"), "foreign"),
        (found("db", true, Some("another"), "Opaque"), "foreign"),
        (found("db", false, Some("u"), "Opaque"), "foreign"),
        (found("db", true, None, "Opaque"), "foreign"),
        (found("db", false, None, "Opaque"), "foreign"),
        (found("orders", false, None, "Opaque"), "unmarked"),
        (found("orders", false, Some("another"), "Opaque"), "foreign"),
        (SecretRead::Missing, "missing"),
    ] {
        assert_eq!(judged(read.clone()), want, "{read:?}");
    }
}

/// Whatever RDS leaves out, nothing is planned, be the object to stay or to go;
/// and no sweep that lists it counts as one that does not.
#[test]
fn an_instance_that_rds_half_describes_is_there_and_no_more() {
    for world in [World::settled(), World::leaving()] {
        for recorded in [true, false] {
            let half = |world: &mut World| {
                world.observed.recorded = recorded;
                world.observed.finalizer = true;
                world.instance().lacks = Some("DBInstanceClass");
                world.instance().class = String::new();
                let found = described(world.instance());
                world.observed.instance = found;
            };
            let plan = clone(&world).with(half).plan();
            assert_eq!(plan.actions, []);
            let [told] = plan.waiting.as_slice() else {
                panic!("{plan:?}")
            };
            assert_eq!(told.reason, Reason::Unreachable);
            let said = "RDS describes instance orders-0b5a without DBInstanceClass.";
            assert!(told.message.starts_with(said), "{}", told.message);
            // Had it been taken for whole, it would be no less safe.
            let taken = |world: &mut World| {
                half(world);
                let mut instance = World::settled().instance().clone();
                instance.lacks = Some("DBInstanceClass");
                world.observed.instance = Presence::Present(Box::new(instance));
            };
            assert_eq!(clone(&world).with(taken).plan().actions, []);
        }
    }
}

fn clone(world: &World) -> World {
    World {
        desired: world.desired.clone(),
        observed: world.observed.clone(),
    }
}
