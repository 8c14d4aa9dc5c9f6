//! How instances move: through steps, each with a status, some work on the
//! server behind it, and a time that it takes at least.
//!
//! Everything here is synchronous and knows no server: the work is done by
//! `drive`, and `complete` says what is true once it is done.

mod backups;
mod clock;
mod step;
mod versions;
mod window;

pub use backups::{begin, expire, is_restored_from, kept_since, restorable, restorable_from};
pub use clock::Clock;
pub use step::{Step, Work, apply_steps};
pub use versions::renew;
pub use window::{daily, next_daily, next_opening, weekly};

use jiff::{SignedDuration, Timestamp};

use crate::{
    model::{
        Instance, PARAMETERS_APPLYING, PARAMETERS_IN_SYNC, PARAMETERS_PENDING_REBOOT, Region,
        RetainedBackup, Scope,
    },
    servers::Outcome,
};

/// RDS starts an instance again that was stopped for seven days.
pub const STOPPED_AT_MOST: SignedDuration = SignedDuration::from_hours(7 * 24);

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
        Work::BackUp { snapshot } => {
            backups::finish(&mut instance, now);
            make_available(region, snapshot);
        }
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
            if let Some(version) = outcome.version {
                versions::note(&mut instance, version);
            }
        }
        Work::Snapshot { snapshot } => make_available(region, Some(snapshot)),
        Work::Apply => {
            if outcome.not_upgraded {
                instance.pending.engine_version = None;
                instance.pending.parameter_group = None;
            }
            apply(&mut instance, scope, now);
        }
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
            backups::expire(region, now);
            return;
        }
    }
    region
        .instances
        .insert(instance.identifier.clone(), instance);
    backups::expire(region, now);
}

fn make_available(region: &mut Region, snapshot: Option<String>) {
    let snapshot = snapshot.and_then(|name| region.snapshots.get_mut(&name));
    if let Some(snapshot) = snapshot {
        "available".clone_into(&mut snapshot.status);
    }
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
    if change.backup_retention == Some(0) {
        instance.backed_up = None;
    }
    change.apply(&mut instance.configuration);
    if restarts {
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
        Work::Snapshot { .. } | Work::BackUp { .. } => {
            // A delete must not go on without its final snapshot, nor an upgrade
            // without the one before it.
            instance.steps.clear();
            backups::clear_up(region);
            return;
        }
        _ => "failed",
    };
    instance.steps.clear();
    status.clone_into(&mut instance.resting);
}

/// What becomes of an instance when drydock starts, whose server is or is not
/// brought back. A start that goes well heals what an earlier one found lost.
pub fn resume(instance: &mut Instance, is_back: bool) {
    if !is_back && !instance.is_deleting() {
        instance.steps.clear();
        instance.lost = instance.lost || instance.resting != "failed";
        "failed".clone_into(&mut instance.resting);
    } else if is_back && instance.lost {
        instance.lost = false;
        let resting = instance.stopped.map_or("available", |_| "stopped");
        resting.clone_into(&mut instance.resting);
    }
}

/// Begins what the clock alone begins: pending changes in their maintenance
/// window, daily backups in theirs, the start of what was stopped for long, and
/// the end of backups that are too old. Whether anything changed.
pub fn tick(region: &mut Region, now: Timestamp) -> bool {
    let mut began = backups::clear_up(region);
    began |= backups::expire(region, now);
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
    began | backups::tick(region, now)
}
