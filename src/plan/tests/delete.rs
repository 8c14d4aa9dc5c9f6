//! Letting a database go.

use stow_versions::status::Reason;
use stow_versions::v1beta1::DeletionPolicy;

use super::world::{Change, World, absent, absent_for, decides};
use crate::plan::{Goal, Obstacle, Presence, SecretState};

#[test]
fn deletion_takes_a_final_snapshot_and_waits_until_the_instance_is_gone() {
    let rows: [(Change, &str); 14] = [
        (|_| {}, "delete(orders-0b5a-20261122010203)"),
        (|w| w.instance().status = "creating".into(), "~Deleting"),
        (|w| w.instance().status = "backing-up".into(), "~Deleting"),
        (
            |w| w.instance().status = "never-heard-of".into(),
            "~Deleting",
        ),
        (|w| w.instance().status = "deleting".into(), "~Deleting"),
        (
            |w| w.instance().status = "failed".into(),
            "!IncompatibleState",
        ),
        (
            |w| w.instance().status = "incompatible-network".into(),
            "!IncompatibleState",
        ),
        (
            |w| w.instance().settings.deletion_protection = Some(true),
            "!IncompatibleState",
        ),
        (
            |w| w.instance().read_replicas.push("replica".into()),
            "!IncompatibleState",
        ),
        (|w| w.observed.instance = Presence::Unknown, "~Deleting"),
        // One sweep that does not list it proves nothing.
        (|w| w.observed.instance = absent(1), "~Deleting"),
        (|w| w.observed.instance = absent(2), "-finalizer"),
        // Neither the Secret nor another instance matters.
        (
            |w| {
                w.observed.secret = SecretState::Foreign("x".into());
                w.observed.copy = Some("restored".into());
            },
            "delete(orders-0b5a-20261122010203)",
        ),
        (|w| w.observed.finalizer = false, ""),
    ];
    for (change, want) in rows {
        decides(World::leaving(), change, want);
    }
}

#[test]
fn an_instance_that_nobody_ever_saw_must_be_absent_for_longer() {
    for (recorded, seconds, want) in [
        (true, 0, "-finalizer"),
        // A create that was under way may still take effect.
        (false, 59, "~Deleting"),
        (false, 60, "-finalizer"),
    ] {
        let change = |w: &mut World| {
            w.observed.recorded = recorded;
            w.observed.instance = absent_for(2, seconds);
        };
        decides(World::leaving(), change, want);
    }
}

/// How the object goes.
fn policy(wanted: DeletionPolicy) -> impl FnOnce(&mut World) {
    move |w| {
        if let Goal::Gone { policy, .. } = &mut w.desired.goal {
            *policy = Ok(wanted);
        }
    }
}

#[test]
fn a_database_that_is_to_stay_stays_and_its_object_goes() {
    let rows: [(Change, &str); 6] = [
        (|_| {}, "-finalizer(leaves orders-0b5a)"),
        // Nothing about the instance is in the way: nothing is done to it.
        (
            |w| w.instance().status = "creating".into(),
            "-finalizer(leaves orders-0b5a)",
        ),
        (
            |w| w.instance().settings.deletion_protection = Some(true),
            "-finalizer(leaves orders-0b5a)",
        ),
        (|w| w.observed.instance = Presence::Unknown, "~Deleting"),
        (|w| w.observed.instance = absent(2), "-finalizer"),
        // Somebody deletes it all the same.
        (|w| w.instance().status = "deleting".into(), "~Deleting"),
    ];
    for (change, want) in rows {
        let world = World::leaving().with(policy(DeletionPolicy::Retain));
        decides(world, change, want);
    }
}

#[test]
fn a_database_that_is_to_go_goes_without_a_snapshot() {
    let rows: [(Change, &str); 4] = [
        (|_| {}, "delete(no snapshot)"),
        // RDS deletes what it takes no snapshot of.
        (
            |w| w.instance().status = "failed".into(),
            "delete(no snapshot)",
        ),
        (
            |w| w.instance().read_replicas.push("replica".into()),
            "!IncompatibleState",
        ),
        (
            |w| w.instance().settings.deletion_protection = Some(true),
            "!IncompatibleState",
        ),
    ];
    for (change, want) in rows {
        let world = World::leaving().with(policy(DeletionPolicy::Delete));
        decides(world, change, want);
    }
}

#[test]
fn a_policy_that_cannot_be_followed_deletes_nothing() {
    let denied = |w: &mut World| {
        if let Goal::Gone { policy, .. } = &mut w.desired.goal {
            *policy = Err(Obstacle::new(Reason::NotAllowed, "x"));
        }
    };
    decides(World::leaving(), denied, "!NotAllowed");
    let gone = |w: &mut World| {
        denied(w);
        w.observed.instance = absent(2);
    };
    decides(World::leaving(), gone, "-finalizer");
}

#[test]
fn protection_is_lifted_by_the_spec_alone() {
    for (stated, want, says) in [
        (Some(false), "modify(deletionProtection false)", ""),
        (Some(true), "!IncompatibleState", "write false there"),
        (None, "!IncompatibleState", "did not ask for it"),
    ] {
        let world = World::leaving().with(|w| {
            w.instance().settings.deletion_protection = Some(true);
            if let Goal::Gone {
                deletion_protection,
                ..
            } = &mut w.desired.goal
            {
                *deletion_protection = stated;
            }
        });
        let plan = world.plan();
        let told: String = plan.blocked.iter().map(|o| o.message.as_str()).collect();
        assert!(told.contains(says), "{told}");
        decides(world, |_| {}, want);
    }
}
