//! How instances move: through steps, each with a status, some work on the
//! server behind it, and a time that it takes at least.
//!
//! Everything here is synchronous and knows no server: the work is done by
//! `drive`, and `complete` says what is true once it is done.

mod clock;
mod window;

pub use clock::Clock;
pub use window::{daily, next_opening, weekly};

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    model::{
        Instance, PARAMETERS_APPLYING, PARAMETERS_IN_SYNC, PARAMETERS_PENDING_REBOOT, Region,
        RetainedBackup, Scope,
    },
    servers::Outcome,
};

/// RDS starts an instance again that was stopped for seven days.
pub const STOPPED_AT_MOST: SignedDuration = SignedDuration::from_hours(7 * 24);

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
    BackUp,
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
    let rest = crate::model::Change {
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
        steps.push_back(Step::new(status, Work::Apply));
        if change.touches_storage() {
            steps.push_back(Step::new("storage-optimization", Work::Wait));
        }
    }
    if change.password.is_some() {
        steps.push_back(Step::new("resetting-master-credentials", Work::Password));
    }
    steps
}

/// Makes true what the instance's current step was for, and ends the step.
pub fn complete(
    region: &mut Region,
    scope: &Scope,
    identifier: &str,
    outcome: Outcome,
    now: Timestamp,
) {
    let Some(mut instance) = region.instances.remove(identifier) else {
        return;
    };
    let Some(step) = instance.steps.pop_front() else {
        region.instances.insert(identifier.to_owned(), instance);
        return;
    };
    match step.work {
        Work::Wait => {}
        Work::BackUp => instance.backed_up = Some(now),
        Work::Parameters => {
            let status = &mut instance.configuration.parameter_status;
            if outcome.waiting {
                PARAMETERS_PENDING_REBOOT.clone_into(status);
            } else if *status == PARAMETERS_APPLYING {
                PARAMETERS_IN_SYNC.clone_into(status);
            }
        }
        Work::Create | Work::Restore { .. } | Work::RestoreToTime { .. } => {
            instance.created = Some(now);
            instance.reachable = true;
            if let Some(port) = outcome.port {
                instance.server_port = port;
            }
        }
        Work::Snapshot { snapshot } => {
            if let Some(snapshot) = region.snapshots.get_mut(&snapshot) {
                "available".clone_into(&mut snapshot.status);
            }
        }
        Work::Apply => apply(&mut instance, scope, now),
        Work::Password => {
            if let Some(password) = instance.pending.password.take() {
                instance.password = password;
            }
        }
        Work::Start => {
            instance.stopped = None;
            "available".clone_into(&mut instance.resting);
        }
        Work::Stop => {
            instance.stopped = Some(now);
            "stopped".clone_into(&mut instance.resting);
        }
        Work::Reboot => {
            PARAMETERS_IN_SYNC.clone_into(&mut instance.configuration.parameter_status);
        }
        Work::Destroy { keep_backups } => {
            if keep_backups && let Some(first) = instance.backed_up {
                let backup = retained(instance, first, now);
                region.retained.insert(backup.resource_id.clone(), backup);
            }
            return;
        }
    }
    region
        .instances
        .insert(instance.identifier.clone(), instance);
}

fn apply(instance: &mut Instance, scope: &Scope, now: Timestamp) {
    let password = instance.pending.password.take();
    let change = std::mem::take(&mut instance.pending);
    instance.pending.password = password;
    instance.pending_since = None;
    if change.touches_storage() {
        instance.storage_changes.push(now);
    }
    if let Some(identifier) = &change.identifier {
        instance.identifier.clone_from(identifier);
        instance.arn = scope.arn("db", identifier);
    }
    let restarts = change.class.is_some() || change.engine_version.is_some();
    let group = change.parameter_group.is_some();
    match change.backup_retention {
        Some(0) => instance.backed_up = None,
        Some(_) => instance.backed_up = Some(now),
        None => {}
    }
    change.apply(&mut instance.configuration);
    if restarts && !group {
        PARAMETERS_IN_SYNC.clone_into(&mut instance.configuration.parameter_status);
    }
}

fn retained(instance: Instance, first: Timestamp, now: Timestamp) -> RetainedBackup {
    RetainedBackup {
        instance: instance.identifier,
        instance_arn: instance.arn,
        resource_id: instance.resource_id,
        instance_created: instance.created,
        first,
        deleted: now,
        configuration: instance.configuration,
        password: instance.password,
        tags: instance.tags,
    }
}

/// Gives up what the instance was about to do, because the current step's work
/// failed. The status says what failed, as far as RDS has a word for it.
pub fn fail(region: &mut Region, identifier: &str) {
    let Some(instance) = region.instances.get_mut(identifier) else {
        return;
    };
    let Some(step) = instance.steps.pop_front() else {
        return;
    };
    let status = match step.work {
        Work::Restore { .. } | Work::RestoreToTime { .. } => "incompatible-restore",
        Work::Apply if step.status == "upgrading" => "upgrade-failed",
        Work::Parameters | Work::Reboot => "incompatible-parameters",
        Work::Password => "incompatible-credentials",
        Work::Snapshot { snapshot } => {
            if let Some(snapshot) = region.snapshots.get_mut(&snapshot) {
                "failed".clone_into(&mut snapshot.status);
            }
            // A delete must not go on without its final snapshot.
            instance.steps.clear();
            return;
        }
        _ => "failed",
    };
    instance.steps.clear();
    status.clone_into(&mut instance.resting);
}

/// Begins what the clock alone begins: pending changes in their maintenance
/// window, and the start of what was stopped for long. Whether anything began.
pub fn tick(region: &mut Region, now: Timestamp) -> bool {
    let mut began = false;
    for instance in region.instances.values_mut() {
        if !instance.steps.is_empty() {
            continue;
        }
        if instance
            .stopped
            .is_some_and(|stopped| stopped + STOPPED_AT_MOST <= now)
        {
            instance.steps.push_back(Step::new("starting", Work::Start));
            began = true;
        }
        let window = &instance.configuration.maintenance_window;
        let opened = instance
            .pending_since
            .and_then(|since| next_opening(window, since))
            .is_some_and(|opening| opening <= now);
        if opened && instance.resting == "available" {
            instance.steps.extend(apply_steps(instance));
            began = true;
        }
    }
    began
}
