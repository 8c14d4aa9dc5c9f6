//! Keeping the Secret true.

use jiff::SignedDuration;
use stow_versions::status::Reason;

use super::world::{Change, World, decides, instance, now, overwrite, secret, sent, told};
use crate::plan::{
    Action, Failed, FormerSecret, Noted, Obstacle, SecretState, SentPassword, is_complete,
    password_of,
};
use crate::rds::Password;

#[test]
fn the_secret_is_kept_true() {
    let rows: [(Change, &str); 13] = [
        (|w| drop(w.held().data.remove("DB_HOST")), "secret(DB_HOST)"),
        (
            |w| drop(w.held().data.insert("DB_HOST".into(), "x".into())),
            "secret(DB_HOST)",
        ),
        // Keys that Stow does not know are somebody's.
        (
            |w| drop(w.held().data.insert("EXTRA".into(), "x".into())),
            "",
        ),
        (
            |w| w.observed.secret = SecretState::Missing,
            "+secret(orders*)",
        ),
        (
            |w| drop(w.held().data.remove("DB_PASSWORD")),
            "secret(DB_PASSWORD,*)",
        ),
        // RDS is told what somebody wrote, or the Secret would lie from then on.
        (
            |w| overwrite(w, "mine"),
            "secret(DATABASE_URL,*) modify(password=mine)",
        ),
        (
            |w| {
                overwrite(w, "mine");
                w.held().noted = Noted::Nothing;
            },
            "secret(DATABASE_URL,*) modify(password=mine)",
        ),
        // Not where RDS has accepted just that one, or where the URL says nothing.
        (
            |w| {
                w.held()
                    .data
                    .insert("DATABASE_URL".into(), "postgres://u:x@h/d".into());
                w.observed.sent_password = Some(sent("p/w"));
            },
            "secret(DATABASE_URL)",
        ),
        (
            |w| drop(w.held().data.insert("DATABASE_URL".into(), "x".into())),
            "secret(DATABASE_URL)",
        ),
        (|w| w.held().password_pending = true, "modify(password=p/w)"),
        (
            |w| {
                w.held().password_pending = true;
                w.observed.sent_password = Some(sent("p/w"));
            },
            "secret(settled)",
        ),
        (
            |w| {
                w.held().password_pending = true;
                w.instance().status = "backing-up".into();
            },
            "~InProgress ~InProgress",
        ),
        (
            |w| w.observed.secret = SecretState::Foreign("x".into()),
            "!SecretConflict",
        ),
    ];
    for (change, want) in rows {
        decides(World::settled(), change, want);
    }
}

/// Somebody writes a password, and the URL that goes with it.
fn consistent(world: &mut World, password: &str) {
    overwrite(world, password);
    let data = &mut world.held().data;
    let url =
        format!("postgres://postgres:{password}@orders.rds.example:5432/orders?sslmode=require");
    data.insert("DATABASE_URL".into(), url);
}

#[test]
fn rds_is_told_a_password_that_it_did_not_accept_whatever_the_url_says() {
    let noted = |noted: Noted| {
        World::settled().with(|w| {
            consistent(w, "mine");
            w.held().noted = noted;
        })
    };
    decides(
        noted(Noted::Another),
        |_| {},
        "secret(*) modify(password=mine)",
    );
    // An older release left no note: nothing says that RDS has another.
    decides(noted(Noted::Nothing), |_| {}, "secret(note)");
    decides(noted(Noted::This), |_| {}, "");
    // What this process sent is known better than any note.
    for note in [Noted::This, Noted::Nothing, Noted::Another] {
        let sent_another = |w: &mut World| w.observed.sent_password = Some(sent("before"));
        decides(noted(note), sent_another, "secret(*) modify(password=mine)");
    }
    // Until it is told, nobody can connect with it.
    for (noted, want) in [(Noted::Another, false), (Noted::This, true)] {
        let mut world = World::settled().with(|w| w.held().noted = noted);
        let instance = world.instance().clone();
        assert_eq!(is_complete(&world.observed, &instance), want, "{noted:?}");
    }
}

#[test]
fn a_password_that_comes_back_after_an_answer_was_lost_is_sent_again() {
    let lost = |w: &mut World| {
        w.held().password_pending = true;
        w.observed.sent_password = Some(SentPassword {
            accepted: false,
            ..sent("between")
        });
        // It was accepted a minute before, and may be no more.
        let before = World::settled().with(|w| w.held().password_pending = true);
        w.observed.issued = vec![(before.plan().actions.remove(0), now())];
    };
    decides(World::settled(), lost, "modify(password=p/w)");
    let unmarked = |w: &mut World| {
        lost(w);
        w.held().password_pending = false;
    };
    decides(World::settled(), unmarked, "secret(*) modify(password=p/w)");
}

#[test]
fn a_secret_of_2017_keeps_the_values_that_applications_read() {
    let unmarked = |change: Change| {
        World::settled().with(|w| {
            let mut held = secret(&instance());
            held.data
                .insert("DB_HOST".into(), "orders.rds.example:5432".into());
            w.observed.secret = SecretState::Unmarked(held);
            change(w);
        })
    };
    decides(unmarked(|_| {}), |_| {}, "");
    decides(
        unmarked(|w| drop(w.held().data.remove("DATABASE_URL"))),
        |_| {},
        "secret(DATABASE_URL)",
    );
    let another = |w: &mut World| drop(w.held().data.insert("DB_HOST".into(), "another".into()));
    decides(unmarked(|_| {}), another, "!SecretConflict");
    decides(
        unmarked(|w| drop(w.held().data.remove("DB_PASSWORD"))),
        |_| {},
        "!SecretConflict",
    );
}

#[test]
fn a_renamed_secret_takes_the_password_along_and_the_old_one_goes_last() {
    let renamed = || {
        World::settled().with(|w| {
            w.database().secret_name = "orders-db".into();
            w.observed.former_secret = Some(FormerSecret::Ours(secret(&instance())));
            w.observed.secret = SecretState::Missing;
        })
    };
    decides(renamed(), |_| {}, "+secret(orders-db)");
    // Nor is a password that RDS was not told taken for one that it has.
    let rewritten = |w: &mut World| {
        let mut held = secret(&instance());
        held.noted = Noted::Another;
        w.observed.former_secret = Some(FormerSecret::Ours(held));
    };
    decides(renamed(), rewritten, "+secret(orders-db*)");
    let plan = renamed().plan();
    let [Action::CreateSecret(content)] = plan.actions.as_slice() else {
        panic!("{plan:?}")
    };
    assert_eq!(content.data["DB_PASSWORD"], "p/w");
    let stands = |w: &mut World| {
        let mut held = secret(&instance());
        held.name = "orders-db".into();
        w.observed.secret = SecretState::Ours(held);
    };
    decides(renamed(), stands, "-secret(orders)");
}

#[test]
fn urls_are_percent_encoded() {
    let plan = World::settled()
        .with(|w| {
            w.held()
                .data
                .insert("DB_PASSWORD".into(), "a/b?c#d@e:f%".into());
            w.held().data.remove("DATABASE_URL");
        })
        .plan();
    let [Action::UpdateSecret { content, held }] = plan.actions.as_slice() else {
        panic!("{plan:?}")
    };
    assert_eq!(
        content.data["DATABASE_URL"],
        "postgres://postgres:a%2Fb%3Fc%23d%40e%3Af%25@orders.rds.example:5432/orders?sslmode=require"
    );
    assert!(
        !format!("{content:?} {held:?} {:?}", password_of(held)).contains("a/b"),
        "Debug shows a password"
    );
}

#[test]
fn a_refused_secret_is_not_tried_again_for_its_fresh_password_alone() {
    let nothing: Change = |_| {};
    let empty: Change = |w| w.held().data.clear();
    let with_instance: Change = |w| w.observed.secret = SecretState::Missing;
    for (world, change) in [
        (World::blank(), nothing),
        (World::settled(), empty),
        (World::settled(), with_instance),
    ] {
        let mut world = world.with(change);
        world.observed.finalizer = true;
        world.observed.failed = vec![Failed {
            action: world.plan().actions.remove(0),
            obstacle: Obstacle::new(Reason::AccessDenied, "x"),
            retry_at: now() + SignedDuration::from_secs(1),
        }];
        world.observed.fresh_password = Password::new("drawn anew".into());
        assert_eq!(told(&world.plan()), "!AccessDenied");
        // Under another name it is another attempt.
        if let SecretState::Missing = world.observed.secret {
            world.database().secret_name = "another".into();
            assert_eq!(told(&world.plan()), "+secret(another*)");
        }
    }
}

#[test]
fn a_renamed_secret_of_2017_lends_its_password_and_stays() {
    let renamed = |w: &mut World| {
        w.database().secret_name = "orders-db".into();
        w.observed.former_secret = Some(FormerSecret::Unmarked(secret(&instance())));
    };
    let missing = |w: &mut World| {
        renamed(w);
        w.observed.secret = SecretState::Missing;
    };
    decides(World::settled(), missing, "+secret(orders-db)");
    let stands = |w: &mut World| {
        renamed(w);
        w.held().name = "orders-db".into();
    };
    decides(World::settled(), stands, "");
    // One that is of another database lends nothing.
    let another = |w: &mut World| {
        missing(w);
        w.instance().endpoint = Some(("elsewhere".into(), 5432));
    };
    decides(World::settled(), another, "+secret(orders-db*)");
}
