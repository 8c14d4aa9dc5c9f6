//! What becomes of an instance of 2017: nothing, until its spec says something
//! new.

use std::collections::BTreeMap;

use stow_versions::status::Reason;

use super::world::{World, decides, secret};
use crate::plan::{
    Action, Database, Goal, Obstacle, SecretState, TAG_CLUSTER, TAG_IDENTIFIER, TAG_OBJECT,
    TAG_UID, Undecided, takeover,
};
use crate::rds::Settings;

mod password;
mod waiting;

const TAGS: &str = "tag(Created By,stow.myob.com/cluster,stow.myob.com/identifier,stow.myob.com/object,stow.myob.com/uid)";

/// What the operator of 2017 left, with what its spec says beside the world's.
fn since_2017(said: &[(&str, &str)]) -> World {
    World::settled().with(|world| {
        world.observed.finalizer = false;
        world.observed.reported = false;
        let instance = world.instance();
        for key in [TAG_CLUSTER, TAG_UID, TAG_OBJECT, TAG_IDENTIFIER] {
            instance.tags.remove(key);
        }
        instance
            .tags
            .insert("Created By".into(), "postgresdb-controller".into());
        let mut old = secret(&instance.clone());
        old.data
            .insert("DB_HOST".into(), "orders.rds.example:5432".into());
        world.observed.secret = SecretState::Unmarked(old);
        say(world, "size", "db.t3.small");
        for (path, text) in said {
            say(world, path, text);
        }
    })
}

/// Has the spec say something, and the database with it.
fn say(world: &mut World, path: &str, text: &str) {
    world.desired.stated.insert(path.into(), text.into());
    let database = world.database();
    let number = || text.trim_end_matches("Gi").parse().ok();
    match path {
        "size" => database.class = Some(text.into()),
        "storage" => database.storage = number(),
        "storageType" => database.storage_type = Some(text.into()),
        "iops" => database.iops = number(),
        "multiAZ" => database.multi_az = Some(text == "true"),
        "engineVersion" => database.engine_version = Some(text.into()),
        "deletionProtection" => database.settings.deletion_protection = Some(text == "true"),
        "tags.team" => drop(database.tags.insert("team".into(), text.into())),
        _ => panic!("{path}"),
    }
}

/// Carries out what a plan does to Kubernetes and to tags: nothing else is in it.
fn take_over(world: &mut World) {
    for action in world.plan().actions {
        match action {
            Action::AddFinalizer => world.observed.finalizer = true,
            Action::NoteInherited(inherited) => world.observed.inherited = Some(inherited),
            Action::AddTags { tags, .. } => world.instance().tags.extend(tags),
            Action::UpdateSecret { content, .. } => world.held().data.extend(content.data),
            action => panic!("{action:?}"),
        }
    }
    world.observed.reported = true;
}

/// Each row: what the spec says at the takeover, what is noted of it, and what the
/// object shows as pending.
#[test]
fn what_the_instance_is_not_is_noted_before_it_takes_our_tags() {
    let gp2_since = [("storageType", "gp2"), ("storage", "50Gi")];
    for (said, noted) in [
        (&[][..], ""),
        (&[("multiAZ", "false"), ("storage", "100Gi")], ""),
        // Less than there is would be no change.
        (&[("storage", "50Gi")], ""),
        (&[("multiAZ", "true")], "multiAZ=true"),
        (&[("size", "db.m6g.large")], "size=db.m6g.large"),
        (&[("storage", "200Gi")], "storage=200Gi"),
        (&gp2_since, "storageType=gp2"),
        (
            &[("storageType", "io1"), ("iops", "1000")],
            "iops=1000,storageType=io1",
        ),
        (&[("tags.team", "till")], "tags.team=till"),
        (&[("engineVersion", "17.4")], ""),
        (&[("engineVersion", "17.6")], "engineVersion=17.6"),
        (&[("engineVersion", "18")], "engineVersion=18"),
        (&[("deletionProtection", "true")], "deletionProtection=true"),
    ] {
        let world = since_2017(said);
        let want = format!("inherits({noted}) +finalizer {TAGS}");
        decides(world, |_| {}, &want);

        let mut world = since_2017(said);
        take_over(&mut world);
        let plan = world.plan();
        assert_eq!(plan.actions, [], "{said:?}");
        assert_eq!(plan.blocked, [], "{said:?}");
        let whats: Vec<_> = plan
            .pending
            .iter()
            .filter_map(|it| it.what.clone())
            .collect();
        assert_eq!(whats.join(","), noted.replace('=', " "), "{said:?}");
        for pending in &plan.pending {
            let why = pending.why.as_deref().unwrap_or_default();
            let command =
                "kubectl annotate -n shop postgresdb orders stow.myob.com/apply-spec=true";
            assert!(why.contains(command), "{why}");
        }
    }
}

#[test]
fn an_edit_after_the_takeover_counts_and_nothing_beside_it() {
    let said = [("size", "db.m6g.large"), ("multiAZ", "true")];
    let taken = || since_2017(&said).with(take_over);
    let edit = |w: &mut World| say(w, "size", "db.m6g.xlarge");
    let want = "inherits(multiAZ=true) modify(db.m6g.xlarge,now)";
    decides(taken(), edit, want);
    // Once forgotten it stays so, also where the old text comes back.
    let forgotten = |w: &mut World| {
        edit(w);
        w.observed.inherited.as_mut().unwrap().remove("size");
        say(w, "size", "db.m6g.large");
    };
    decides(taken(), forgotten, "modify(db.m6g.large,now)");
    // A field that is taken out is nobody's wish any more.
    let removed = |w: &mut World| {
        w.desired.stated.remove("size");
        w.database().class = None;
    };
    decides(taken(), removed, "inherits(multiAZ=true)");
    // Whoever writes what there is has it kept from then on.
    let same = |w: &mut World| say(w, "multiAZ", "false");
    decides(taken(), same, "inherits(size=db.m6g.large)");
    // Or it was made so at AWS.
    let made = |w: &mut World| w.instance().multi_az = true;
    decides(taken(), made, "inherits(size=db.m6g.large)");
    // By a word, all of it.
    let word = |w: &mut World| w.desired.applies_at_once = true;
    decides(
        taken(),
        word,
        "inherits() modify(db.m6g.large,multiAZ=true,now)",
    );
    let at_once = format!("inherits() +finalizer {TAGS} modify(db.m6g.large,multiAZ=true,now)");
    decides(since_2017(&said), word, &at_once);
    // What drifts later of what the spec says is mended, as of any other instance.
    let drifted = |w: &mut World| w.instance().class = "db.t3.large".into();
    decides(
        since_2017(&[]).with(take_over),
        drifted,
        "modify(db.t3.small,now)",
    );
}

#[test]
fn a_spec_that_cannot_be_followed_is_taken_over_too() {
    let unclear = |w: &mut World| {
        w.desired.goal = Goal::Unclear {
            message: "storage is \"ten\".".into(),
        };
    };
    let said = [("multiAZ", "true")];
    let inherits = "inherits(multiAZ=true,size=db.t3.small)";
    let want = format!("{inherits} +finalizer {TAGS} !InvalidSpec");
    decides(since_2017(&said), unclear, &want);
    let mut world = since_2017(&said).with(unclear).with(take_over);
    decides(
        since_2017(&said).with(unclear).with(take_over),
        |_| {},
        "!InvalidSpec",
    );
    // Who mends one field does not ask for another.
    world.desired.goal = World::settled().desired.goal;
    say(&mut world, "multiAZ", "true");
    say(&mut world, "storage", "200Gi");
    decides(world, |_| {}, "inherits(multiAZ=true) modify(200GiB,now)");
}

/// What a policy leaves out today is not made once it is allowed.
#[test]
fn what_is_not_allowed_is_inherited_all_the_same() {
    let said = [("size", "db.m6g.large")];
    let denied = |w: &mut World| w.database().class = None;
    let mut world = since_2017(&said).with(denied).with(take_over);
    assert_eq!(
        world.observed.inherited,
        Some(BTreeMap::from([(
            "size".to_owned(),
            "db.m6g.large".to_owned()
        )]))
    );
    say(&mut world, "size", "db.m6g.large");
    decides(world, |_| {}, "");
    // Nor is it what an unreadable policy would decide on.
    let undecided = |w: &mut World| {
        let database = w.database();
        let obstacle = Obstacle::new(Reason::InvalidConfiguration, "unreadable");
        let all = database.clone();
        database.undecided = Some(Box::new(Undecided {
            obstacle,
            database: all,
        }));
    };
    let taken = since_2017(&said).with(undecided).with(take_over);
    decides(taken, |_| {}, "");
}

/// Who goes back to the old operator, and comes again, finds the instance with
/// Stow's tags and a status that knows nothing of it.
#[test]
fn what_is_taken_over_once_more_is_left_as_it_is_too() {
    let said = [("multiAZ", "true")];
    let went_back = |w: &mut World| {
        take_over(w);
        (w.observed.finalizer, w.observed.reported) = (false, false);
        w.observed.inherited = None;
    };
    let want = "inherits(multiAZ=true) +finalizer";
    decides(since_2017(&said), went_back, want);
    // Or whose finalizer nobody took off.
    let held = |w: &mut World| {
        went_back(w);
        w.observed.finalizer = true;
    };
    decides(since_2017(&said), held, "inherits(multiAZ=true)");
    // What is being created was nobody's before.
    let creating = |w: &mut World| {
        w.observed.reported = false;
        w.instance().status = "creating".into();
        say(w, "multiAZ", "true");
    };
    decides(World::settled(), creating, "~Creating ~InProgress");
    decides(
        since_2017(&said).with(went_back).with(take_over),
        |_| {},
        "",
    );
    // A client that replaces an object of Stow's takes off the finalizer alone.
    let replaced = |w: &mut World| {
        w.observed.finalizer = false;
        say(w, "multiAZ", "true");
    };
    let want = "+finalizer modify(multiAZ=true,now)";
    decides(World::settled(), replaced, want);
}

/// Nothing that can change is left out of what is noted.
#[test]
fn every_part_of_a_database_that_changes_has_a_path() {
    let all = Settings {
        port: Some(1),
        backup_retention: Some(1),
        backup_window: Some("a".into()),
        maintenance_window: Some("a".into()),
        auto_minor_version_upgrade: Some(true),
        parameter_group: Some("a".into()),
        security_groups: Some(["a".into()].into()),
        publicly_accessible: Some(true),
        iam_authentication: Some(true),
        performance_insights: Some(true),
        enhanced_interval: Some(1),
        log_exports: Some(["a".into()].into()),
        extended_support: Some(true),
        deletion_protection: Some(true),
    };
    let mut world = World::settled();
    *world.database() = Database {
        class: Some("a".into()),
        storage: Some(1),
        storage_type: Some("a".into()),
        iops: Some(1),
        throughput: Some(1),
        max_storage: Some(1),
        engine_version: Some("1".into()),
        multi_az: Some(true),
        settings: all,
        ..world.database().clone()
    };
    world.database().tags = BTreeMap::from([("a".into(), "b".into())]);
    for path in takeover::paths().iter().chain(&["tags.a"]) {
        let text = ((*path).to_owned(), "said".to_owned());
        world.desired.stated.extend([text.clone()]);
        world
            .observed
            .inherited
            .get_or_insert_default()
            .extend([text]);
    }
    (world.observed.finalizer, world.observed.reported) = (false, false);
    let instance = World::settled().instance().clone();
    let database = world.database().clone();
    let taken = takeover::Takeover::of(&world.desired, Some(&database), &instance, &world.observed);
    let remaining = taken.remaining(&database);
    let changes = crate::plan::modify::Changes::between(&remaining, &instance);
    assert_eq!(changes.parts(), []);
}
