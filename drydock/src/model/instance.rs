//! A DB instance.

use std::collections::VecDeque;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Change, Monitoring, Tags};
use crate::machine::Step;

/// The status of a parameter group whose values are all in effect.
pub const PARAMETERS_IN_SYNC: &str = "in-sync";
/// The status of a parameter group whose values the server is being told.
pub const PARAMETERS_APPLYING: &str = "applying";
/// The status of a parameter group that waits for a reboot.
pub const PARAMETERS_PENDING_REBOOT: &str = "pending-reboot";

/// A DB instance, in whatever status.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Instance {
    /// Lowercase; a rename changes it.
    pub identifier: String,
    /// `DbiResourceId`, which nothing changes.
    pub resource_id: String,
    /// The account's or region's own name of it, which a rename changes too.
    pub arn: String,
    /// When it became available first.
    pub created: Option<Timestamp>,
    /// What is in effect.
    pub configuration: Configuration,
    /// What waits for the maintenance window, or is being applied.
    pub pending: Change,
    /// Since when something waits for the maintenance window.
    pub pending_since: Option<Timestamp>,
    /// What it is about to go through, the current step first.
    pub steps: VecDeque<Step>,
    /// Its status when there is no step.
    pub resting: String,
    /// Whether that is `failed` because drydock, when it started, could not bring
    /// the server back: something else may have had its port.
    #[serde(default)]
    pub lost: bool,
    /// The master user's password, which a real server would hold hashed.
    pub password: String,
    /// Where its server listens; 0 until there is one. Kept through stop, start
    /// and rename.
    pub server_port: u16,
    /// Whether the endpoint can be seen: not while it is created.
    pub reachable: bool,
    /// Tags by key.
    pub tags: Tags,
    /// When its storage was changed, for the cooldown.
    pub storage_changes: Vec<Timestamp>,
    /// When it was stopped: RDS starts it again after seven days.
    pub stopped: Option<Timestamp>,
    /// Since when every moment can be restored.
    pub backed_up: Option<Timestamp>,
    /// What Describe still shows of before the last change.
    pub veil: Option<Veil>,
}

/// An older view of an instance, by eventual consistency.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Veil {
    /// Until when it is shown.
    pub until: Timestamp,
    /// What is shown; nothing, if there was no instance.
    pub earlier: Option<Box<Instance>>,
}

/// An instance's configuration, as far as RDS describes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "these are the API's own independent switches"
)]
pub struct Configuration {
    /// `db.t3.micro` and its like.
    pub class: String,
    /// Like `17.6`.
    pub engine_version: String,
    /// The database made with it.
    pub database: Option<String>,
    /// Its owner.
    pub master_username: String,
    /// GiB.
    pub storage: i32,
    /// `gp2`, `gp3`, `io1`, `io2`, `standard`.
    pub storage_type: String,
    /// Provisioned, or gp3's fixed 3,000.
    pub iops: Option<i32>,
    /// MiB/s, of gp3 alone.
    pub throughput: Option<i32>,
    /// GiB up to which storage may grow by itself.
    pub max_storage: Option<i32>,
    /// A standby in another zone.
    pub multi_az: bool,
    /// The port that was asked for. The server's own is in the endpoint.
    pub port: i32,
    /// Days; 0 turns backups off.
    pub backup_retention: i32,
    /// `hh:mm-hh:mm`.
    pub backup_window: String,
    /// `ddd:hh:mm-ddd:hh:mm`.
    pub maintenance_window: String,
    /// The zone it is in.
    pub availability_zone: String,
    /// VPC security groups' ids.
    pub security_groups: Vec<String>,
    /// The DB subnet group's name.
    pub subnet_group: Option<String>,
    /// The DB parameter group's name.
    pub parameter_group: String,
    /// Whether its parameters are in effect.
    pub parameter_status: String,
    /// Whether the endpoint would resolve to a public address.
    pub publicly_accessible: bool,
    /// Whether minor versions move by themselves.
    pub auto_minor_version_upgrade: bool,
    /// Whether it refuses to be deleted.
    pub deletion_protection: bool,
    /// Whether snapshots get its tags.
    pub copy_tags_to_snapshot: bool,
    /// Whether its storage is encrypted.
    pub encrypted: bool,
    /// The key, if encrypted.
    pub kms_key: Option<String>,
    /// Whether IAM tokens are passwords.
    pub iam_authentication: bool,
    /// What watches it.
    pub monitoring: Monitoring,
    /// Whether the database's log has a volume of its own.
    pub dedicated_log_volume: bool,
    /// Logs that are exported.
    pub log_exports: Vec<String>,
    /// The CA of the server's certificate.
    pub ca_certificate: String,
    /// `IPV4` or `DUAL`.
    pub network_type: String,
    /// Whether extended support is paid for.
    pub lifecycle_support: String,
}

impl Instance {
    /// The status that Describe shows.
    pub fn status(&self) -> &str {
        self.steps
            .front()
            .map_or(&self.resting, |step| &step.status)
    }

    /// The instance as Describe shows it now, if it does.
    pub fn seen(&self, now: Timestamp) -> Option<&Self> {
        match &self.veil {
            Some(veil) if now < veil.until => veil.earlier.as_deref(),
            _ => Some(self),
        }
    }

    /// The tags that a snapshot takes over from it.
    pub fn snapshot_tags(&self) -> Tags {
        if self.configuration.copy_tags_to_snapshot {
            self.tags.clone()
        } else {
            Tags::new()
        }
    }

    /// Whether it is on its way out.
    pub fn is_deleting(&self) -> bool {
        self.status() == "deleting"
    }
}
