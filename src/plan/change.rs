//! The requests that make an instance what its spec says, and what waits.
//!
//! Nothing here may send a change twice, or flush what was to wait: only a
//! change that waits or interrupts is sent with `ApplyImmediately`, and only
//! where its spec does not leave it to the maintenance window.

use jiff::Timestamp;
use stow_versions::status::{PendingChange, Reason};

use crate::rds::{Instance, ModifyInstance, Password, Pending};

use super::modify::{self, Changes};
use super::state::{State, state};
use super::{Action, Database, Observed, Obstacle, Plan, parts, upgrade};

/// What the moment allows.
pub(super) struct Room {
    /// Whether RDS takes modifications in the instance's state.
    pub(super) changeable: bool,
    /// The time.
    pub(super) now: Timestamp,
}

pub(super) fn plan(
    database: &Database,
    instance: &Instance,
    password: Option<Password>,
    room: &Room,
    observed: &Observed,
    plan: &mut Plan,
) {
    let mut changes = Changes::between(database, instance);
    if state(&instance.status) == State::StorageSettling && !changes.storage.is_empty() {
        let why = "RDS still optimizes the storage after its last change";
        let storage = std::mem::take(&mut changes.storage);
        plan.pending.extend(waiting(storage.changes(), why));
        plan.waiting.push(Obstacle::new(
            Reason::StorageOptimizing,
            "RDS still optimizes the storage; its next change follows then.",
        ));
    }
    if let Some(port) = modify::held_port(database, instance) {
        let why = "RDS restarts for it at once: set spec.applyChanges to Immediately when it may";
        plan.pending
            .extend(waiting(vec![format!("port {port}")], why));
    }
    let password = password.map(|password| ModifyInstance {
        identifier: instance.identifier.clone(),
        master_password: Some(password),
        ..ModifyInstance::default()
    });
    let mut requests = Vec::from_iter(password);
    requests.extend(parts::requests(changes, observed));
    let upgrade = upgrade::request(database, instance, room, observed, plan);
    if room.changeable {
        let modify = |request| Action::Modify(Box::new(request));
        plan.actions.extend(requests.into_iter().map(modify));
        plan.actions.extend(upgrade);
    } else if !requests.is_empty() || !upgrade.is_empty() {
        plan.waiting.push(Obstacle::new(
            Reason::InProgress,
            format!("Changes wait while RDS says {}.", instance.status),
        ));
    }
}

/// What RDS has accepted and not applied, for the status.
pub(super) fn accepted(database: &Database, instance: &Instance) -> Vec<PendingChange> {
    let Pending {
        class,
        storage,
        storage_type,
        iops,
        throughput,
        multi_az,
        engine_version,
        settings,
        master_password,
    } = &instance.pending;
    let request = ModifyInstance {
        class: class.clone(),
        storage: *storage,
        storage_type: storage_type.clone(),
        iops: *iops,
        throughput: *throughput,
        multi_az: *multi_az,
        engine_version: engine_version.clone(),
        settings: settings.clone(),
        ..ModifyInstance::default()
    };
    let deferred = state(&instance.status) == State::Settled && !modify::at_once(database);
    let why = match &instance.settings.maintenance_window {
        Some(window) if deferred => {
            format!("RDS applies it in the maintenance window, {window} UTC")
        }
        _ => "RDS has accepted it and applies it by itself".to_owned(),
    };
    let mut pending = waiting(request.changes(), &why);
    if *master_password {
        let why = "RDS has accepted it and applies it by itself";
        pending.extend(waiting(vec!["master password".to_owned()], why));
    }
    if instance.parameters.as_deref() == Some("pending-reboot") {
        let group = instance.settings.parameter_group.as_deref();
        let what = format!("parameterGroup {}", group.unwrap_or_default());
        let why = "its parameters take effect when the instance restarts next";
        pending.extend(waiting(vec![what.trim_end().to_owned()], why));
    }
    pending
}

/// Changes that wait for something, for the status.
fn waiting(changes: Vec<String>, why: &str) -> Vec<PendingChange> {
    let pending = |what| PendingChange {
        what: Some(what),
        why: Some(why.to_owned()),
    };
    changes.into_iter().map(pending).collect()
}
