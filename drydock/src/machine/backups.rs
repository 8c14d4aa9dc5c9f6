//! Automated backups: when one is due, what it is called, how long it stays, and
//! which times can be restored.
//!
//! Must not know how one is made.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use super::{Step, Work, next_daily};
use crate::model::{Instance, Region, RetainedBackup, Snapshot, SnapshotKind};

/// From when on backups are kept, by a retention in days.
pub fn kept_since(retention: i32, now: Timestamp) -> Timestamp {
    let days = SignedDuration::from_hours(24 * i64::from(retention));
    now.checked_sub(days).unwrap_or(Timestamp::MIN)
}

/// The first and the last moment that can be restored, where there are backups.
/// Those of a stopped instance end with its stop.
pub fn restorable(instance: &Instance, now: Timestamp) -> Option<(Timestamp, Timestamp)> {
    let first = instance.backed_up?;
    let kept = kept_since(instance.configuration.backup_retention, now);
    let last = instance.stopped.unwrap_or(now);
    Some((first.max(kept).min(last), last))
}

/// The same of a deleted instance, of which there is something until
/// [`expire`] takes it away.
pub fn restorable_from(retained: &RetainedBackup, now: Timestamp) -> (Timestamp, Timestamp) {
    let kept = kept_since(retained.configuration.backup_retention, now);
    let last = retained.deleted;
    (retained.first.max(kept).min(last), last)
}

/// Whether something is made from a snapshot's folder, or from the backups of an
/// instance: what is being read stays.
pub fn is_restored_from(region: &Region, name: &str) -> bool {
    let mut steps = region.instances.values().flat_map(|it| &it.steps);
    steps.any(|step| match &step.work {
        Work::Restore { folder } => folder == name,
        Work::RestoreToTime { source, .. } => source == name,
        _ => false,
    })
}

/// What becomes true as an instance's current step begins: its automated
/// snapshot can be seen.
pub fn begin(region: &mut Region, identifier: &str, now: Timestamp) {
    let Some(instance) = region.instances.get_mut(identifier) else {
        return;
    };
    let Some(step) = instance.steps.front() else {
        return;
    };
    if !matches!(step.work, Work::BackUp { snapshot: None }) {
        return;
    }
    let name = name(instance, &step.status, now);
    // A second one within the minute, as after an instance of the same name.
    let mut names = std::iter::once(name.clone()).chain((2..).map(|n| format!("{name}-{n}")));
    let Some(name) = names.find(|name| !region.snapshots.contains_key(name)) else {
        return;
    };
    let made = Snapshot::of(instance, name.clone(), SnapshotKind::Automated, now);
    if let Some(step) = instance.steps.front_mut() {
        step.work = Work::BackUp {
            snapshot: Some(name.clone()),
        };
    }
    region.snapshots.insert(name, made);
}

/// `rds:ID-2026-01-31-03-00`, or of an upgrade
/// `rds:preupgrade-ID-15-18-to-18-4-2026-01-31-03-00`.
fn name(instance: &Instance, status: &str, now: Timestamp) -> String {
    let time = now.to_zoned(TimeZone::UTC).strftime("%Y-%m-%d-%H-%M");
    let of = &instance.identifier;
    let from = instance.configuration.engine_version.replace('.', "-");
    match &instance.pending.engine_version {
        Some(to) if status == "upgrading" => {
            let to = to.replace('.', "-");
            format!("rds:preupgrade-{of}-{from}-to-{to}-{time}")
        }
        _ => format!("rds:{of}-{time}"),
    }
}

/// Whether what is pending moves the instance to another major version.
pub(super) fn changes_major(instance: &Instance) -> bool {
    let major = |version: &str| version.split('.').next().map(str::to_owned);
    let to = instance.pending.engine_version.as_deref();
    to.is_some_and(|to| major(to) != major(&instance.configuration.engine_version))
}

/// A backup is done: the older ones count as far as they are kept.
pub(super) fn finish(instance: &mut Instance, now: Timestamp) {
    let kept = kept_since(instance.configuration.backup_retention, now);
    let first = instance.backed_up.unwrap_or(now);
    instance.backed_up = Some(first.max(kept));
}

/// Begins the backups whose daily window opened since the last one.
pub(super) fn tick(region: &mut Region, now: Timestamp) -> bool {
    let mut began = false;
    let Region {
        instances,
        snapshots,
        ..
    } = region;
    for instance in instances.values_mut() {
        let about = &instance.configuration;
        if about.backup_retention == 0
            || instance.resting != "available"
            || !instance.steps.is_empty()
        {
            continue;
        }
        let last = snapshots
            .values()
            .filter(|it| it.is_automated_of(&instance.resource_id))
            .map(|it| it.created)
            .chain(instance.created)
            .max();
        let due = last.and_then(|last| next_daily(&about.backup_window, last));
        if due.is_some_and(|due| due <= now) {
            let work = Work::BackUp { snapshot: None };
            instance.steps.push_back(Step::new("backing-up", work));
            began = true;
        }
    }
    began
}

/// Removes automated snapshots that are older than their instance's retention,
/// or whose instance left none, and backups of deleted instances once none of
/// their time is kept. The newest of an instance that has backups stays.
pub fn expire(region: &mut Region, now: Timestamp) -> bool {
    let retained: Vec<_> = region
        .retained
        .values()
        .filter(|it| it.deleted < kept_since(it.configuration.backup_retention, now))
        .map(|it| it.resource_id.clone())
        .collect();
    let mut expired = false;
    for resource in retained {
        if !is_restored_from(region, &resource) {
            region.retained.remove(&resource);
            expired = true;
        }
    }
    for name in outdated(region, now) {
        expired |= region.snapshots.remove(&name).is_some();
    }
    expired
}

/// The identifiers of automated snapshots that are kept no longer.
fn outdated(region: &Region, now: Timestamp) -> Vec<String> {
    let automated = || {
        let all = region.snapshots.values();
        all.filter(|it| it.kind == SnapshotKind::Automated && it.status != "creating")
    };
    let mut newest: BTreeMap<&str, Timestamp> = BTreeMap::new();
    for it in automated().filter(|it| it.status == "available") {
        let newest = newest.entry(&it.resource_id).or_insert(it.created);
        *newest = it.created.max(*newest);
    }
    let live: BTreeMap<_, _> = region
        .instances
        .values()
        .map(|it| (&*it.resource_id, it.configuration.backup_retention))
        .collect();
    let is_outdated = |it: &&Snapshot| {
        let resource = &*it.resource_id;
        let is_old = |retention| it.created < kept_since(retention, now);
        match (live.get(resource), region.retained.get(resource)) {
            (Some(0), _) | (None, None) => true,
            (Some(days), _) => is_old(*days) && newest.get(resource) != Some(&it.created),
            (None, Some(left)) => is_old(left.configuration.backup_retention),
        }
    };
    automated()
        .filter(is_outdated)
        .filter(|it| !is_restored_from(region, &it.folder))
        .map(|it| it.identifier.clone())
        .collect()
}

/// Gives up the snapshots that nobody is making any more, whatever took the
/// place of their step. Clients see what became of theirs.
pub(super) fn clear_up(region: &mut Region) -> bool {
    let steps = region.instances.values().flat_map(|it| &it.steps);
    let made: BTreeSet<_> = steps
        .filter_map(|step| match &step.work {
            Work::Snapshot { snapshot } => Some(snapshot.clone()),
            Work::BackUp { snapshot } => snapshot.clone(),
            _ => None,
        })
        .collect();
    let mut changed = false;
    for (name, snapshot) in &mut region.snapshots {
        if snapshot.status == "creating" && !made.contains(name) {
            "failed".clone_into(&mut snapshot.status);
            changed = true;
        }
    }
    changed
}
