//! The cluster around the objects: what Stow needs of it, and what of that is
//! not in order.
//!
//! Nothing here may read anything, or tell the time. Each check is a function
//! over what was read, in the order of [`CHECKS`]; that of certificates is handed
//! the time besides.

mod certificate;
mod config_map;
mod conversion;
mod definition;
mod manifests;
mod webhook;

use jiff::Timestamp;

pub(super) use self::conversion::Trial;
use super::finding::{Check, Finding, Severity};
use super::read::{Installation, Unread};

/// One check.
type Judge = fn(&Installation) -> Vec<Finding>;

/// Every check of the cluster that is the same at any time.
const CHECKS: [Judge; 5] = [
    definition::definition,
    definition::migration,
    manifests::as_shipped,
    config_map::usable,
    webhook::reachable,
];

/// Judges a cluster.
pub(super) fn judge(installation: &Installation, now: Timestamp) -> Vec<Finding> {
    let checks = CHECKS.iter().flat_map(|check| check(installation));
    let trusted = certificate::trusted(installation, now);
    checks.chain(trusted).collect()
}

/// What is missing from a cluster that serves v1beta1 already is an error;
/// before that, it is the next step.
fn absence(installation: &Installation) -> Severity {
    if installation.serves_hub() {
        Severity::Error
    } else {
        Severity::Note
    }
}

/// What could not be read.
fn unread(check: Check, unread: &Unread) -> Finding {
    Finding::new(Severity::Unknown, check, format!("Not known: {unread}"))
        .advise("Grant the rights of docs/preflight.md to whoever runs this.")
}

#[cfg(test)]
mod tests;
