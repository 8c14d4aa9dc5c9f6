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
mod fixed;
mod hold;
mod identity;
mod keep;
mod modify;
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
pub use hold::{BURST, allowed_at};
pub use identity::{Subject, TAG_CLUSTER, TAG_IDENTIFIER, TAG_OBJECT, TAG_UID, is_reserved_tag};
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

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use stow_versions::status::PendingChange;
use stow_versions::v1beta1::{ApplyChanges, DeletionPolicy};

use crate::rds::{Instance, Password, Settings};

#[cfg(test)]
pub(crate) mod tests;

/// What is wanted of one object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Desired {
    /// The object, and the names that follow from it.
    pub subject: Subject,
    /// What should become of its database.
    pub goal: Goal,
    /// Every value of the spec by its path, as text: `tags.team`, `shop`.
    pub stated: BTreeMap<String, String>,
    /// Whether the object's annotation says that the spec counts from the moment
    /// on at which its database is taken over.
    pub applies_at_once: bool,
    /// Whether the object's annotation says that nothing is to change at AWS.
    pub paused: bool,
}

/// What should become of a database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Goal {
    /// It should exist, like this.
    Exists(Box<Database>),
    /// Its object is going.
    Gone {
        /// What becomes of the database, or why that cannot be done.
        policy: Result<DeletionPolicy, Obstacle>,
        /// `FinalDBSnapshotIdentifier`, where one is taken.
        final_snapshot: String,
        /// `spec.deletionProtection`.
        deletion_protection: Option<bool>,
    },
    /// The spec cannot be followed: nothing is changed at RDS until it can.
    Unclear {
        /// Every fault, in one text for the person who wrote the spec.
        message: String,
    },
}

/// A database as its spec wants it. What is `None` is not managed on an
/// instance that exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Database {
    /// `spec.size`.
    pub class: Option<String>,
    /// `spec.storage`, in GiB.
    pub storage: Option<i32>,
    /// `spec.storageType`.
    pub storage_type: Option<String>,
    /// `spec.iops`.
    pub iops: Option<i32>,
    /// `spec.throughput`, in MiB a second.
    pub throughput: Option<i32>,
    /// `spec.maxStorage`, in GiB; the storage itself means no growth.
    pub max_storage: Option<i32>,
    /// `spec.engineVersion`.
    pub engine_version: Option<String>,
    /// `spec.allowMajorVersionUpgrade`.
    pub allow_major_version_upgrade: bool,
    /// `spec.multiAZ`.
    pub multi_az: Option<bool>,
    /// The rest of what can change.
    pub settings: Settings,
    /// `spec.applyChanges`.
    pub apply_changes: Option<ApplyChanges>,
    /// The platform's role for Enhanced Monitoring.
    pub monitoring_role: Option<String>,
    /// `spec.network.subnetGroup`, which never changes.
    pub subnet_group: Option<String>,
    /// `spec.encryption.enabled`, which never changes.
    pub encrypted: Option<bool>,
    /// `spec.encryption.kmsKey`, which never changes.
    pub kms_key: Option<String>,
    /// `spec.tags`; removing a key here leaves it at AWS.
    pub tags: BTreeMap<String, String>,
    /// The platform's tags: a new instance gets them over those of the spec, and
    /// of one that exists it is told which it lacks.
    pub required_tags: BTreeMap<String, String>,
    /// `spec.databaseName`, which RDS never changes.
    pub database_name: Option<String>,
    /// `spec.masterUsername`, which RDS never changes.
    pub master_username: Option<String>,
    /// The name of the Secret.
    pub secret_name: String,
    /// How a new instance is made, or why it cannot be.
    pub creation: Result<Box<Creation>, Obstacle>,
    /// What the spec asks for and the platform does not allow. It is left out of
    /// the fields above: an instance that exists stays as it is.
    pub denied: Option<Obstacle>,
    /// What else the spec asks for, once the platform's policies can be read.
    pub undecided: Option<Box<Undecided>>,
}

/// A database as its spec wants it, while it is open whether it may be so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undecided {
    /// Why it is open.
    pub obstacle: Obstacle,
    /// All that the spec wants.
    pub database: Database,
}

/// What a new instance has beyond what may change later: the spec over the
/// platform's configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Creation {
    /// `DBInstanceClass`.
    pub class: String,
    /// `AllocatedStorage`, in GiB.
    pub storage: i32,
    /// `StorageType`.
    pub storage_type: String,
    /// `Iops`.
    pub iops: Option<i32>,
    /// `StorageThroughput`, in MiB a second.
    pub throughput: Option<i32>,
    /// `MaxAllocatedStorage`, in GiB.
    pub max_storage: Option<i32>,
    /// `EngineVersion`.
    pub engine_version: Option<String>,
    /// `MultiAZ`.
    pub multi_az: bool,
    /// `DBName`.
    pub database_name: String,
    /// `MasterUsername`.
    pub master_username: String,
    /// `DBSubnetGroupName`.
    pub subnet_group: Option<String>,
    /// `StorageEncrypted`.
    pub encrypted: bool,
    /// `KmsKeyId`.
    pub kms_key: Option<String>,
    /// What else it has.
    pub settings: Settings,
    /// `MonitoringRoleArn`.
    pub monitoring_role: Option<String>,
}

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
    /// most the last [`BURST`] times, the earliest first.
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
    /// by the object's status.
    pub inherited: BTreeMap<String, String>,
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
