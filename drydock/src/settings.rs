//! What can be set while drydock runs: delays, lag, quotas.

use std::{collections::BTreeMap, time::Duration};

use serde::{Deserialize, Serialize};

/// The longest delay or lag, in milliseconds: 30 days.
const LONGEST: u64 = 30 * 24 * 3_600_000;

/// The statuses that RDS documents for an instance that is doing something.
const STATUSES: [&str; 20] = [
    "backing-up",
    "configuring-enhanced-monitoring",
    "configuring-iam-database-auth",
    "configuring-log-exports",
    "converting-to-vpc",
    "creating",
    "delete-precheck",
    "deleting",
    "maintenance",
    "modifying",
    "moving-to-vpc",
    "rebooting",
    "renaming",
    "resetting-master-credentials",
    "starting",
    "stopping",
    "storage-config-upgrade",
    "storage-initialization",
    "storage-optimization",
    "upgrading",
];

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

/// Why settings cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    /// It would delay nothing.
    #[error("{0:?} is not a status that instances go through: {known}", known = STATUSES.join(", "))]
    Status(String),
    /// Longer than anybody waits.
    #[error("{0} milliseconds are more than the longest delay or lag, {LONGEST}")]
    TooLong(u64),
    /// No quota is negative.
    #[error("a storage quota of {0} GiB is none")]
    Storage(i64),
}

impl Settings {
    /// Says what is wrong with it, if anything is.
    pub fn check(&self) -> Result<(), Wrong> {
        let unknown = |status: &&String| !STATUSES.contains(&&***status);
        if let Some(status) = self.delays.keys().find(unknown) {
            return Err(Wrong::Status(status.clone()));
        }
        let times = self.delays.values().chain([&self.delay, &self.lag]);
        if let Some(time) = times.copied().find(|time| *time > LONGEST) {
            return Err(Wrong::TooLong(time));
        }
        if self.storage < 0 {
            return Err(Wrong::Storage(self.storage));
        }
        Ok(())
    }

    /// How long a status lasts at least.
    pub fn delay(&self, status: &str) -> Duration {
        Duration::from_millis(*self.delays.get(status).unwrap_or(&self.delay))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_do_nothing_is_refused() {
        let check = |json: &str| serde_json::from_str::<Settings>(json).unwrap().check();
        assert_eq!(check(r#"{"delay": 5, "delays": {"creating": 9}}"#), Ok(()));
        let status = Wrong::Status("creatign".to_owned());
        assert_eq!(check(r#"{"delays": {"creatign": 9}}"#), Err(status));
        let long = LONGEST + 1;
        for json in [
            format!(r#"{{"lag": {long}}}"#),
            format!(r#"{{"delay": {long}}}"#),
            format!(r#"{{"delays": {{"creating": {long}}}}}"#),
        ] {
            assert_eq!(check(&json), Err(Wrong::TooLong(long)), "{json}");
        }
        assert_eq!(check(r#"{"storage": -1}"#), Err(Wrong::Storage(-1)));
    }
}
