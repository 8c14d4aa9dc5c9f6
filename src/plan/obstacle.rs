//! Why something does not go on, and whose move it is.
//!
//! Nothing here may decide what happens next: it names what stands in the way.

use stow_versions::status::Reason;

use crate::rds::codes::{FAILED, Meaning, THROTTLED, row};
use crate::rds::{Error, Refusal};

/// Why something does not go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Obstacle {
    /// The condition's reason.
    pub reason: Reason,
    /// What it is, and what to do, for a person.
    pub message: String,
}

impl Obstacle {
    /// An obstacle of that reason.
    pub fn new(reason: Reason, message: impl Into<String>) -> Self {
        Self {
            reason,
            message: message.into(),
        }
    }

    /// Whether it stays until somebody acts, rather than pass with time.
    pub fn needs_somebody(&self) -> bool {
        match self.reason {
            Reason::InvalidSpec
            | Reason::InvalidConfiguration
            | Reason::NotAllowed
            | Reason::AccessDenied
            | Reason::QuotaExceeded
            | Reason::NotOwned
            | Reason::PreviousInstanceExists
            | Reason::InstanceMissing
            | Reason::SecretConflict
            | Reason::SecretMissing
            | Reason::IncompatibleState
            | Reason::Refused
            | Reason::Paused => true,
            Reason::Available
            | Reason::Creating
            | Reason::Modifying
            | Reason::StorageOptimizing
            | Reason::Deleting
            | Reason::Throttled
            | Reason::InProgress
            | Reason::Unreachable => false,
        }
    }
}

impl From<&Error> for Obstacle {
    fn from(error: &Error) -> Self {
        let advice = match error {
            Error::Refused {
                action,
                code,
                message,
                ..
            } => row(action, code, message)
                .advice
                .replace("{action}", action),
            Error::Throttled { .. } => THROTTLED.to_owned(),
            Error::Unknown { .. } => FAILED.to_owned(),
            Error::Unconfigured { .. } => "It is read from the operator's own environment: docs/usage.md has the ways to set it.".to_owned(),
        };
        // AWS ends some of its messages with a full stop, and some not.
        let said = error.to_string();
        Self::new(
            reason(error),
            format!(
                "{}. {advice} Stow {}.",
                said.trim_end_matches(['.', ' ']),
                error.decision().describe()
            ),
        )
    }
}

fn reason(error: &Error) -> Reason {
    match error {
        Error::Refused { refusal, .. } => Meaning::Refused(*refusal).into(),
        Error::Throttled { .. } => Meaning::Throttled.into(),
        Error::Unknown { .. } => Meaning::Failed.into(),
        Error::Unconfigured { .. } => Reason::InvalidConfiguration,
    }
}

impl From<Meaning> for Reason {
    fn from(meaning: Meaning) -> Self {
        match meaning {
            Meaning::Throttled => Self::Throttled,
            Meaning::Failed => Self::Unreachable,
            Meaning::Refused(refusal) => match refusal {
                Refusal::Denied => Self::AccessDenied,
                Refusal::Quota => Self::QuotaExceeded,
                Refusal::AlreadyExists | Refusal::NotFound | Refusal::State => Self::InProgress,
                Refusal::SnapshotExists => Self::IncompatibleState,
                Refusal::AlreadyDeleting => Self::Deleting,
                Refusal::Unmet | Refusal::Invalid => Self::Refused,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rds::Decision;
    use crate::rds::codes::{OTHER, OTHER_QUOTA, ROWS};

    #[test]
    fn whose_move_it_is_and_when_it_is_tried_again_agree() {
        for row in ROWS.iter().chain([&OTHER, &OTHER_QUOTA]) {
            let obstacle = Obstacle::new(row.meaning.into(), "");
            let expected = match row.meaning.decision() {
                Decision::Slowly | Decision::Wait => true,
                Decision::Backoff | Decision::Stop => false,
            };
            assert_eq!(obstacle.needs_somebody(), expected, "{row:?}");
        }
    }
}
