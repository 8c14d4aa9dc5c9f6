//! Why something does not go on, and whose move it is.
//!
//! Nothing here may decide what happens next: it names what stands in the way.

use stow_versions::status::Reason;

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
            | Reason::AccessDenied
            | Reason::QuotaExceeded
            | Reason::NotOwned
            | Reason::PreviousInstanceExists
            | Reason::InstanceMissing
            | Reason::SecretConflict
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
        let (reason, advice) = match error {
            Error::Refused { refusal, action, .. } => match refusal {
                Refusal::Denied => (
                    Reason::AccessDenied,
                    format!("Allow rds:{action} to the operator's IAM identity, as docs/iam-policy.json does; it is tried again every few minutes."),
                ),
                Refusal::Quota => (
                    Reason::QuotaExceeded,
                    "Raise the quota, or make room; it is tried again every few minutes.".to_owned(),
                ),
                Refusal::AlreadyExists => (
                    Reason::InProgress,
                    "The instance exists and is not listed yet.".to_owned(),
                ),
                Refusal::NotFound => (
                    Reason::InProgress,
                    "The instance is observed again before anything else is done.".to_owned(),
                ),
                Refusal::SnapshotExists => (
                    Reason::IncompatibleState,
                    "A snapshot of the final snapshot's name exists already: make sure that it is the one you want, then copy it under another name and delete it.".to_owned(),
                ),
                Refusal::State => (
                    Reason::InProgress,
                    "It is tried again once RDS is done with the instance.".to_owned(),
                ),
                Refusal::AlreadyDeleting => (Reason::Deleting, "Nothing is left to do.".to_owned()),
                Refusal::Invalid => (
                    Reason::Refused,
                    "Change the spec, or the operator's ConfigMap, so that RDS accepts it.".to_owned(),
                ),
            },
            Error::Throttled { .. } => {
                (Reason::Throttled, "It is tried again, less and less often.".to_owned())
            }
            Error::Unknown { .. } => {
                (Reason::Unreachable, "What became of it shows when RDS is observed again.".to_owned())
            }
            Error::Unconfigured { .. } => {
                (Reason::InvalidConfiguration, "The operator's own environment is to be set.".to_owned())
            }
        };
        // AWS ends some of its messages with a full stop, and some not.
        let said = error.to_string();
        Self::new(
            reason,
            format!("{}. {advice}", said.trim_end_matches(['.', ' '])),
        )
    }
}
