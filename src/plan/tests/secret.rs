//! Keeping the Secret true.

use jiff::SignedDuration;
use stow_versions::status::Reason;

use super::world::{Change, World, decides, instance, now, secret, told};
use crate::plan::{Action, Failed, FormerSecret, Obstacle, SecretState, password_of};
use crate::rds::Password;

#[test]
fn the_secret_is_kept_true() {
    let rows: [(Change, &str); 12] = [
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
            |w| drop(w.held().data.insert("DB_PASSWORD".into(), "mine".into())),
            "secret(DATABASE_URL,*) modify(password=mine)",
        ),
        // Not where RDS has accepted just that one, or where the URL says nothing.
        (
            |w| {
                w.held()
                    .data
                    .insert("DATABASE_URL".into(), "postgres://u:x@h/d".into());
                w.observed.accepted_password = Some(Password::new("p/w".into()));
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
                w.observed.accepted_password = Some(Password::new("p/w".into()));
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
