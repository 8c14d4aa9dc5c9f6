//! The Secret of an object: whose it is, and what becomes of it.
//!
//! Nothing here may print a value of one.

use super::super::finding::{Check, Finding, Severity};
use crate::cluster::{PostgresDB, SecretRead};
use crate::plan::{HeldSecret, SECRET_KEYS, SecretState, Subject};
use crate::reconcile::{judge_secret, validate};

/// An object and the Secret that it names.
#[derive(Debug)]
pub(in crate::preflight) struct Binding {
    subject: Subject,
    secret: String,
    /// Whether a database was reported once.
    recorded: bool,
}

impl Binding {
    /// `None` where the object is going: a deletion does not need its Secret.
    pub(super) fn of((subject, object): &(Subject, PostgresDB)) -> Option<Self> {
        if object.metadata.deletion_timestamp.is_some() {
            return None;
        }
        let status = &object.status;
        Some(Self {
            subject: subject.clone(),
            secret: validate::secret_name(object, subject),
            recorded: status.arn.is_some() || status.id.is_some() || status.ready.is_some(),
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
            recorded,
        } = self;
        let finding = |severity, text: String| Finding::new(severity, Check::Secret, text);
        let mut finding = match judge_secret(subject, read) {
            SecretState::Ours(_) => return None,
            SecretState::Missing if !recorded => return None,
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
mod tests {
    use super::*;
    use crate::plan::Noted;
    use std::collections::BTreeMap;

    fn binding(recorded: bool) -> Binding {
        Binding {
            subject: Subject {
                cluster: String::new(),
                namespace: "shop".to_owned(),
                name: "orders".to_owned(),
                uid: "u".to_owned(),
            },
            secret: "orders".to_owned(),
            recorded,
        }
    }

    fn found(labelled: bool, owners: &[&str], kind: &str, data: &[(&str, &str)]) -> SecretRead {
        let data = data.iter();
        SecretRead::Found {
            held: HeldSecret {
                name: "orders".to_owned(),
                uid: "s".to_owned(),
                resource_version: "1".to_owned(),
                data: data
                    .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
                    .collect::<BTreeMap<_, _>>(),
                password_pending: false,
                noted: Noted::Nothing,
            },
            labelled,
            owners: owners.iter().map(|&owner| owner.to_owned()).collect(),
            kind: kind.to_owned(),
        }
    }

    #[test]
    fn each_secret_is_told_by_whose_it_is_and_without_a_value() {
        const OLD: &[(&str, &str)] = &[
            ("DB_HOST", "secret-host:5432"),
            ("DB_PASSWORD", "hunter2"),
            ("DB_USER", "u"),
        ];
        let table: [(bool, SecretRead, Option<Severity>, &[&str]); 8] = [
            (false, SecretRead::Missing, None, &[]),
            (
                true,
                SecretRead::Missing,
                Some(Severity::Warning),
                &["new password"],
            ),
            (true, found(true, &["u"], "Opaque", &[]), None, &[]),
            (
                true,
                found(false, &[], "Opaque", OLD),
                Some(Severity::Note),
                &["2017", "holds the port", "DB_PORT, DB_NAME, DATABASE_URL"],
            ),
            (
                true,
                found(
                    false,
                    &[],
                    "Opaque",
                    &[("DB_HOST", "h"), ("DB_PASSWORD", "")],
                ),
                Some(Severity::Error),
                &["no DB_PASSWORD", "SecretConflict"],
            ),
            (
                true,
                found(false, &[], "kubernetes.io/tls", OLD),
                Some(Severity::Error),
                &["kubernetes.io/tls", "SecretConflict"],
            ),
            (
                true,
                found(true, &["other"], "Opaque", OLD),
                Some(Severity::Error),
                &["ownerReference"],
            ),
            (
                true,
                found(false, &["u"], "Opaque", OLD),
                Some(Severity::Error),
                &["managed-by"],
            ),
        ];
        for (recorded, read, severity, words) in table {
            let shown = format!("{read:?}");
            let finding = binding(recorded).judge(read);
            assert_eq!(
                finding.as_ref().map(|found| found.severity),
                severity,
                "{shown}"
            );
            let text = finding.map(|found| found.to_string()).unwrap_or_default();
            for word in words {
                assert!(text.contains(word), "{word}: {text}");
            }
            assert!(
                !text.contains("hunter2") && !text.contains("secret-host"),
                "{text}"
            );
        }
    }
}
