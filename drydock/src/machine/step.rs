//! What an instance goes through: a status, and what happens in it.

use std::collections::VecDeque;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::backups::changes_major;
use crate::model::{Change, Instance};

/// A status that an instance goes through.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Which step it is, for those who did its work meanwhile.
    pub id: u64,
    /// What Describe shows.
    pub status: String,
    /// What happens in it.
    pub work: Work,
    /// When it may end; nothing before it began.
    pub due: Option<Timestamp>,
}

/// What happens in a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Work {
    /// Time passes.
    Wait,
    /// A server is made.
    Create,
    /// A server is made from a snapshot's folder.
    Restore {
        /// The folder's name.
        folder: String,
    },
    /// A server is made from another's backup.
    RestoreToTime {
        /// The source's `DbiResourceId`.
        source: String,
        /// By drydock's clock.
        time: Timestamp,
    },
    /// A backup is made, and from then on there is one of every moment.
    BackUp {
        /// Its automated snapshot; nothing before it began.
        snapshot: Option<String>,
    },
    /// A snapshot is taken.
    Snapshot {
        /// Its identifier.
        snapshot: String,
    },
    /// The pending change, apart from the password, takes effect.
    Apply,
    /// The pending password takes effect.
    Password,
    /// The parameter group's values take effect, where they need no reboot.
    Parameters,
    /// The server starts.
    Start,
    /// The server stops.
    Stop,
    /// The server restarts.
    Reboot,
    /// The server goes.
    Destroy {
        /// Whether its backups stay.
        keep_backups: bool,
    },
}

impl Step {
    /// A step that has not begun.
    pub fn new(status: &str, work: Work) -> Self {
        Self {
            id: rand::random(),
            status: status.to_owned(),
            work,
            due: None,
        }
    }
}

/// The steps of applying what is pending, for the part that takes time.
pub fn apply_steps(instance: &Instance) -> VecDeque<Step> {
    let mut steps = VecDeque::new();
    let change = &instance.pending;
    let rest = Change {
        password: None,
        ..change.clone()
    };
    if !rest.is_empty() {
        let status = if change.engine_version.is_some() {
            "upgrading"
        } else if change.identifier.is_some() {
            "renaming"
        } else {
            "modifying"
        };
        let upgrades = changes_major(instance);
        if upgrades && instance.configuration.backup_retention > 0 {
            steps.push_back(Step::new(status, Work::BackUp { snapshot: None }));
        }
        steps.push_back(Step::new(status, Work::Apply));
        let retention = change.backup_retention;
        let after = retention.unwrap_or(instance.configuration.backup_retention);
        if after > 0 && (upgrades || retention.is_some()) {
            // Of the new version, or the first of all.
            steps.push_back(Step::new("backing-up", Work::BackUp { snapshot: None }));
        }
        if change.touches_storage() {
            steps.push_back(Step::new("storage-optimization", Work::Wait));
        }
    }
    if change.password.is_some() {
        steps.push_back(Step::new("resetting-master-credentials", Work::Password));
    }
    steps
}
