//! What a modification falls into where RDS refuses it, since what it refuses
//! may be one of its changes alone.
//!
//! Nothing here may take apart what RDS takes only together, or ask more often
//! than it takes to find what is refused: all at once, then what interrupts
//! nothing, the machine and the volume, then the calm settings one by one.

use stow_versions::status::Reason;

use crate::rds::{ModifyInstance, Settings};

use super::modify::{Changes, merge};
use super::{Action, Observed};

/// The requests that make these changes, as few as go without one that RDS has
/// refused: whatever it refused alone it would refuse with the others again.
pub(super) fn requests(changes: Changes, observed: &Observed) -> Vec<ModifyInstance> {
    let calm = changes.calm.clone();
    let singles = one_by_one(calm.clone());
    let calm_falls_apart = singles
        .iter()
        .chain([&calm])
        .any(|part| is_refused(part, observed, is_about_a_value));
    let parts = changes.parts();
    let all = merge(&parts);
    let all_fall_apart = parts
        .iter()
        .chain([&all])
        .any(|part| is_refused(part, observed, is_answer));
    if parts.len() > 1 && !calm_falls_apart && !all_fall_apart {
        return vec![all];
    }
    let apart = |part: ModifyInstance| {
        if calm_falls_apart && part == calm {
            singles.clone()
        } else {
            vec![part]
        }
    };
    parts.into_iter().flat_map(apart).collect()
}

fn is_refused(request: &ModifyInstance, observed: &Observed, counts: fn(Reason) -> bool) -> bool {
    observed.failed.iter().any(|failed| {
        let tried = matches!(&failed.action, Action::Modify(tried) if **tried == *request);
        tried && counts(failed.obstacle.reason)
    })
}

/// RDS said no to it, rather than nothing.
fn is_answer(reason: Reason) -> bool {
    !matches!(reason, Reason::Throttled | Reason::Unreachable)
}

/// Not for the state that the instance is in, which no smaller request changes.
fn is_about_a_value(reason: Reason) -> bool {
    is_answer(reason) && reason != Reason::InProgress
}

/// Each calm setting by itself, and first what protects the data.
fn one_by_one(calm: ModifyInstance) -> Vec<ModifyInstance> {
    let ModifyInstance {
        identifier,
        settings,
        max_storage,
        log_exports_before,
        monitoring_role,
        apply_immediately,
        // None of these is calm.
        class: _,
        storage: _,
        storage_type: _,
        iops: _,
        throughput: _,
        multi_az: _,
        engine_version: _,
        allow_major_version_upgrade: _,
        master_password: _,
    } = calm;
    let blank = || ModifyInstance {
        identifier: identifier.clone(),
        apply_immediately,
        ..ModifyInstance::default()
    };
    let single = |settings: Settings| ModifyInstance {
        // RDS takes the role with the interval alone, and a list of logs as the
        // difference to what is exported.
        monitoring_role: monitoring_role
            .clone()
            .filter(|_| settings.enhanced_interval.is_some()),
        log_exports_before: if settings.log_exports.is_some() {
            log_exports_before.clone()
        } else {
            [].into()
        },
        settings,
        ..blank()
    };
    let mut singles: Vec<_> = settings.apart().into_iter().map(single).collect();
    singles.push(ModifyInstance {
        max_storage,
        ..blank()
    });
    singles.retain(|request| !request.is_empty());
    singles
}
