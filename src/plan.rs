//! Every decision of the operator: what is wanted and what is observed go in,
//! the next actions come out.
//!
//! Nothing here may do I/O, read a clock or draw a random number: what differs
//! from run to run is handed in, so that every decision can be read, and
//! tested, as a row of a table.

mod action;
mod change;
mod create;
mod delete;
mod desired;
mod fixed;
mod hold;
mod identity;
mod keep;
mod modify;
mod observed;
mod obstacle;
mod ownership;
mod parts;
mod provide;
mod secret;
mod state;
mod takeover;
mod upgrade;
mod volume;
mod withhold;

pub use action::{Action, Stays};
pub use desired::{Creation, Database, Desired, Goal, Undecided};
pub use hold::{BURST, allowed_at};
pub use identity::{Subject, TAG_CLUSTER, TAG_IDENTIFIER, TAG_OBJECT, TAG_UID, is_reserved_tag};
pub use observed::{Failed, Observed, Presence};
pub use obstacle::Obstacle;
pub use ownership::{MadeFor, Ownership, copies, made_for, ownership, previous};
pub(crate) use provide::{SWEEPS_THAT_CONFIRM, once_existed};
pub(crate) use secret::KEYS as SECRET_KEYS;
pub use secret::{
    FormerSecret, HeldSecret, Noted, SecretContent, SecretState, SentPassword, is_complete,
    password_of,
};
pub use state::{State, is_going, is_serving, state};
pub use takeover::UNKNOWN_PASSWORD;

use jiff::Timestamp;
use stow_versions::status::PendingChange;

#[cfg(test)]
pub(crate) mod tests;

/// What the operator does next, in this order; and what it does not do, and why.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// To be executed in order; the first failure ends the plan.
    pub actions: Vec<Action>,
    /// What time alone will bring.
    pub waiting: Vec<Obstacle>,
    /// What needs somebody to act.
    pub blocked: Vec<Obstacle>,
    /// Changes that RDS has accepted, or that it cannot make, and that a
    /// usable database does not wait for.
    pub pending: Vec<PendingChange>,
}

impl Plan {
    /// Notes what stands in the way, by whose move it is.
    fn hinder(&mut self, obstacle: Obstacle) {
        if obstacle.needs_somebody() {
            self.blocked.push(obstacle);
        } else {
            self.waiting.push(obstacle);
        }
    }
}

/// Decides what to do next for one object.
///
/// A plan may stop short of what is wanted: once its actions are done, the
/// next observation plans the rest.
pub fn plan(desired: &Desired, observed: &Observed, now: Timestamp) -> Plan {
    let mut plan = match &desired.goal {
        Goal::Exists(database) => provide::plan(desired, database, observed, now),
        Goal::Gone {
            policy,
            final_snapshot,
            deletion_protection,
        } => {
            let departure = delete::Departure {
                policy: policy.as_ref().copied(),
                final_snapshot,
                deletion_protection: *deletion_protection,
            };
            delete::plan(&desired.subject, &departure, observed)
        }
        Goal::Unclear { message } => provide::unclear(desired, observed, message),
    };
    hold::back(&mut plan, observed, now);
    if observed.read_only {
        withhold::all(&mut plan);
    } else if desired.paused {
        withhold::at_rds(&mut plan, &observed.instance);
    }
    plan
}
