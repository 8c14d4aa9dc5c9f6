//! The Secret of an object: whose it is, and what becomes of it.
//!
//! Nothing here may print a value of one.

use stow_versions::APPLY_SPEC;

use super::is_recorded;
use crate::cluster::{PostgresDB, SecretRead};
use crate::plan::{HeldSecret, SECRET_KEYS, SecretState, Subject, UNKNOWN_PASSWORD};
use crate::preflight::finding::{Check, Finding, Severity};
use crate::reconcile::{judge_secret, validate};

/// An object and the Secret that it names.
#[derive(Debug)]
pub(in crate::preflight) struct Binding {
    subject: Subject,
    secret: String,
    /// What becomes of it where it is not there.
    without: Without,
}

/// What the operator does about an object whose Secret is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Without {
    /// It makes one: there is no database yet.
    Made,
    /// It makes one with a new password for the database that there is.
    Renewed,
    /// It waits: the database is one of 2017, whose password somebody may know.
    Awaited,
}

impl Without {
    fn of(object: &PostgresDB) -> Self {
        let annotations = object.metadata.annotations.as_ref();
        let applies = annotations.and_then(|all| all.get(APPLY_SPEC));
        let inherited = object.status.inherited.as_ref();
        let taken_over = !object.has_finalizer()
            || inherited.is_some_and(|inherited| inherited.contains_key(UNKNOWN_PASSWORD));
        match (is_recorded(object), taken_over) {
            (false, _) => Self::Made,
            (true, true) if applies.is_none_or(|text| text != "true") => Self::Awaited,
            (true, _) => Self::Renewed,
        }
    }
}

impl Binding {
    /// `None` where the object is going: a deletion does not need its Secret.
    pub(super) fn of((subject, object): &(Subject, PostgresDB)) -> Option<Self> {
        if object.metadata.deletion_timestamp.is_some() {
            return None;
        }
        Some(Self {
            subject: subject.clone(),
            secret: validate::secret_name(object, subject),
            without: Without::of(object),
        })
    }

    /// The namespace of both.
    pub(in crate::preflight) fn namespace(&self) -> &str {
        &self.subject.namespace
    }

    /// The name of the Secret.
    pub(in crate::preflight) fn secret(&self) -> &str {
        &self.secret
    }

    /// What is to be said of the Secret as it was read.
    pub(in crate::preflight) fn judge(&self, read: SecretRead) -> Option<Finding> {
        let Self {
            subject,
            secret,
            without,
        } = self;
        let finding = |severity, text: String| Finding::new(severity, Check::Secret, text);
        let mut finding = match judge_secret(subject, read) {
            SecretState::Ours(_) => return None,
            SecretState::Missing if *without == Without::Made => return None,
            SecretState::Missing if *without == Without::Awaited => finding(
                Severity::Error,
                format!(
                    "Its Secret {secret} does not exist. The operator will report the object as \
                     Stalled, SecretMissing, and make no new password"
                ),
            )
            .advise(format!(
                "Put it back, with the DB_HOST, DB_USER and DB_PASSWORD that applications use; \
                 or, to have a new password made, kubectl annotate -n {} postgresdb {} \
                 {APPLY_SPEC}=true.",
                subject.namespace, subject.name
            )),
            SecretState::Missing => finding(
                Severity::Warning,
                format!("Its Secret {secret} does not exist"),
            )
            .advise(
                "Put it back if anybody has its password: Stow makes a new Secret with a new \
                 password, and sets that at RDS.",
            ),
            SecretState::Unmarked(held) => old(&held),
            SecretState::Foreign(why) | SecretState::Unreadable(why) => finding(
                Severity::Error,
                format!(
                    "Secret {secret} is not this object's: {why}. The operator will report the \
                     object as Stalled, SecretConflict"
                ),
            )
            .advise("Set spec.secretName to another name, or move what the Secret serves."),
        };
        finding.object = Some(format!("{}/{}", subject.namespace, subject.name));
        Some(finding)
    }
}

/// A Secret as the operator of 2017 left it.
fn old(held: &HeldSecret) -> Finding {
    let name = &held.name;
    let has = |key: &str| held.data.get(key).is_some_and(|value| !value.is_empty());
    for needed in ["DB_HOST", "DB_PASSWORD"] {
        if !has(needed) {
            let text = format!(
                "Secret {name} carries no mark of Stow and has no {needed}, so that nobody can \
                 tell whether it is this database's. The operator will report the object as \
                 Stalled, SecretConflict"
            );
            return Finding::new(Severity::Error, Check::Secret, text).advise(format!(
                "Add {needed} as applications use it, or set spec.secretName to another name."
            ));
        }
    }
    let missing = SECRET_KEYS
        .into_iter()
        .filter(|key| !held.data.contains_key(*key));
    let missing: Vec<_> = missing.collect();
    let ported = held
        .data
        .get("DB_HOST")
        .is_some_and(|host| host.contains(':'));
    let mut text = format!("Secret {name} is of the operator of 2017: no label, no ownerReference");
    if ported {
        text.push_str(", and DB_HOST holds the port too");
    }
    if !missing.is_empty() {
        text.push_str(", and it lacks ");
        text.push_str(&missing.join(", "));
    }
    Finding::new(Severity::Note, Check::Secret, text).advise(
        "Nothing is to be done: if DB_HOST is the instance's, Stow keeps every value and adds the \
         keys that are missing.",
    )
}

#[cfg(test)]
mod tests;
