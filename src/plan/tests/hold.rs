//! What is planned and not done now.

use jiff::SignedDuration;
use stow_versions::status::Reason;

use super::world::{World, decides, now, told};
use crate::plan::{Action, BURST, Failed, Obstacle, allowed_at};

/// RDS was asked so many times, each a second after the one before, the last
/// of them so many seconds ago.
fn asked(world: &mut World, times: usize, seconds: i64) {
    let earlier = (0..times).rev().zip(seconds..);
    let mut asked: Vec<_> = earlier
        .map(|(_, ago)| now() - SignedDuration::from_secs(ago))
        .collect();
    asked.reverse();
    world.observed.asked = asked;
}

fn edited(times: usize, seconds: i64) -> World {
    World::settled().with(|w| {
        w.database().settings.backup_window = Some("01:00-02:00".into());
        asked(w, times, seconds);
    })
}

const EDIT: &str = "modify(backup.window 01:00-02:00)";

#[test]
fn an_object_that_is_rewritten_without_end_is_not_a_storm_of_calls() {
    for (times, seconds, want) in [
        (BURST - 1, 0, EDIT),
        (BURST, 0, "~Throttled"),
        // The first of them was nine seconds before the last.
        (BURST, 50, "~Throttled"),
        (BURST, 51, EDIT),
    ] {
        decides(edited(times, seconds), |_| {}, want);
        let held = allowed_at(&edited(times, seconds).observed, now());
        assert_eq!(held.is_some(), want != EDIT);
    }
    // Tags are calls too.
    let tagged = |w: &mut World| drop(w.database().tags.insert("team".into(), "x".into()));
    decides(edited(BURST, 0), tagged, "~Throttled");
    // One plan spends no more than is left.
    decides(edited(BURST - 1, 0), tagged, &format!("{EDIT} ~Throttled"));
    // Nothing else waits for it.
    let leaving = World::leaving().with(|w| asked(w, BURST, 0));
    decides(leaving, |_| {}, "delete(orders-0b5a-20261122010203)");
}

#[test]
fn an_upgrade_is_not_noted_before_rds_may_be_asked() {
    let upgrade = || {
        World::settled().with(|w| {
            w.instance().engine_version = Some("16.4".into());
            w.database().engine_version = Some("17".into());
            w.database().allow_major_version_upgrade = true;
        })
    };
    let wanted = "note(17) modify(version=17,major,now)";
    decides(upgrade(), |w| asked(w, BURST, 0), "~Throttled");
    decides(upgrade(), |w| asked(w, BURST - 1, 0), wanted);
    // Nor is RDS asked where the note could not be taken.
    let unnoted = |w: &mut World| {
        w.observed.failed = vec![Failed {
            action: w.plan().actions.remove(0),
            obstacle: Obstacle::new(Reason::AccessDenied, "x"),
            retry_at: now() + SignedDuration::from_secs(1),
        }];
    };
    decides(upgrade(), unnoted, "!AccessDenied");
}

#[test]
fn a_password_is_not_held_back_for_having_been_accepted_before() {
    let mut world = World::settled().with(|w| w.held().password_pending = true);
    let send = world.plan();
    assert_eq!(told(&send), "modify(password=p/w)");
    let [Action::Modify(_)] = send.actions.as_slice() else {
        panic!("{send:?}")
    };
    world.observed.issued = vec![(send.actions[0].clone(), now())];
    assert_eq!(world.plan(), send);
}
