//! The Secret of an object: what it should hold, and whether the one that is
//! there may be written.
//!
//! Nothing here may print a value: `Debug` shows keys alone.

use std::collections::BTreeMap;
use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use stow_versions::status::Reason;

use crate::rds::{Instance, Password};

use super::{Action, Observed, Obstacle, Plan};

const DB_HOST: &str = "DB_HOST";
const DB_PORT: &str = "DB_PORT";
const DB_NAME: &str = "DB_NAME";
const DB_USER: &str = "DB_USER";
const DB_PASSWORD: &str = "DB_PASSWORD";
const DATABASE_URL: &str = "DATABASE_URL";

/// RFC 3986: only the unreserved characters stand for themselves.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

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
    pub(super) fn repeats(&self, other: &Self) -> bool {
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

/// A Secret that holds a password and nothing else yet.
pub(super) fn with_password(name: &str, password: &Password) -> SecretContent {
    SecretContent {
        name: name.to_owned(),
        data: BTreeMap::from([(DB_PASSWORD.to_owned(), password.expose().to_owned())]),
        password_pending: true,
    }
}

/// Plans the Secret of an instance that exists. Returns the password that RDS
/// still has to be told, if there is one.
pub(super) fn plan(
    name: &str,
    instance: &Instance,
    observed: &Observed,
    plan: &mut Plan,
) -> Option<Password> {
    match &observed.secret {
        SecretState::Missing => {
            let mut content = with_password(name, &observed.fresh_password);
            let former = match &observed.former_secret {
                Some(FormerSecret::Ours(former)) => Some(former),
                Some(FormerSecret::Unmarked(former)) => {
                    Some(former).filter(|former| is_for(former, instance))
                }
                None => None,
            };
            if let Some(former) = former
                && let Some(password) = password_of(former)
            {
                content.data = connection(instance, &password);
                content.password_pending = former.password_pending;
            }
            plan.actions.push(Action::CreateSecret(content));
            None
        }
        SecretState::Ours(held) => {
            let Some(password) = password_of(held) else {
                let content = with_password(name, &observed.fresh_password);
                plan.actions.push(Action::UpdateSecret {
                    held: held.clone(),
                    content,
                });
                return None;
            };
            keep(held, &password, instance, observed, plan)
        }
        SecretState::Unmarked(held) => {
            complete(held, instance, plan);
            None
        }
        SecretState::Foreign(why) => {
            plan.blocked.push(conflict(name, why));
            None
        }
        SecretState::Unreadable(why) => {
            plan.blocked.push(unreadable(name, why));
            None
        }
    }
}

/// The obstacle of a Secret that serves something else.
pub(super) fn conflict(name: &str, why: &str) -> Obstacle {
    Obstacle::new(
        Reason::SecretConflict,
        format!(
            "Secret {name} exists and is not this object's: {why}. Set spec.secretName to another name, or delete that Secret."
        ),
    )
}

/// The obstacle of a Secret that the API server does not show.
pub(super) fn unreadable(name: &str, why: &str) -> Obstacle {
    Obstacle::new(
        Reason::AccessDenied,
        format!(
            "Secret {name} cannot be read: {}.",
            why.trim_end_matches('.')
        ),
    )
}

/// Keeps our own Secret true, and lets the one it replaces go.
fn keep(
    held: &HeldSecret,
    password: &Password,
    instance: &Instance,
    observed: &Observed,
    plan: &mut Plan,
) -> Option<Password> {
    let accepted = observed.accepted_password.as_ref() == Some(password);
    // Which of the two RDS has is unknown, and one of them is about to go.
    let content = SecretContent {
        name: held.name.clone(),
        data: connection(instance, password),
        password_pending: (held.password_pending || is_overwritten(held, password)) && !accepted,
    };
    let complete = content
        .data
        .iter()
        .all(|(key, value)| held.data.get(key) == Some(value));
    if !complete || content.password_pending != held.password_pending {
        plan.actions.push(Action::UpdateSecret {
            held: held.clone(),
            content: content.clone(),
        });
    }
    if content.password_pending {
        return Some(password.clone());
    }
    if let Some(FormerSecret::Ours(former)) = &observed.former_secret
        && instance.endpoint.is_some()
    {
        plan.actions.push(Action::DeleteSecret(former.clone()));
    }
    None
}

/// Whether somebody wrote a password over ours: the URL still has another.
fn is_overwritten(held: &HeldSecret, password: &Password) -> bool {
    let in_url = held.data.get(DATABASE_URL).and_then(|url| {
        let (_, rest) = url.split_once("://")?;
        let (user_and_password, _) = rest.split_once('@')?;
        Some(user_and_password.split_once(':')?.1)
    });
    in_url.is_some_and(|in_url| in_url != encoded(password.expose()))
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

/// Adds what an older release's Secret lacks, and changes nothing that it has:
/// running applications read it.
fn complete(held: &HeldSecret, instance: &Instance, plan: &mut Plan) {
    if instance.endpoint.is_none() {
        plan.waiting.push(Obstacle::new(
            Reason::InProgress,
            format!(
                "Whether Secret {} is this database's shows once it has an endpoint.",
                held.name
            ),
        ));
        return;
    }
    if !is_for(held, instance) {
        plan.blocked.push(conflict(
            &held.name,
            "it has no ownerReference to this object, and its DB_HOST is not the instance's endpoint",
        ));
        return;
    }
    let Some(password) = password_of(held) else {
        plan.blocked
            .push(conflict(&held.name, "it holds no DB_PASSWORD"));
        return;
    };
    let mut data = connection(instance, &password);
    data.retain(|key, _| !held.data.contains_key(key));
    if !data.is_empty() {
        let content = SecretContent {
            name: held.name.clone(),
            data,
            password_pending: false,
        };
        plan.actions.push(Action::UpdateSecret {
            held: held.clone(),
            content,
        });
    }
}

/// Whether an unmarked Secret is this instance's: 2017's `DB_HOST` could hold
/// the port too.
fn is_for(held: &HeldSecret, instance: &Instance) -> bool {
    let host = held
        .data
        .get(DB_HOST)
        .and_then(|text| text.split(':').next());
    let endpoint = instance.endpoint.as_ref().map(|(host, _)| host.as_str());
    endpoint.is_some() && host == endpoint
}

/// Whether an application can connect to this instance with what a Secret holds.
pub fn is_complete(secret: &SecretState, instance: &Instance) -> bool {
    match secret {
        SecretState::Ours(held) => !held.password_pending && held.data.contains_key(DATABASE_URL),
        SecretState::Unmarked(held) => {
            is_for(held, instance) && held.data.contains_key(DATABASE_URL)
        }
        SecretState::Missing | SecretState::Foreign(_) | SecretState::Unreadable(_) => false,
    }
}

/// The keys of a Secret for an instance; only the password while RDS has not
/// given it an endpoint.
fn connection(instance: &Instance, password: &Password) -> BTreeMap<String, String> {
    let mut data = BTreeMap::from([(DB_PASSWORD.to_owned(), password.expose().to_owned())]);
    let Some((host, port)) = &instance.endpoint else {
        return data;
    };
    // RDS always makes `postgres`; `DBName` is what it makes besides.
    let name = instance.database_name.as_deref().unwrap_or("postgres");
    let user = &instance.master_username;
    let url = format!(
        "postgres://{}:{}@{host}:{port}/{}?sslmode=require",
        encoded(user),
        encoded(password.expose()),
        encoded(name),
    );
    for (key, value) in [
        (DB_HOST, host.clone()),
        (DB_PORT, port.to_string()),
        (DB_NAME, name.to_owned()),
        (DB_USER, user.clone()),
        (DATABASE_URL, url),
    ] {
        data.insert(key.to_owned(), value);
    }
    data
}
