//! What is known of the world around one object, whatever is wanted of it.
//!
//! Nothing here may judge what it means.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::{Action, FormerSecret, Obstacle, SecretState, SentPassword};
use crate::rds::{Instance, Password};

/// What is known of the world around one object.
#[derive(Clone, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact by itself, and none excludes another"
)]
pub struct Observed {
    /// Whether the object carries Stow's finalizer.
    pub finalizer: bool,
    /// Whether the object's status says that its instance once existed. It is
    /// a reason for caution, never for authority: a tenant may have forged it.
    pub recorded: bool,
    /// The instance of the object's identifier.
    pub instance: Presence,
    /// An instance under another identifier that carries this object's tags.
    pub copy: Option<String>,
    /// The ARN that the status has, where it is of another account or region
    /// than the operator works in.
    pub elsewhere: Option<String>,
    /// The instance of an earlier object of the same namespace and name.
    pub previous: Option<Instance>,
    /// The Secret that the spec names.
    pub secret: SecretState,
    /// The Secret that the status names, where that is another one and holds
    /// this database's password.
    pub former_secret: Option<FormerSecret>,
    /// A password that nothing uses yet.
    pub fresh_password: Password,
    /// What RDS accepted, and when: it may go on showing the old for a while.
    pub issued: Vec<(Action, Timestamp)>,
    /// When RDS was last asked to change the instance, whatever came of it: at
    /// most the last [`super::BURST`] times, the earliest first.
    pub asked: Vec<Timestamp>,
    /// The password that this process sent to RDS last.
    pub sent_password: Option<SentPassword>,
    /// The actions that failed, and when to try each again.
    pub failed: Vec<Failed>,
    /// The version that RDS was asked for by an upgrade to another major, for
    /// this generation of the spec.
    pub upgrade_tried: Option<String>,
    /// Whether the object's status has conditions, which Stow alone writes.
    pub reported: bool,
    /// What the spec said when the database was taken over, and is left as it is,
    /// by the object's status; none where that notes no takeover.
    pub inherited: Option<BTreeMap<String, String>>,
    /// Whether the operator was told to change nothing.
    pub read_only: bool,
}

/// Whether the instance of an identifier exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Presence {
    /// Nothing newer than the last change is known.
    Unknown,
    /// RDS could not be asked, or what it shows does not count.
    Unreadable(Obstacle),
    /// It exists.
    Present(Box<Instance>),
    /// A complete sweep did not list it and RDS answered that it does not exist.
    Absent {
        /// In how many sweeps in a row it was missing.
        sweeps: u32,
        /// How long ago the first of them was.
        since: SignedDuration,
        /// Whether it was being deleted when it was seen last.
        going: bool,
    },
}

/// An action that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failed {
    /// What was tried.
    pub action: Action,
    /// What stands in its way.
    pub obstacle: Obstacle,
    /// Not to be tried again, as it is, before then.
    pub retry_at: Timestamp,
}
