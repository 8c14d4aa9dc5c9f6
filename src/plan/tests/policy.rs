//! What the platform does not allow, or has not decided: a database that runs
//! stays as it is.

use stow_versions::status::Reason;

use super::world::{World, database};
use crate::plan::{Action, Noted, Obstacle, TAG_UID, Undecided};

#[test]
fn what_is_denied_is_said_and_nothing_is_done_about_it() {
    let obstacle = Obstacle::new(Reason::NotAllowed, "policy.classes");
    let world = World::settled().with(|world| {
        world.database().class = None;
        world.database().denied = Some(obstacle.clone());
    });
    let plan = world.plan();
    assert_eq!(plan.actions, []);
    assert_eq!(plan.blocked, [obstacle]);
}

#[test]
fn what_is_undecided_is_said_only_where_it_would_change_something() {
    let obstacle = Obstacle::new(Reason::InvalidConfiguration, "policy.maxStorge");
    for (storage, team, said) in [
        (Some(100), "shop", false),
        (None, "shop", false),
        (Some(200), "shop", true),
        (Some(100), "other", true),
    ] {
        let mut wanted = database();
        wanted.storage = storage;
        wanted.tags.insert("team".into(), team.into());
        let world = World::settled().with(|world| {
            let kept = world.database();
            kept.class = None;
            kept.storage = None;
            kept.storage_type = None;
            kept.tags.clear();
            kept.undecided = Some(Box::new(Undecided {
                obstacle: obstacle.clone(),
                database: wanted,
            }));
        });
        let plan = world.plan();
        assert_eq!(plan.actions, [], "{storage:?} {team}");
        let expected = if said {
            vec![obstacle.clone()]
        } else {
            Vec::new()
        };
        assert_eq!(plan.blocked, expected, "{storage:?} {team}");
    }
}

#[test]
fn required_tags_go_over_those_of_the_spec_and_under_our_own() {
    let mut world = World::blank().with(|world| {
        world.observed.secret = World::settled().observed.secret;
        world.database().required_tags = [("team".into(), "platform".into())].into();
        if let Ok(creation) = &mut world.database().creation {
            creation.settings.backup_retention = Some(14);
        }
    });
    world.held().password_pending = true;
    world.held().noted = Noted::Nothing;
    let plan = world.plan();
    let create = plan.actions.iter().find_map(|action| match action {
        Action::Create(request) => Some(request),
        _ => None,
    });
    let create = create.unwrap_or_else(|| panic!("{plan:?}"));
    assert_eq!(create.tags["team"], "platform");
    assert_eq!(create.settings.backup_retention, Some(14));
    assert!(create.tags.contains_key(TAG_UID));
}

#[test]
fn required_tags_that_a_running_database_lacks_are_told_and_not_added() {
    let tag = |value: &str| ("cost".to_owned(), value.to_owned());
    for (wanted, has, told) in [
        (None, None, Some("tags cost=4711")),
        (None, Some("4712"), Some("tags cost=4711")),
        (None, Some("4711"), None),
        // It is about to be added.
        (Some("4711"), None, None),
    ] {
        let world = World::settled().with(|world| {
            world.database().required_tags = [tag("4711")].into();
            world.database().tags.extend(wanted.map(tag));
            world.instance().tags.extend(has.map(tag));
        });
        let plan = world.plan();
        let case = format!("{wanted:?} {has:?}: {plan:?}");
        assert_eq!(plan.actions.len(), usize::from(wanted.is_some()), "{case}");
        assert_eq!(plan.blocked, [], "{case}");
        let what = plan.pending.first().and_then(|change| change.what.clone());
        assert_eq!(what.as_deref(), told, "{case}");
    }
}
