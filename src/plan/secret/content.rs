//! A Secret as it is read and as it should be, and what is known of its password.
//!
//! Nothing here may print a value: `Debug` shows keys alone.

use std::collections::BTreeMap;
use std::fmt;

use crate::rds::Password;

use super::connection::DB_PASSWORD;

/// A Secret as it was read.
#[derive(Clone, PartialEq, Eq)]
pub struct HeldSecret {
    /// `metadata.name`.
    pub name: String,
    /// `metadata.uid`.
    pub uid: String,
    /// `metadata.resourceVersion`.
    pub resource_version: String,
    /// `data`, decoded; what is not UTF-8 is left out.
    pub data: BTreeMap<String, String>,
    /// Whether its password may not be RDS's yet.
    pub password_pending: bool,
    /// What its note says of the password that RDS accepted last.
    pub noted: Noted,
}

/// What the note on a Secret says of the password that RDS accepted last. The
/// keys can all be written over by whoever puts an older copy back, and would
/// then agree with each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Noted {
    /// There is none: an older release wrote the Secret, or RDS has accepted
    /// no password of it yet.
    Nothing,
    /// It is the one that the Secret holds.
    This,
    /// It is another.
    Another,
}

/// The password that a process sent to RDS last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentPassword {
    /// The password.
    pub password: Password,
    /// Whether RDS accepted it. If not, its answer may be what was lost.
    pub accepted: bool,
}

/// The Secret that another one replaces, and whose password that one takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FormerSecret {
    /// It is ours, and goes once the other stands.
    Ours(HeldSecret),
    /// An older release left it, perhaps: applications read it, so it stays.
    Unmarked(HeldSecret),
}

/// What a Secret should hold. Keys that it does not name stay.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretContent {
    /// `metadata.name`.
    pub name: String,
    /// The keys to set.
    pub data: BTreeMap<String, String>,
    /// Whether its password may not be RDS's yet; kept in an annotation, so
    /// that whoever goes on after a crash sends the password once more.
    pub password_pending: bool,
}

impl SecretContent {
    /// The password that it sets.
    pub fn password(&self) -> Option<Password> {
        password_in(&self.data)
    }

    /// Whether it says what `other` said, but for a password that RDS has not
    /// been told.
    pub(in crate::plan) fn repeats(&self, other: &Self) -> bool {
        let known = |content: &Self| {
            let mut data = content.data.clone();
            if content.password_pending {
                data.remove(DB_PASSWORD);
            }
            data
        };
        self.name == other.name
            && self.password_pending == other.password_pending
            && known(self) == known(other)
    }
}

/// The Secret that an object names, judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretState {
    /// Two live reads found none.
    Missing,
    /// It carries our label and the object's ownerReference.
    Ours(HeldSecret),
    /// It has the object's name and neither label nor owner: an older
    /// release's, if its `DB_HOST` is the instance's endpoint.
    Unmarked(HeldSecret),
    /// It serves something else; the text says what.
    Foreign(String),
    /// It could not be read; the text says why.
    Unreadable(String),
}

impl fmt::Debug for HeldSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HeldSecret")
            .field("name", &self.name)
            .field("uid", &self.uid)
            .field("resource_version", &self.resource_version)
            .field("keys", &self.data.keys().collect::<Vec<_>>())
            .field("password_pending", &self.password_pending)
            .field("noted", &self.noted)
            .finish()
    }
}

impl fmt::Debug for SecretContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecretContent")
            .field("name", &self.name)
            .field("keys", &self.data.keys().collect::<Vec<_>>())
            .field("password_pending", &self.password_pending)
            .finish()
    }
}

/// The password that a Secret holds.
pub fn password_of(secret: &HeldSecret) -> Option<Password> {
    password_in(&secret.data)
}

fn password_in(data: &BTreeMap<String, String>) -> Option<Password> {
    let text = data.get(DB_PASSWORD).filter(|text| !text.is_empty())?;
    Some(Password::new(text.clone()))
}
