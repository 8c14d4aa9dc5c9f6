//! A Secret as it is read and as it should be.
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
    secret
        .data
        .get(DB_PASSWORD)
        .filter(|text| !text.is_empty())
        .cloned()
        .map(Password::new)
}
