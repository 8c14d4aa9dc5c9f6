//! Letting a database go.

use stow_versions::status::Reason;
use stow_versions::v1beta1::DeletionPolicy;

use super::world::{Change, FINAL_SNAPSHOT, World, absent, absent_for, decides, told};
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

#[test]
fn a_database_that_may_live_elsewhere_is_let_go_by_a_word_alone() {
    let gone = |change: Change| {
        World::leaving().with(|w| {
            w.observed.instance = absent(2);
            change(w);
        })
    };
    let elsewhere: Change = |w| w.observed.elsewhere = Some("arn:elsewhere".into());
    let renamed: Change = |w| w.observed.copy = Some("renamed".into());
    for (change, name) in [(elsewhere, "arn:elsewhere"), (renamed, "renamed")] {
        let plan = gone(change).plan();
        assert_eq!(told(&plan), "!InstanceMissing");
        let message = &plan.blocked[0].message;
        for part in [name, "spec.deletionPolicy: Retain"] {
            assert!(message.contains(part), "{message}");
        }
        for (wanted, want) in [
            (DeletionPolicy::Retain, format!("-finalizer(leaves {name})")),
            (DeletionPolicy::Delete, "!InstanceMissing".to_owned()),
        ] {
            decides(gone(change), policy(wanted), &want);
        }
    }
    // What was made from an instance is no reason to keep the object that the
    // instance itself was deleted for, or that never had one.
    let went = |w: &mut World| {
        if let Presence::Absent { going, .. } = &mut w.observed.instance {
            *going = true;
        }
    };
    decides(gone(renamed), went, "-finalizer");
    let never = |w: &mut World| w.observed.recorded = false;
    decides(gone(renamed), never, "-finalizer");
}

#[test]
fn a_database_that_was_to_stay_is_not_said_to_have_had_a_snapshot() {
    for (wanted, says) in [
        (DeletionPolicy::Retain, "cannot keep it any more"),
        (DeletionPolicy::Snapshot, FINAL_SNAPSHOT),
    ] {
        let going = |w: &mut World| w.instance().status = "deleting".into();
        let plan = World::leaving().with(policy(wanted)).with(going).plan();
        let message = &plan.waiting[0].message;
        assert!(message.contains(says), "{message}");
        let names_it = message.contains(FINAL_SNAPSHOT);
        assert_eq!(names_it, wanted == DeletionPolicy::Snapshot, "{message}");
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
