//! What metrics are told apart by.
//!
//! Nothing here may hold text of a user or of AWS: the number of series is bounded.

use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue};

/// How a conversion review ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EncodeLabelValue)]
pub enum Review {
    /// Every object was converted.
    Success,
    /// An object could not be converted; the answer says which.
    Failure,
    /// The body was no conversion review: HTTP 400.
    Malformed,
    /// The body was larger than the limit: HTTP 413.
    TooLarge,
    /// The body, or room for it, did not come in time: HTTP 408 or 503.
    TimedOut,
}

/// How a reconciliation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EncodeLabelValue)]
pub enum Reconcile {
    /// Nothing was left to do.
    Settled,
    /// Something was done.
    Acted,
    /// It waits for AWS, a window or a cooldown.
    Waiting,
    /// A person has to act first.
    Blocked,
    /// It failed, and is tried again.
    Failed,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct ByResult {
    pub(super) result: Review,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct ByCall {
    pub(super) action: &'static str,
    pub(super) outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct ByOutcome {
    pub(super) outcome: Reconcile,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct ByKey {
    pub(super) key: &'static str,
}
