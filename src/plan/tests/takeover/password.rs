//! A takeover of a database whose password Stow may not know.

use std::collections::BTreeMap;

use super::super::world::{World, decides, secret};
use super::{TAGS, since_2017, take_over};
use crate::plan::SecretState;

fn taken_with(found: fn(&mut World)) -> World {
    since_2017(&[]).with(found).with(take_over)
}

/// Applications know a password that Stow does not.
#[test]
fn a_missing_secret_brings_no_new_password() {
    let missing = |w: &mut World| w.observed.secret = SecretState::Missing;
    let want = format!("inherits((password)=unknown) +finalizer {TAGS} !SecretMissing");
    decides(since_2017(&[]), missing, &want);
    let taken = || since_2017(&[]).with(missing).with(take_over);
    decides(taken(), |_| {}, "!SecretMissing");
    let back = |w: &mut World| {
        let held = secret(&w.instance().clone());
        w.observed.secret = SecretState::Unmarked(held);
    };
    decides(taken(), back, "inherits()");
    let word = |w: &mut World| w.desired.applies_at_once = true;
    decides(taken(), word, "inherits() +secret(orders*)");
    // One that cannot be this database's tells no password either, and neither
    // another name nor its deletion brings a new one.
    let unusable: [fn(&mut World); 3] = [
        |w| w.observed.secret = SecretState::Foreign("it is another's".into()),
        |w| w.observed.secret = SecretState::Unreadable("forbidden".into()),
        |w| {
            let mut held = secret(&w.instance().clone());
            held.data.insert("DB_HOST".into(), "pooler.example".into());
            w.observed.secret = SecretState::Unmarked(held);
        },
    ];
    for unusable in unusable {
        let noted = BTreeMap::from([("(password)".to_owned(), "unknown".to_owned())]);
        assert_eq!(taken_with(unusable).observed.inherited, Some(noted));
        decides(taken_with(unusable), missing, "!SecretMissing");
        decides(taken_with(unusable), back, "inherits()");
    }
    // One that goes later is made anew, as for any other instance.
    decides(since_2017(&[]).with(take_over), missing, "+secret(orders*)");
}
