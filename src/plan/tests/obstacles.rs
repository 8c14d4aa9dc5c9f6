//! What cannot be followed, observed or done.

use jiff::SignedDuration;
use stow_versions::status::Reason;

use super::world::{Change, World, absent, decides, instance, now, overwrite, secret, told};
use crate::plan::{Failed, FormerSecret, Goal, Obstacle, Presence, SecretState};
use crate::rds::{Error, Refusal};

#[test]
fn an_invalid_spec_changes_nothing_and_keeps_the_finalizer() {
    let unclear = |w: &mut World| {
        w.desired.goal = Goal::Unclear {
            message: "x".into(),
        }
    };
    decides(World::settled(), unclear, "!InvalidSpec");
    decides(World::blank(), unclear, "!InvalidSpec");
    let unheld = |w: &mut World| {
        unclear(w);
        w.observed.finalizer = false;
    };
    decides(World::settled(), unheld, "+finalizer !InvalidSpec");
}

#[test]
fn what_cannot_be_observed_is_not_acted_on() {
    let denied = Error::Refused {
        refusal: Refusal::Denied,
        action: "DescribeDBInstances",
        code: "AccessDenied".into(),
        message: "no".into(),
    };
    let throttled = Error::Throttled {
        action: "DescribeDBInstances",
    };
    for (error, want) in [(denied, "!AccessDenied"), (throttled, "~Throttled")] {
        for world in [World::settled(), World::blank(), World::leaving()] {
            let unreadable =
                |w: &mut World| w.observed.instance = Presence::Unreadable(Obstacle::from(&error));
            decides(world, unreadable, want);
        }
    }
}

#[test]
fn an_operator_that_is_read_only_says_what_it_would_do() {
    let read_only = |w: &mut World| w.observed.read_only = true;
    decides(World::settled(), read_only, "");
    for (world, would) in [
        (World::blank(), "create Secret orders"),
        (
            World::leaving(),
            "delete RDS instance orders-0b5a with final snapshot",
        ),
        (
            World::leaving().with(|w| w.observed.instance = absent(2)),
            "remove the finalizer",
        ),
        (
            World::settled().with(|w| w.database().class = Some("db.t3.large".into())),
            "modify RDS instance orders-0b5a (size db.t3.large)",
        ),
        (
            World::settled().with(|w| w.observed.finalizer = false),
            "add the finalizer",
        ),
    ] {
        let plan = world.with(read_only).plan();
        assert_eq!(told(&plan), "!Paused");
        let message = &plan.blocked[0].message;
        assert!(message.contains(would), "{message}");
        assert!(message.contains("--read-only"), "{message}");
    }
}

#[test]
fn what_failed_is_not_tried_again_before_its_time() {
    let failed = |seconds: i64, reason: Reason| {
        World::leaving().with(|w| {
            let action = w.plan().actions.remove(0);
            let retry_at = now() + SignedDuration::from_secs(seconds);
            w.observed.failed = vec![Failed {
                action,
                obstacle: Obstacle::new(reason, "x"),
                retry_at,
            }];
        })
    };
    decides(failed(1, Reason::QuotaExceeded), |_| {}, "!QuotaExceeded");
    decides(failed(1, Reason::Throttled), |_| {}, "~Throttled");
    decides(
        failed(0, Reason::QuotaExceeded),
        |_| {},
        "delete(orders-0b5a-20261122010203)",
    );
    // Another request is another attempt.
    let another = |w: &mut World| {
        if let Goal::Gone { final_snapshot, .. } = &mut w.desired.goal {
            *final_snapshot = "another".into();
        }
    };
    decides(failed(1, Reason::QuotaExceeded), another, "delete(another)");
}

#[test]
fn a_paused_object_changes_nothing_at_aws() {
    let paused = |w: &mut World| w.desired.paused = true;
    decides(World::settled(), paused, "");
    decides(World::blank(), paused, "+finalizer +secret(orders*)");
    let class = |w: &mut World| {
        paused(w);
        w.database().class = Some("db.t3.large".into());
        w.observed.finalizer = false;
    };
    decides(World::settled(), class, "+finalizer !Paused");
    let version = |w: &mut World| {
        paused(w);
        w.database().engine_version = Some("18".into());
        w.database().allow_major_version_upgrade = true;
    };
    // Nor is an upgrade noted that is not asked for.
    decides(World::settled(), version, "!Paused");
    decides(World::leaving(), paused, "!Paused");
    let plan = World::leaving().with(paused).plan();
    assert!(plan.blocked[0].message.contains("stow.myob.com/paused"));
    let gone = |w: &mut World| {
        paused(w);
        w.observed.instance = absent(2);
    };
    decides(World::leaving(), gone, "-finalizer");
}

#[test]
fn a_paused_object_is_given_no_password_that_rds_is_not_told() {
    let rows: [(Change, &str); 6] = [
        (|w| w.observed.secret = SecretState::Missing, "!Paused"),
        (|w| drop(w.held().data.remove("DB_PASSWORD")), "!Paused"),
        (|w| overwrite(w, "mine"), "!Paused"),
        (
            |w| {
                w.observed.secret = SecretState::Missing;
                w.instance().status = "backing-up".into();
            },
            "~InProgress !Paused",
        ),
        // What RDS has is still kept true.
        (|w| drop(w.held().data.remove("DB_HOST")), "secret(DB_HOST)"),
        (
            |w| {
                w.observed.secret = SecretState::Missing;
                w.observed.former_secret = Some(FormerSecret::Ours(secret(&instance())));
            },
            "+secret(orders)",
        ),
    ];
    for (change, want) in rows {
        let paused = |w: &mut World| {
            w.desired.paused = true;
            change(w);
        };
        decides(World::settled(), paused, want);
    }
}
