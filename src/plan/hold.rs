//! What is planned and not done now: what RDS has accepted already, what failed
//! a short while ago, and what comes too fast.
//!
//! Nothing here may hold back a thing without a word why.

use jiff::{SignedDuration, Timestamp};
use stow_versions::status::Reason;

use super::{Action, Observed, Obstacle, Plan};

/// How long RDS may go on showing old values of what it has accepted.
pub(super) const SETTLING: SignedDuration = SignedDuration::from_mins(5);

/// RDS is asked at most so many times in [`WINDOW`] to change one instance:
/// enough to find what it refuses of one edit, and whoever rewrites an object
/// without end cannot use up the rate of calls that the account has for all.
pub const BURST: usize = 10;
const WINDOW: SignedDuration = SignedDuration::from_secs(60);

/// When RDS may be asked again to change the instance; `None` where it may now.
pub fn allowed_at(observed: &Observed, now: Timestamp) -> Option<Timestamp> {
    opens_at(&observed.asked, now)
}

fn opens_at(asked: &[Timestamp], now: Timestamp) -> Option<Timestamp> {
    let first = asked.len().checked_sub(BURST)?;
    let at = asked.get(first)?.saturating_add(WINDOW);
    at.ok().filter(|at| now < *at)
}

/// Takes back what is not to be done now, and says why instead. Modifications
/// do not depend on each other; what follows on another action waits with it.
pub(super) fn back(plan: &mut Plan, observed: &Observed, now: Timestamp) {
    let mut asked = observed.asked.clone();
    let mut actions = std::mem::take(&mut plan.actions).into_iter().peekable();
    while let Some(action) = actions.next() {
        let why = |action: &Action| {
            held_back(action, observed, now).or_else(|| too_fast(action, &asked, now))
        };
        let mut goes_on = matches!(action, Action::Modify(_));
        let mut obstacle = why(&action);
        // The note says that RDS is asked next, and would be untrue.
        if let (None, Action::NoteUpgrade { .. }, Some(next)) = (&obstacle, &action, actions.peek())
        {
            obstacle = why(next);
            goes_on = true;
        }
        let Some(obstacle) = obstacle else {
            if asks_for_a_change(&action) {
                asked.push(now);
            }
            plan.actions.push(action);
            continue;
        };
        if !plan.waiting.contains(&obstacle) && !plan.blocked.contains(&obstacle) {
            plan.hinder(obstacle);
        }
        if !goes_on {
            break;
        }
    }
}

fn held_back(action: &Action, observed: &Observed, now: Timestamp) -> Option<Obstacle> {
    let mut issued = observed.issued.iter();
    if !sets_password(action) && issued.any(|(issued, at)| issued == action && now < *at + SETTLING)
    {
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

fn too_fast(action: &Action, asked: &[Timestamp], now: Timestamp) -> Option<Obstacle> {
    if !asks_for_a_change(action) {
        return None;
    }
    opens_at(asked, now)?;
    Some(Obstacle::new(
        Reason::Throttled,
        format!(
            "Stow has asked RDS {BURST} times within {} seconds to change this instance, and asks no faster: the rest follows by itself.",
            WINDOW.as_secs()
        ),
    ))
}

/// Whether a spec that changes without end could make it one call after another.
fn asks_for_a_change(action: &Action) -> bool {
    matches!(action, Action::Modify(_) | Action::AddTags { .. })
}

/// RDS never shows a password: whether it is to be sent again is known by what
/// was sent.
fn sets_password(action: &Action) -> bool {
    matches!(action, Action::Modify(request) if request.master_password.is_some())
}
