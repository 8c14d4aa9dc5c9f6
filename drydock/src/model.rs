//! What there is: instances, snapshots, groups, retained backups; each region
//! of each account apart. It is what a restart must find again.
//!
//! Must not decide (`rules`, `actions`) nor move (`machine`).

mod change;
mod group;
mod instance;
mod monitoring;
mod snapshot;

pub use change::{Change, put};
pub use group::{ApplyMethod, ParameterGroup, Setting, SubnetGroup};
pub use instance::{
    Configuration, Instance, PARAMETERS_APPLYING, PARAMETERS_IN_SYNC, PARAMETERS_PENDING_REBOOT,
    Veil,
};
pub use monitoring::Monitoring;
pub use snapshot::{RetainedBackup, Snapshot, SnapshotKind};

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Tags by key.
pub type Tags = BTreeMap<String, String>;

/// One region of one account.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Scope {
    /// Twelve digits.
    pub account: String,
    /// `eu-west-1` and its like; any name counts.
    pub region: String,
}

impl Scope {
    /// The scope's name in the state file.
    pub fn key(&self) -> String {
        format!("{}/{}", self.account, self.region)
    }

    /// The scope of [`Self::key`].
    pub fn from_key(key: &str) -> Option<Self> {
        let (account, region) = key.split_once('/')?;
        Some(Self {
            account: account.to_owned(),
            region: region.to_owned(),
        })
    }

    /// The ARN of a resource here; kinds are `db`, `snapshot`, `pg`, `subgrp`, …
    pub fn arn(&self, kind: &str, name: &str) -> String {
        let Self { account, region } = self;
        format!("arn:aws:rds:{region}:{account}:{kind}:{name}")
    }
}

/// Everything that drydock holds.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct World {
    /// By [`Scope::key`].
    pub regions: BTreeMap<String, Region>,
    /// How far drydock's clock was ahead of the machine's, and from when on (by
    /// the machine's clock), in order.
    pub offsets: Vec<Offset>,
}

/// A setting of the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offset {
    /// When it was set, by the machine's clock.
    pub since: Timestamp,
    /// Milliseconds ahead of the machine.
    pub ahead: i64,
}

/// What one region of one account holds.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Region {
    /// By identifier.
    pub instances: BTreeMap<String, Instance>,
    /// By identifier.
    pub snapshots: BTreeMap<String, Snapshot>,
    /// Backups of deleted instances, by the instances' `DbiResourceId`.
    pub retained: BTreeMap<String, RetainedBackup>,
    /// By name.
    pub parameter_groups: BTreeMap<String, ParameterGroup>,
    /// By name.
    pub subnet_groups: BTreeMap<String, SubnetGroup>,
}

impl Region {
    /// Whether an instance has a name, or is about to get it.
    pub fn has_instance(&self, identifier: &str) -> bool {
        self.instances.contains_key(identifier)
            || self
                .instances
                .values()
                .any(|it| it.pending.identifier.as_deref() == Some(identifier))
    }
}

/// A name that nothing else has: 26 characters of A–Z and 0–9.
pub fn unique(prefix: &str) -> String {
    const LETTERS: &[u8; 36] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    let letters = (0..26).map(|_| char::from(LETTERS[rand::random_range(0..LETTERS.len())]));
    prefix.chars().chain(letters).collect()
}
