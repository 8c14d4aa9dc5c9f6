//! The note on a Secret of the password that RDS accepted last: a digest, since
//! the keys of the Secret can all be written over.
//!
//! Nothing here may show a password, or be taken for a proof of anything: who
//! may write the Secret may write its note.

use aws_lc_rs::hmac;

use crate::plan::{HeldSecret, Noted, password_of};
use crate::rds::Password;

pub(super) const ANNOTATION: &str = "stow.myob.com/accepted-password";

/// The digest of a password in one Secret. The uid makes it another in a copy,
/// whose password nobody has told RDS. It is long enough that no other password
/// has the same by accident; and no longer, since it helps whoever guesses, and
/// annotations are shown where data is not.
pub(super) fn of(uid: &str, password: &Password) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, uid.as_bytes());
    let tag = hmac::sign(&key, password.expose().as_bytes());
    let start = tag.as_ref().first_chunk().copied().unwrap_or_default();
    format!("{:08x}", u32::from_be_bytes(start))
}

/// What the annotation says of the password that the Secret holds.
pub(super) fn read(annotation: Option<&str>, held: &HeldSecret) -> Noted {
    let Some(note) = annotation else {
        return Noted::Nothing;
    };
    let same = password_of(held).is_some_and(|password| of(&held.uid, &password) == note);
    if same { Noted::This } else { Noted::Another }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(uid: &str, password: &str) -> HeldSecret {
        HeldSecret {
            name: "orders".into(),
            uid: uid.into(),
            resource_version: "1".into(),
            data: [("DB_PASSWORD".to_owned(), password.to_owned())].into(),
            password_pending: false,
            noted: Noted::Nothing,
        }
    }

    #[test]
    fn a_note_tells_this_password_in_this_secret_from_all_others() {
        let note = of("u", &Password::new("p/w".into()));
        assert_eq!(note.len(), 8);
        for (uid, password, want) in [
            ("u", "p/w", Noted::This),
            ("u", "mine", Noted::Another),
            ("u", "", Noted::Another),
            ("copy", "p/w", Noted::Another),
        ] {
            assert_eq!(
                read(Some(&note), &held(uid, password)),
                want,
                "{uid} {password}"
            );
        }
        assert_eq!(read(None, &held("u", "p/w")), Noted::Nothing);
    }
}
