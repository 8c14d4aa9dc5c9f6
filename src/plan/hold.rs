//! What is planned and not done now: what RDS has accepted already, and what
//! failed a short while ago.
//!
//! Nothing here may hold back a thing without a word why.

use jiff::{SignedDuration, Timestamp};
use stow_versions::status::Reason;

use super::{Action, Observed, Obstacle, Plan};

/// How long RDS may go on showing old values of what it has accepted.
pub(super) const SETTLING: SignedDuration = SignedDuration::from_mins(5);

/// Takes back an action that RDS accepted, or that failed, a short while ago,
/// and says why instead. Modifications do not depend on each other; what
/// follows on another action waits with it.
pub(super) fn back(plan: &mut Plan, observed: &Observed, now: Timestamp) {
    for action in std::mem::take(&mut plan.actions) {
        let Some(obstacle) = held_back(&action, observed, now) else {
            plan.actions.push(action);
            continue;
        };
        if !plan.waiting.contains(&obstacle) && !plan.blocked.contains(&obstacle) {
            plan.hinder(obstacle);
        }
        if !matches!(action, Action::Modify(_)) {
            break;
        }
    }
}

fn held_back(action: &Action, observed: &Observed, now: Timestamp) -> Option<Obstacle> {
    let mut issued = observed.issued.iter();
    if issued.any(|(issued, at)| issued == action && now < *at + SETTLING) {
        return Some(Obstacle::new(
            Reason::Modifying,
            "RDS has accepted the change and does not show it yet.",
        ));
    }
    let failed = observed
        .failed
        .iter()
        .find(|failed| now < failed.retry_at && action.repeats(&failed.action))?;
    Some(failed.obstacle.clone())
}
