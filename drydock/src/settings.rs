//! What can be set while drydock runs: delays, lag, quotas.

use std::{collections::BTreeMap, time::Duration};

use serde::{Deserialize, Serialize};

/// Delays, lag, quotas. A setting that is left out of JSON has its default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Milliseconds that a status lasts at least.
    pub delay: u64,
    /// The same for single statuses, by name.
    pub delays: BTreeMap<String, u64>,
    /// Milliseconds for which Describe shows the state before a Create or Modify.
    pub lag: u64,
    /// How many DB instances a region may have.
    pub instances: usize,
    /// How many GiB a region's instances may have together.
    pub storage: i64,
    /// How many manual snapshots a region may have.
    pub snapshots: usize,
    /// How many automated backups of deleted instances a region may have.
    pub retained_backups: usize,
    /// How often an instance's storage may be changed within 24 hours.
    pub storage_changes: usize,
}

impl Default for Settings {
    /// RDS's default quotas, and no delays.
    fn default() -> Self {
        Self {
            delay: 0,
            delays: BTreeMap::new(),
            lag: 0,
            instances: 40,
            storage: 100_000,
            snapshots: 100,
            retained_backups: 40,
            storage_changes: 4,
        }
    }
}

impl Settings {
    /// How long a status lasts at least.
    pub fn delay(&self, status: &str) -> Duration {
        Duration::from_millis(*self.delays.get(status).unwrap_or(&self.delay))
    }
}
