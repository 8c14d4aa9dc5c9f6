//! How the calls to RDS went, for whoever counts them.
//!
//! Nothing here may know a metrics library.

use std::sync::Arc;

use super::{Error, Refusal};

/// Told of every attempt at a call, with the API action (`CreateDBInstance`) and
/// how it went. A read that is sent again is told of again.
pub type Observer = Arc<dyn Fn(&'static str, Outcome) + Send + Sync>;

/// How an attempt at a call went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// RDS did, or said, what it was asked to.
    Done,
    /// RDS answered that there is no such instance, which is often what one
    /// wants to know.
    NotFound,
    /// The permission is lacking, or the credentials are not valid.
    Denied,
    /// RDS refused for another reason.
    Refused,
    /// Too many calls.
    Throttled,
    /// The answer was lost, late or a failure of RDS.
    Unknown,
    /// Never sent: credentials, region or endpoint are lacking.
    Unsent,
}

impl Outcome {
    /// How the call that ended in `result` went.
    pub fn of<T>(result: &Result<T, Error>) -> Self {
        match result {
            Ok(_) => Self::Done,
            Err(Error::Refused { refusal, .. }) => match refusal {
                Refusal::NotFound => Self::NotFound,
                Refusal::Denied => Self::Denied,
                Refusal::Quota
                | Refusal::AlreadyExists
                | Refusal::SnapshotExists
                | Refusal::State
                | Refusal::AlreadyDeleting
                | Refusal::Unmet
                | Refusal::Invalid => Self::Refused,
            },
            Err(Error::Throttled { .. }) => Self::Throttled,
            Err(Error::Unknown { .. }) => Self::Unknown,
            Err(Error::Unconfigured { .. }) => Self::Unsent,
        }
    }

    /// A word for it in `snake_case`, such as a label's value.
    pub fn label(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::NotFound => "not_found",
            Self::Denied => "denied",
            Self::Refused => "refused",
            Self::Throttled => "throttled",
            Self::Unknown => "unknown",
            Self::Unsent => "unsent",
        }
    }
}
