//! The version of PostgreSQL: it goes up, to another major only by an explicit
//! word, and RDS is asked for that once for each generation of the spec.
//!
//! Nothing here may go back to an earlier version, or undo a minor that RDS
//! took by itself. A failed pre-check costs an outage each time, and RDS tells
//! of it in its events alone: so it is never repeated without a new spec.

use stow_versions::status::Reason;

use crate::rds::{Instance, ModifyInstance};

use super::change::Room;
use super::modify::{at_once, flushes};
use super::{Action, Database, Observed, Obstacle, Plan};

/// What it takes to run the version that is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Minor,
    Major,
}

/// Whether another major is wanted than the one that runs.
pub(super) fn is_between_majors(database: &Database, instance: &Instance) -> bool {
    let wanted = database.engine_version.as_deref();
    wanted
        .is_some_and(|wanted| step(wanted, instance.engine_version.as_deref()) == Some(Step::Major))
}

/// Whether a later version is wanted than the one that runs.
pub(super) fn is_wanted(database: &Database, instance: &Instance) -> bool {
    let wanted = database.engine_version.as_deref();
    wanted.is_some_and(|wanted| step(wanted, instance.engine_version.as_deref()).is_some())
}

/// The actions that ask RDS for the version of the spec.
pub(super) fn request(
    database: &Database,
    instance: &Instance,
    room: &Room,
    observed: &Observed,
    plan: &mut Plan,
) -> Vec<Action> {
    let Some(wanted) = &database.engine_version else {
        return Vec::new();
    };
    let accepted = instance.pending.engine_version.as_deref();
    let waits = accepted.is_some_and(|accepted| step(wanted, Some(accepted)).is_none());
    if waits && !flushes(database) {
        return Vec::new();
    }
    let Some(step) = step(wanted, instance.engine_version.as_deref()) else {
        return Vec::new();
    };
    let mut request = ModifyInstance {
        identifier: instance.identifier.clone(),
        engine_version: Some(wanted.clone()),
        apply_immediately: at_once(database),
        ..ModifyInstance::default()
    };
    if step == Step::Minor {
        return vec![Action::Modify(Box::new(request))];
    }
    if !database.allow_major_version_upgrade {
        let runs = instance.engine_version.as_deref().unwrap_or_default();
        plan.blocked.push(Obstacle::new(
            Reason::InvalidSpec,
            format!(
                "spec.engineVersion is {wanted}, and {runs} runs: another major cannot be undone, so write spec.allowMajorVersionUpgrade: true beside it, or a version of the same major."
            ),
        ));
        return Vec::new();
    }
    request.allow_major_version_upgrade = true;
    request.settings.parameter_group = database
        .settings
        .parameter_group
        .clone()
        .filter(|group| instance.settings.parameter_group.as_ref() != Some(group));
    let modify = Action::Modify(Box::new(request));
    if observed.upgrade_tried.as_ref() != Some(wanted) {
        let version = wanted.clone();
        return vec![Action::NoteUpgrade { version }, modify];
    }
    // Of what is under way, or was not accepted, time decides.
    if waits || !room.changeable || is_open(&modify, room, observed) {
        return if waits { Vec::new() } else { vec![modify] };
    }
    plan.blocked.push(Obstacle::new(
        Reason::IncompatibleState,
        format!(
            "Stow set out once to have RDS upgrade to {wanted}, and {} still runs. Most likely RDS's check before the upgrade failed: then the instance's events and its log of upgrades in RDS say why, and that is to be mended first. If they say nothing, Stow was stopped before RDS took the request. Either way change the spec in any way to have it tried once more, or write an engineVersion of the same major.",
            instance.engine_version.as_deref().unwrap_or_default()
        ),
    ));
    Vec::new()
}

/// Whether the request was accepted a short while ago, or was not accepted at
/// all. One whose answer was lost may have been.
fn is_open(modify: &Action, room: &Room, observed: &Observed) -> bool {
    let mut issued = observed.issued.iter();
    let mut failed = observed.failed.iter();
    issued.any(|(issued, at)| issued == modify && room.now < *at + super::hold::SETTLING)
        || failed
            .any(|failed| failed.action == *modify && failed.obstacle.reason != Reason::Unreachable)
}

/// What leads from the version that runs to the wanted one; `None` where that
/// or a later one runs, or either cannot be read.
fn step(wanted: &str, runs: Option<&str>) -> Option<Step> {
    let (major, minor) = parsed(wanted)?;
    let (major_now, minor_now) = parsed(runs?)?;
    if major > major_now {
        return Some(Step::Major);
    }
    (major == major_now && minor > minor_now).then_some(Step::Minor)
}

/// Major and minor: of `17`, `17.4` and `13.23-rds.20260224`.
fn parsed(version: &str) -> Option<(u32, Option<u32>)> {
    let mut parts = version.split(['.', '-']);
    let major = parts.next()?.parse().ok()?;
    Some((major, parts.next().and_then(|minor| minor.parse().ok())))
}
