//! The Secret of an object: what it should hold, and whether the one that is
//! there may be written.
//!
//! Nothing here may print a value: `Debug` shows keys alone.

mod connection;
mod content;

pub(crate) use connection::KEYS;
pub use content::{
    FormerSecret, HeldSecret, Noted, SecretContent, SecretState, SentPassword, password_of,
};

use std::collections::BTreeMap;

use stow_versions::status::Reason;

use crate::rds::{Instance, Password};

use super::{Action, Observed, Obstacle, Plan};
use connection::{DATABASE_URL, DB_HOST, DB_PASSWORD, connection, is_overwritten};

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
            if let Some((former, password)) = lent(instance, observed) {
                content.data = connection(instance, &password);
                // One of an older release is not ours to send.
                let ours = matches!(observed.former_secret, Some(FormerSecret::Ours(_)));
                content.password_pending = ours && is_open(former, &password, observed);
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

/// The password of the Secret that a new one replaces, and that Secret.
fn lent<'a>(instance: &Instance, observed: &'a Observed) -> Option<(&'a HeldSecret, Password)> {
    let former = match observed.former_secret.as_ref()? {
        FormerSecret::Ours(former) => former,
        FormerSecret::Unmarked(former) if is_for(former, instance) => former,
        FormerSecret::Unmarked(_) => return None,
    };
    Some((former, password_of(former)?))
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
    let content = SecretContent {
        name: held.name.clone(),
        data: connection(instance, password),
        password_pending: is_open(held, password, observed),
    };
    let complete = content
        .data
        .iter()
        .all(|(key, value)| held.data.get(key) == Some(value));
    let noted = content.password_pending || held.noted == Noted::This;
    if !complete || !noted || content.password_pending != held.password_pending {
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

/// Whether RDS may have another password than a Secret of ours holds.
fn is_open(held: &HeldSecret, password: &Password, observed: &Observed) -> bool {
    // What this process did itself is known for certain; and of a password
    // whose fate is not, neither it nor the one before can be relied on.
    if let Some(sent) = &observed.sent_password {
        return !sent.accepted || sent.password != *password;
    }
    held.password_pending
        || match held.noted {
            Noted::This => false,
            Noted::Another => true,
            // Of what an older release wrote, the URL alone can tell.
            Noted::Nothing => is_overwritten(held, password),
        }
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
            "it has no ownerReference to this object, and its DB_HOST is not the instance's endpoint, which it has to be if the Secret is this database's",
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

/// Whether a Secret tells which password the instance has, as far as one can know.
pub(super) fn has_password(secret: &SecretState, instance: &Instance) -> bool {
    match secret {
        SecretState::Ours(held) => password_of(held).is_some(),
        SecretState::Unmarked(held) => is_for(held, instance) && password_of(held).is_some(),
        SecretState::Missing | SecretState::Foreign(_) | SecretState::Unreadable(_) => false,
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

/// Whether an application can connect to this instance with what the Secret holds.
pub fn is_complete(observed: &Observed, instance: &Instance) -> bool {
    match &observed.secret {
        SecretState::Ours(held) => {
            let open = password_of(held).is_some_and(|known| is_open(held, &known, observed));
            !held.password_pending && !open && held.data.contains_key(DATABASE_URL)
        }
        SecretState::Unmarked(held) => {
            is_for(held, instance) && held.data.contains_key(DATABASE_URL)
        }
        SecretState::Missing | SecretState::Foreign(_) | SecretState::Unreadable(_) => false,
    }
}
