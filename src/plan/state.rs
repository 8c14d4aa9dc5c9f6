//! What an RDS status means for the operator. The set is open: a status that
//! is not listed here is work in progress.

use stow_versions::status::Reason;

/// The kinds of status that decisions differ by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It can be modified, and deleted with a final snapshot.
    Settled,
    /// As settled, but its storage cannot be modified for a while.
    StorageSettling,
    /// It serves nobody until it is started, and cannot be modified before.
    Stopped,
    /// RDS works on it.
    InProgress(Reason),
    /// RDS deletes it.
    Deleting,
    /// Nothing goes on until somebody acts; it can still be deleted with a
    /// final snapshot.
    Broken,
    /// As broken, and RDS takes no final snapshot of it.
    Lost,
}

/// What a `DBInstanceStatus` means.
pub fn state(status: &str) -> State {
    match status {
        // More storage is what a full instance needs, so it can be modified.
        "available" | "storage-full" => State::Settled,
        "storage-optimization" | "storage-initialization" => State::StorageSettling,
        "stopped" => State::Stopped,
        "creating" => State::InProgress(Reason::Creating),
        "modifying" | "storage-config-upgrade" | "resetting-master-credentials" => {
            State::InProgress(Reason::Modifying)
        }
        "deleting" | "delete-precheck" => State::Deleting,
        "failed" | "incompatible-restore" | "incompatible-network" => State::Lost,
        "inaccessible-encryption-credentials"
        | "inaccessible-encryption-credentials-recoverable"
        | "incompatible-create"
        | "incompatible-credentials"
        | "incompatible-option-group"
        | "incompatible-parameters"
        | "insufficient-capacity"
        | "restore-error"
        | "upgrade-failed"
        | "upgrade_failed"
        | "modify-failed" => State::Broken,
        _ => State::InProgress(Reason::InProgress),
    }
}

/// Whether RDS already takes an instance away.
pub(crate) fn is_going(status: &str) -> bool {
    state(status) == State::Deleting
}

/// Whether an instance of that status takes connections; `None` where the
/// status does not say.
pub fn is_serving(status: &str) -> Option<bool> {
    match status {
        "available"
        | "backing-up"
        | "modifying"
        | "storage-optimization"
        | "storage-initialization"
        | "storage-config-upgrade"
        | "resetting-master-credentials" => Some(true),
        "creating" | "starting" | "stopping" | "stopped" | "rebooting" | "upgrading"
        | "storage-full" => Some(false),
        status if status.starts_with("configuring-") => Some(true),
        status => match state(status) {
            State::Broken | State::Lost | State::Deleting => Some(false),
            _ => None,
        },
    }
}
