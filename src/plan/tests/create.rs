//! Making a database that does not exist.

use stow_versions::status::Reason;

use super::world::{Change, World, absent, decides, instance, secret};
use crate::plan::{Action, Noted, Obstacle, Presence, SecretState, TAG_IDENTIFIER};

#[test]
fn creation_keeps_the_password_before_it_sends_it() {
    decides(World::blank(), |_| {}, "+finalizer +secret(orders*)");
    let with_secret = || {
        World::blank().with(|w| {
            w.observed.finalizer = true;
            let mut held = secret(&instance());
            held.data.retain(|key, _| key == "DB_PASSWORD");
            held.password_pending = true;
            held.noted = Noted::Nothing;
            w.observed.secret = SecretState::Ours(held);
        })
    };
    decides(with_secret(), |_| {}, "create(orders-0b5a)");
    let plan = with_secret().plan();
    let [Action::Create(request)] = plan.actions.as_slice() else {
        panic!("{plan:?}")
    };
    assert_eq!(
        request.master_password.expose(),
        "p/w",
        "the Secret's, not a fresh one"
    );
    assert_eq!(request.tags[TAG_IDENTIFIER], "orders-0b5a");
    assert_eq!(request.tags["team"], "shop");
    decides(
        with_secret(),
        |w| w.held().data.clear(),
        "secret(DB_PASSWORD)",
    );
}

#[test]
fn nothing_is_created_where_something_may_exist() {
    for (change, want) in [
        (
            (|w| w.observed.instance = Presence::Unknown) as Change,
            "~InProgress",
        ),
        (|w| w.observed.recorded = true, "~InProgress"),
        (
            |w| {
                w.observed.recorded = true;
                w.observed.instance = absent(2);
            },
            "!InstanceMissing",
        ),
        // RDS has accepted the Secret's password: there was an instance.
        (
            |w| {
                w.observed.secret = SecretState::Ours(secret(&instance()));
                w.observed.instance = absent(2);
            },
            "!InstanceMissing",
        ),
        // Also where the next one was under way.
        (
            |w| {
                let mut held = secret(&instance());
                held.password_pending = true;
                w.observed.secret = SecretState::Ours(held);
                w.observed.instance = absent(2);
            },
            "!InstanceMissing",
        ),
        (
            |w| {
                w.observed.recorded = true;
                w.observed.elsewhere = Some("arn:elsewhere".into());
                w.observed.instance = absent(2);
            },
            "!InstanceMissing",
        ),
        (|w| w.observed.copy = Some("restored".into()), "!NotOwned"),
        (
            |w| w.observed.previous = Some(instance()),
            "!PreviousInstanceExists",
        ),
        (
            |w| w.database().creation = Err(Obstacle::new(Reason::InvalidConfiguration, "x")),
            "!InvalidConfiguration",
        ),
        (
            |w| w.observed.secret = SecretState::Foreign("x".into()),
            "!SecretConflict",
        ),
        (
            |w| w.observed.secret = SecretState::Unmarked(secret(&instance())),
            "!SecretConflict",
        ),
        (
            |w| w.observed.secret = SecretState::Unreadable("x".into()),
            "!AccessDenied",
        ),
    ] {
        decides(World::blank(), change, want);
    }
}
