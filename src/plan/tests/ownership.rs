//! Whose an instance is, and what follows.

use super::world::{Change, World, decides, told};
use crate::plan::{
    Action, Presence, SecretState, TAG_CLUSTER, TAG_IDENTIFIER, TAG_OBJECT, TAG_UID, made_for,
};

fn set(world: &mut World, tag: &str, value: &str) {
    world.instance().tags.insert(tag.into(), value.into());
}

#[test]
fn an_instance_that_is_not_ours_is_never_touched() {
    let foreign: [Change; 9] = [
        |w| w.instance().lacks = Some("DBInstanceClass"),
        |w| w.instance().tags.clear(),
        |w| set(w, TAG_CLUSTER, "another"),
        |w| set(w, TAG_UID, "another"),
        |w| set(w, TAG_IDENTIFIER, "its-source"),
        |w| drop(w.instance().tags.remove(TAG_CLUSTER)),
        |w| drop(w.instance().tags.remove(TAG_IDENTIFIER)),
        |w| w.instance().engine = "mysql".into(),
        |w| {
            for key in [TAG_CLUSTER, TAG_UID, TAG_OBJECT, TAG_IDENTIFIER] {
                w.instance().tags.remove(key);
            }
            w.instance()
                .tags
                .insert("Namespace".into(), "another".into());
        },
    ];
    for change in foreign {
        let differs = |w: &mut World| {
            change(w);
            w.database().class = Some("db.m6g.large".into());
            w.observed.secret = SecretState::Missing;
        };
        decides(World::settled(), differs, "!NotOwned");
        decides(World::leaving(), change, "!NotOwned");
        // It never was ours, by its own word: the object is free to go. Where
        // the tags only lack, it may be ours all the same.
        let never = |w: &mut World| {
            change(w);
            w.observed.recorded = false;
        };
        let world = World::leaving().with(never);
        let says_so = world.is_foreign();
        let want = if says_so { "-finalizer" } else { "!NotOwned" };
        let plan = world.plan();
        assert_eq!(told(&plan), want);
        // Its Event does not say that there is none.
        for action in &plan.actions {
            assert!(matches!(action, Action::Release { .. }), "{action:?}");
        }
    }
}

#[test]
fn an_instance_of_2017_takes_our_tags_before_anything_else() {
    let of_2017 = |w: &mut World| {
        for key in [
            TAG_CLUSTER,
            TAG_UID,
            TAG_OBJECT,
            TAG_IDENTIFIER,
            "Created By",
        ] {
            w.instance().tags.remove(key);
        }
        w.observed.finalizer = false;
    };
    let tags = "tag(Created By,stow.myob.com/cluster,stow.myob.com/identifier,stow.myob.com/object,stow.myob.com/uid)";
    let want = format!("inherits() +finalizer {tags}");
    decides(World::settled(), of_2017, &want);
    let leaving = |w: &mut World| {
        of_2017(w);
        w.observed.finalizer = true;
    };
    let plan = World::leaving().with(leaving).plan();
    assert!(
        matches!(plan.actions.as_slice(), [Action::AddTags { .. }]),
        "{plan:?}"
    );
}

#[test]
fn an_instance_says_which_object_it_was_made_for() {
    let world = World::settled();
    let Presence::Present(instance) = &world.observed.instance else {
        panic!("the settled world has no instance")
    };
    let subject = &world.desired.subject;
    let found = made_for(&subject.cluster, instance).expect("its tags say so");
    assert_eq!(found.namespace, subject.namespace);
    assert_eq!(found.name, subject.name);
    assert_eq!(found.uid, subject.uid);
    assert_eq!(made_for("another", instance), None);
    // A restore has the tags of what it was made from.
    let mut copy = instance.clone();
    copy.identifier = "restored".into();
    assert_eq!(made_for(&subject.cluster, &copy), None);
    for key in [TAG_CLUSTER, TAG_UID, TAG_OBJECT, TAG_IDENTIFIER] {
        let mut less = instance.clone();
        less.tags.remove(key);
        assert_eq!(made_for(&subject.cluster, &less), None, "{key}");
    }
}
