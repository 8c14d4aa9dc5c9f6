//! What is left as it is when an instance of 2017 is taken over.
//!
//! That operator never changed an instance, and what its objects have said since
//! may be years old: nobody expects it to be done now. So what a spec says then,
//! and the instance is not, is noted in the status before the instance takes
//! Stow's tags, and counts as not stated for as long as the spec goes on saying
//! just that. Nothing here may change a database by being forgotten: what is not
//! noted yet is noted before anything else is done. It is noted once: a takeover
//! may wait for its tags, and an edit made meanwhile is an edit.

use std::collections::BTreeMap;

use stow_versions::APPLY_SPEC;
use stow_versions::status::{PendingChange, Reason};

use crate::rds::{Instance, Settings};

use super::modify::Changes;
use super::ownership::{Ownership, ownership};
use super::{
    Action, Database, Desired, Observed, Obstacle, Plan, SecretState, Subject, secret, upgrade,
    volume,
};

/// The entry that stands for a password which nobody has told Stow. No spec has
/// such a path.
pub const UNKNOWN_PASSWORD: &str = "(password)";

/// The status of an instance that did not exist before its object.
const CREATING: &str = "creating";

/// An instance as it is to be kept, once what it inherited is left out.
pub(super) struct Takeover {
    /// The command by which the spec counts from now on.
    word: String,
    /// What remains of what is noted.
    inherited: BTreeMap<String, String>,
    /// What is to be noted: the same, but where nothing may change yet.
    noted: BTreeMap<String, String>,
    /// Whether it is to be noted even where it is nothing.
    begins: bool,
}

impl Takeover {
    /// Looks at an instance that is the object's. Without a database the spec
    /// cannot be followed, and everything that it says is left as it is.
    pub(super) fn of(
        desired: &Desired,
        database: Option<&Database>,
        instance: &Instance,
        observed: &Observed,
    ) -> Self {
        let stated = &desired.stated;
        let begins = begins(desired, instance, observed);
        let mut standing = if begins {
            let mut all = stated.clone();
            all.insert(UNKNOWN_PASSWORD.to_owned(), "unknown".to_owned());
            all
        } else {
            observed.inherited.clone().unwrap_or_default()
        };
        standing.retain(|path, text| {
            if path == UNKNOWN_PASSWORD {
                return !secret::has_password(&observed.secret, instance);
            }
            stated.get(path) == Some(text) && differs(path, database, instance)
        });
        let inherited = if desired.applies_at_once {
            BTreeMap::new()
        } else {
            standing.clone()
        };
        // Whoever tries the command while nothing may change may take it back.
        let tried = desired.paused || observed.read_only;
        let noted = if tried { standing } else { inherited.clone() };
        let Subject {
            namespace, name, ..
        } = &desired.subject;
        let word = format!("kubectl annotate -n {namespace} postgresdb {name} {APPLY_SPEC}=true");
        Self {
            word,
            inherited,
            noted,
            begins,
        }
    }

    /// Has it noted, before anything else, where it is not yet.
    pub(super) fn note(&self, observed: &Observed, plan: &mut Plan) {
        let noted = observed.inherited.as_ref();
        if self.begins || noted.is_some_and(|noted| *noted != self.noted) {
            let note = Action::NoteInherited(self.noted.clone());
            plan.actions.insert(0, note);
        }
    }

    /// The database without what is left as it is.
    pub(super) fn remaining(&self, database: &Database) -> Database {
        let blank = blank(database);
        let mut remaining = database.clone();
        for path in self.inherited.keys() {
            carry(path, &blank, &mut remaining);
            if let Some(undecided) = &mut remaining.undecided {
                carry(path, &blank, &mut undecided.database);
            }
        }
        remaining
    }

    /// Why no password is made for applications that have one already, if so.
    pub(super) fn missing_secret(&self, name: &str, observed: &Observed) -> Option<Obstacle> {
        let waits = self.inherited.contains_key(UNKNOWN_PASSWORD)
            && matches!(observed.secret, SecretState::Missing | SecretState::Ours(_));
        waits.then(|| {
            Obstacle::new(
                Reason::SecretMissing,
                format!(
                    "Stow took this database over, and Secret {name} is not there: a new password would lock out whoever knows the old one. Put the Secret back, with the DB_HOST, DB_USER and DB_PASSWORD that applications use. To have a new password made: {}.",
                    self.word
                ),
            )
        })
    }

    /// What is left as it is, for the status.
    pub(super) fn pending(&self) -> impl Iterator<Item = PendingChange> {
        let paths = self
            .inherited
            .iter()
            .filter(|(path, _)| *path != UNKNOWN_PASSWORD);
        paths.map(|(path, text)| PendingChange {
            what: Some(format!("{path} {text}")),
            why: Some(format!(
                "the spec said so before Stow took this database over, and that changes nothing: another value counts as soon as it is written, and this one with: {}",
                self.word
            )),
        })
    }
}

/// Whether the instance is taken over now, and not since an earlier pass: it has
/// not taken Stow's tags; or it has, and the status has nothing of Stow's, because
/// somebody went back to the old operator since. One that is being created is
/// nobody's from before.
fn begins(desired: &Desired, instance: &Instance, observed: &Observed) -> bool {
    let taken = ownership(&desired.subject, instance) != Ownership::Since2017;
    observed.inherited.is_none() && (!taken || !observed.reported && instance.status != CREATING)
}

/// Whether the instance is not what the spec says at a path, or may not be. What
/// never changes on an instance that exists is not among it.
fn differs(path: &str, database: Option<&Database>, instance: &Instance) -> bool {
    let Some(database) = database else {
        return is_known(path);
    };
    let blank = blank(database);
    let mut alone = blank.clone();
    if !carry(path, database, &mut alone) {
        return false;
    }
    // A policy leaves it out, and may not tomorrow.
    if alone == blank {
        return true;
    }
    let mut tags = alone.tags.iter();
    !Changes::between(&alone, instance).parts().is_empty()
        || !volume::impossible(&alone, instance).is_empty()
        || upgrade::is_wanted(&alone, instance)
        || tags.any(|(key, value)| instance.tags.get(key) != Some(value))
}

fn is_known(path: &str) -> bool {
    path.starts_with("tags.") || PATHS.contains(&path)
}

/// A database of which nothing is stated that can change.
fn blank(database: &Database) -> Database {
    Database {
        class: None,
        storage: None,
        storage_type: None,
        iops: None,
        throughput: None,
        max_storage: None,
        engine_version: None,
        multi_az: None,
        settings: Settings::default(),
        tags: BTreeMap::new(),
        undecided: None,
        ..database.clone()
    }
}

/// Declares the paths of a spec that can change, and where each is kept.
macro_rules! paths {
    ($($path:literal => $($field:ident).+,)+) => {
        /// Every path but those of tags.
        const PATHS: &[&str] = &[$($path),+];

        /// Takes what is said at a path from one to the other, nothing too. Says
        /// whether there is such a path.
        fn carry(path: &str, from: &Database, to: &mut Database) -> bool {
            match path {
                $($path => to.$($field).+.clone_from(&from.$($field).+),)+
                _ => {
                    let Some(key) = path.strip_prefix("tags.") else {
                        return false;
                    };
                    match from.tags.get(key) {
                        Some(value) => drop(to.tags.insert(key.to_owned(), value.clone())),
                        None => drop(to.tags.remove(key)),
                    }
                }
            }
            true
        }
    };
}

paths! {
    "size" => class,
    "storage" => storage,
    "storageType" => storage_type,
    "iops" => iops,
    "throughput" => throughput,
    "maxStorage" => max_storage,
    "engineVersion" => engine_version,
    "multiAZ" => multi_az,
    "port" => settings.port,
    "backup.retentionDays" => settings.backup_retention,
    "backup.window" => settings.backup_window,
    "maintenanceWindow" => settings.maintenance_window,
    "autoMinorVersionUpgrade" => settings.auto_minor_version_upgrade,
    "parameterGroup" => settings.parameter_group,
    "network.securityGroups" => settings.security_groups,
    "network.publiclyAccessible" => settings.publicly_accessible,
    "iamAuthentication" => settings.iam_authentication,
    "monitoring.performanceInsights" => settings.performance_insights,
    "monitoring.enhancedInterval" => settings.enhanced_interval,
    "monitoring.logExports" => settings.log_exports,
    "extendedSupport" => settings.extended_support,
    "deletionProtection" => settings.deletion_protection,
}

#[cfg(test)]
pub(super) const fn paths() -> &'static [&'static str] {
    PATHS
}
