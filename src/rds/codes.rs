//! RDS's error codes: what each means, and what a person does about it.
//!
//! Nothing here may know an HTTP status, the SDK or Kubernetes: one table, which
//! `docs/troubleshooting.md` repeats.

mod table;

pub use table::{OTHER, OTHER_QUOTA, ROWS};

use super::error::{Decision, Refusal};

/// The action whose wrong-state refusal can mean that its work is done already.
const DELETE: &str = "DeleteDBInstance";

/// What to do about calls that are throttled.
pub const THROTTLED: &str =
    "Where it lasts, look in CloudTrail for who else calls RDS in this account and region.";

/// What to do about calls that RDS failed at, or whose answers were lost.
pub const FAILED: &str = "What became of it shows when RDS is observed again. Where it lasts, see \
                          AWS's Health Dashboard, and whether RDS's endpoint can be reached.";

/// What an error code means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// Too many calls; nothing happened.
    Throttled,
    /// RDS failed, and may have done the work before it did.
    Failed,
    /// RDS will not do this.
    Refused(Refusal),
}

impl Meaning {
    /// What is done after it.
    pub fn decision(self) -> Decision {
        match self {
            Self::Throttled | Self::Failed => Decision::Backoff,
            Self::Refused(refusal) => refusal.decision(),
        }
    }
}

/// What must be so beside the code: RDS says several things by one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// Nothing more.
    Always,
    /// A delete's message says that the instance is being deleted already. Any
    /// other state in which it cannot be deleted must not read as "it will be
    /// gone".
    AlreadyDeleting,
    /// The message is of storage that is changed again too soon: while it is
    /// being optimized, or as often within 24 hours as RDS allows. RDS's words
    /// are not documented; either way this only changes how soon the change is
    /// tried again, and whether people are told to act.
    StorageTooSoon,
    /// A delete's message says that the instance is protected.
    Protected,
}

impl When {
    fn holds(self, action: &str, message: &str) -> bool {
        let says = |word: &str| message.to_ascii_lowercase().contains(word);
        match self {
            Self::Always => true,
            Self::AlreadyDeleting => action == DELETE && says("already being deleted"),
            Self::StorageTooSoon => {
                let for_a_while = ["optimiz", "currently modify", "24 hours"];
                says("storage") && for_a_while.into_iter().any(says)
            }
            Self::Protected => action == DELETE && says("protect"),
        }
    }

    /// How the documentation says it.
    pub fn describe(self) -> &'static str {
        match self {
            Self::Always => "",
            Self::AlreadyDeleting => "of a delete that is under way",
            Self::StorageTooSoon => "of storage that is changed again too soon",
            Self::Protected => "of a delete under deletion protection",
        }
    }
}

/// One row: codes that mean the same.
#[derive(Debug)]
pub struct Row {
    /// The codes as RDS sends them. Some end in `Fault`, and the documentation's
    /// spelling is no guide to the wire's, so each is read with and without it.
    pub codes: &'static [&'static str],
    /// What must be so beside the code.
    pub when: When,
    /// What it means.
    pub meaning: Meaning,
    /// What a person does about it: whole sentences, in which `{action}` is the
    /// API action.
    pub advice: &'static str,
}

/// What is known of a code, its action and its message. Of a code that nobody
/// has heard of, nothing is known but that RDS will not do it.
pub fn row(action: &str, code: &str, message: &str) -> &'static Row {
    let name = bare(code);
    let known = ROWS.iter().find(|row| {
        row.codes.iter().any(|known| bare(known) == name) && row.when.holds(action, message)
    });
    let quota = || name.ends_with("QuotaExceeded").then_some(&OTHER_QUOTA);
    known.or_else(quota).unwrap_or(&OTHER)
}

fn bare(code: &str) -> &str {
    code.strip_suffix("Fault").unwrap_or(code)
}
