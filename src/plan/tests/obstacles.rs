//! What cannot be followed, observed or done.

use jiff::SignedDuration;
use stow_versions::status::Reason;

use super::world::{World, decides, now};
use crate::plan::{Failed, Goal, Obstacle, Presence};
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
                |w: &mut World| w.observed.instance = Presence::Unreadable(error.clone());
            decides(world, unreadable, want);
        }
    }
}

#[test]
fn what_failed_is_not_tried_again_before_its_time() {
    let failed = |seconds: i64, reason: Reason| {
        World::leaving().with(|w| {
            let action = w.plan().actions.remove(0);
            let retry_at = now() + SignedDuration::from_secs(seconds);
            w.observed.failed = Some(Failed {
                action,
                obstacle: Obstacle::new(reason, "x"),
                retry_at,
            });
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
        w.desired.goal = Goal::Gone {
            final_snapshot: "another".into(),
        }
    };
    decides(failed(1, Reason::QuotaExceeded), another, "delete(another)");
}
