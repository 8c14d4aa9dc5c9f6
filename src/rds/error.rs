//! Failures of an RDS call, named for what is to be done about them.
//!
//! Nothing here may hold a request: an error is shown to people, and a request
//! can hold a password.

/// Why an RDS call did not succeed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// RDS answered that it will not do this. Sending the same again changes
    /// nothing until somebody acts, or until the instance's state moves on.
    #[error("RDS refused {action}: {code}: {message}")]
    Refused {
        /// The kind of refusal.
        refusal: Refusal,
        /// The API action, such as `CreateDBInstance`.
        action: &'static str,
        /// RDS's error code, verbatim.
        code: String,
        /// RDS's message, verbatim but for secrets.
        message: String,
    },
    /// The rate of calls was exceeded. Nothing happened.
    #[error("RDS throttled {action}")]
    Throttled {
        /// The API action.
        action: &'static str,
    },
    /// The call failed on the way, or RDS failed: whether it took effect is
    /// unknown until the instance is observed again.
    #[error("{action} did not complete: {message}")]
    Unknown {
        /// The API action.
        action: &'static str,
        /// What went wrong.
        message: String,
    },
    /// The call could not be sent: no region, no credentials, no such profile.
    #[error("{action} could not be sent: {message}")]
    Unconfigured {
        /// The API action.
        action: &'static str,
        /// What is missing, and how to set it.
        message: String,
    },
}

/// The kinds of refusal that Stow tells apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The credentials are valid and lack the permission, or are not valid.
    Denied,
    /// A quota of the account, or AWS's capacity.
    Quota,
    /// `DBInstanceAlreadyExists`.
    AlreadyExists,
    /// `DBInstanceNotFound`.
    NotFound,
    /// `DBSnapshotAlreadyExists`: the final snapshot's name is taken.
    SnapshotExists,
    /// `InvalidDBInstanceState`: not now; later it may.
    State,
    /// `InvalidDBInstanceState` of a delete whose message says that the
    /// instance is being deleted already.
    AlreadyDeleting,
    /// What the request refers to at AWS is not there, or not as it must be.
    Unmet,
    /// The request itself is not acceptable.
    Invalid,
}

/// What is done after a call that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It is tried again by itself, at first soon, then less and less often.
    Backoff,
    /// Somebody has to act, and not on the object: it is tried again every few
    /// minutes, since nobody tells when they have.
    Slowly,
    /// The request is not tried again before it is another, but for a last
    /// resort: what it depends on may have been mended without a word.
    Wait,
    /// It is not tried again: what RDS shows next decides anew.
    Stop,
}

impl Decision {
    /// How people are told: what Stow does.
    pub fn describe(self) -> &'static str {
        match self {
            Self::Backoff => "tries again, less and less often",
            Self::Slowly => "tries again every few minutes",
            Self::Wait => {
                "tries again when another request follows from the spec or the ConfigMap, or after 15 minutes"
            }
            Self::Stop => "stops, and goes by what RDS shows next",
        }
    }
}

impl Refusal {
    /// What is done after it.
    pub fn decision(self) -> Decision {
        match self {
            Self::AlreadyExists | Self::State => Decision::Backoff,
            Self::Denied | Self::Quota | Self::SnapshotExists | Self::Unmet => Decision::Slowly,
            Self::Invalid => Decision::Wait,
            Self::NotFound | Self::AlreadyDeleting => Decision::Stop,
        }
    }
}

impl Error {
    /// What is done after it.
    pub fn decision(&self) -> Decision {
        match self {
            Self::Refused { refusal, .. } => refusal.decision(),
            Self::Throttled { .. } | Self::Unknown { .. } => Decision::Backoff,
            Self::Unconfigured { .. } => Decision::Slowly,
        }
    }
}
