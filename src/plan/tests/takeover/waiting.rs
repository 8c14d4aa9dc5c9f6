//! A takeover whose tags do not come at once: what was inherited stands.

use jiff::SignedDuration;
use stow_versions::status::Reason;

use super::super::world::{Change, World, decides, now};
use super::{TAGS, say, since_2017};
use crate::plan::{Action, Failed, Obstacle};

/// A takeover in which the instance does not get its tags.
fn waits_for_tags(world: &mut World) {
    for action in world.plan().actions {
        match action {
            Action::AddFinalizer => world.observed.finalizer = true,
            Action::NoteInherited(inherited) => world.observed.inherited = Some(inherited),
            Action::AddTags { .. } => break,
            action => panic!("{action:?}"),
        }
    }
    world.observed.reported = true;
}

/// What was inherited is noted once, however often the tags are tried.
#[test]
fn an_edit_while_the_tags_are_withheld_is_not_inherited() {
    let paused = |w: &mut World| w.desired.paused = true;
    let read_only = |w: &mut World| w.observed.read_only = true;
    let refused = |w: &mut World| {
        let tags = |action: &Action| matches!(action, Action::AddTags { .. });
        let action = w.plan().actions.into_iter().find(tags).unwrap();
        w.observed.failed = vec![Failed {
            action,
            obstacle: Obstacle::new(Reason::AccessDenied, "x"),
            retry_at: now() + SignedDuration::from_secs(1),
        }];
    };
    let ways: [(Change, &str); 3] = [
        (paused, "!Paused"),
        (read_only, "!Paused"),
        (refused, "!AccessDenied"),
    ];
    for (withheld, told) in ways {
        for said in [&[][..], &[("multiAZ", "true")]] {
            let waiting = || since_2017(said).with(withheld).with(waits_for_tags);
            decides(waiting(), |_| {}, told);
            let edit = |w: &mut World| say(w, "size", "db.m6g.xlarge");
            decides(waiting(), edit, told);
            let noted = waiting().observed.inherited.unwrap();
            assert_eq!(noted.len(), said.len(), "{told}");

            let again = |w: &mut World| {
                w.desired.paused = false;
                w.observed.read_only = false;
                w.observed.failed.clear();
                w.observed.finalizer = true;
                edit(w);
            };
            decides(
                waiting(),
                again,
                &format!("{TAGS} modify(db.m6g.xlarge,now)"),
            );
        }
    }
    // What was inherited may be edited away, all of it, and then more.
    let waiting = || {
        let world = since_2017(&[("multiAZ", "true")]).with(paused);
        world.with(waits_for_tags)
    };
    let edit = |w: &mut World| say(w, "multiAZ", "false");
    decides(waiting(), edit, "inherits() !Paused");
    let edited = waiting().with(edit).with(waits_for_tags);
    decides(edited, |w| say(w, "multiAZ", "true"), "!Paused");
}

/// Whoever only tries what the spec would do forgets nothing by it.
#[test]
fn the_command_taken_back_before_anything_changed_is_as_if_never_given() {
    let paused = |w: &mut World| w.desired.paused = true;
    let read_only = |w: &mut World| w.observed.read_only = true;
    for withheld in [paused as Change, read_only] {
        let said = [("size", "db.m6g.xlarge")];
        let tried = |w: &mut World| {
            withheld(w);
            w.desired.applies_at_once = true;
            waits_for_tags(w);
        };
        let first = since_2017(&said).with(tried);
        let later = since_2017(&said).with(withheld).with(waits_for_tags);
        for world in [first, later.with(tried)] {
            let taken_back = |w: &mut World| {
                w.desired.applies_at_once = false;
                w.desired.paused = false;
                w.observed.read_only = false;
                w.observed.finalizer = true;
            };
            decides(world, taken_back, TAGS);
        }
    }
}
