//! Letting a database go.

use super::world::{Change, World, absent, absent_for, decides};
use crate::plan::{Presence, SecretState};

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
            |w| w.instance().deletion_protection = true,
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
