//! What of an instance can wait for its maintenance window.

use serde::{Deserialize, Serialize};

use super::{Configuration, Instance, PARAMETERS_PENDING_REBOOT};

/// Puts a value in its place, if there is one.
pub fn put<T>(slot: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *slot = value;
    }
}

/// Values to be applied; absent ones stay as they are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// `DBInstanceClass`
    pub class: Option<String>,
    /// `AllocatedStorage`, GiB
    pub storage: Option<i32>,
    /// `StorageType`
    pub storage_type: Option<String>,
    /// `Iops`
    pub iops: Option<i32>,
    /// `StorageThroughput`, MiB/s
    pub throughput: Option<i32>,
    /// `MultiAZ`
    pub multi_az: Option<bool>,
    /// `EngineVersion`
    pub engine_version: Option<String>,
    /// The parameter group that a new major version comes with.
    pub parameter_group: Option<String>,
    /// `BackupRetentionPeriod`, where it goes from or to 0
    pub backup_retention: Option<i32>,
    /// `Port`
    pub port: Option<i32>,
    /// `DBInstanceIdentifier`
    pub identifier: Option<String>,
    /// `CACertificateIdentifier`
    pub ca_certificate: Option<String>,
    /// `EnableIAMDatabaseAuthentication`
    pub iam_authentication: Option<bool>,
    /// `DedicatedLogVolume`
    pub dedicated_log_volume: Option<bool>,
    /// `MasterUserPassword`, on its way
    pub password: Option<String>,
}

impl Change {
    /// Whether there is nothing to apply.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether storage is concerned: size, type or speed.
    pub fn touches_storage(&self) -> bool {
        self.storage.is_some()
            || self.storage_type.is_some()
            || self.iops.is_some()
            || self.throughput.is_some()
    }

    /// Takes what the newer change says; the rest stays.
    pub fn absorb(&mut self, newer: Self) {
        fn take<T>(slot: &mut Option<T>, value: Option<T>) {
            if value.is_some() {
                *slot = value;
            }
        }
        let Self {
            class,
            storage,
            storage_type,
            iops,
            throughput,
            multi_az,
            engine_version,
            parameter_group,
            backup_retention,
            port,
            identifier,
            ca_certificate,
            iam_authentication,
            dedicated_log_volume,
            password,
        } = newer;
        take(&mut self.class, class);
        take(&mut self.storage, storage);
        take(&mut self.storage_type, storage_type);
        take(&mut self.iops, iops);
        take(&mut self.throughput, throughput);
        take(&mut self.multi_az, multi_az);
        take(&mut self.engine_version, engine_version);
        take(&mut self.parameter_group, parameter_group);
        take(&mut self.backup_retention, backup_retention);
        take(&mut self.port, port);
        take(&mut self.identifier, identifier);
        take(&mut self.ca_certificate, ca_certificate);
        take(&mut self.iam_authentication, iam_authentication);
        take(&mut self.dedicated_log_volume, dedicated_log_volume);
        take(&mut self.password, password);
    }

    /// Drops what an instance has already. So a value that goes back to what is
    /// in effect also takes back the change of it that was waiting.
    pub fn settle(&mut self, it: &Instance) {
        fn drop<T: PartialEq>(slot: &mut Option<T>, current: Option<&T>) {
            if slot.as_ref() == current {
                *slot = None;
            }
        }
        let Self {
            class,
            storage,
            storage_type,
            iops,
            throughput,
            multi_az,
            engine_version,
            parameter_group,
            backup_retention,
            port,
            identifier,
            ca_certificate,
            iam_authentication,
            dedicated_log_volume,
            // A password is set again, even to the same.
            password: _,
        } = self;
        let current = &it.configuration;
        drop(class, Some(&current.class));
        drop(storage, Some(&current.storage));
        drop(storage_type, Some(&current.storage_type));
        drop(iops, current.iops.as_ref());
        drop(throughput, current.throughput.as_ref());
        drop(multi_az, Some(&current.multi_az));
        drop(engine_version, Some(&current.engine_version));
        if engine_version.is_none() {
            *parameter_group = None;
        }
        drop(backup_retention, Some(&current.backup_retention));
        drop(port, Some(&current.port));
        drop(identifier, Some(&it.identifier));
        drop(ca_certificate, Some(&current.ca_certificate));
        drop(iam_authentication, Some(&current.iam_authentication));
        drop(dedicated_log_volume, Some(&current.dedicated_log_volume));
    }

    /// Puts the values into a configuration. The identifier and the password are
    /// not part of one.
    pub fn apply(self, to: &mut Configuration) {
        let Self {
            class,
            storage,
            storage_type,
            iops,
            throughput,
            multi_az,
            engine_version,
            parameter_group,
            backup_retention,
            port,
            identifier: _,
            ca_certificate,
            iam_authentication,
            dedicated_log_volume,
            password: _,
        } = self;
        put(&mut to.class, class);
        put(&mut to.storage, storage);
        put(&mut to.storage_type, storage_type);
        put(&mut to.multi_az, multi_az);
        put(&mut to.engine_version, engine_version);
        put(&mut to.backup_retention, backup_retention);
        put(&mut to.port, port);
        put(&mut to.ca_certificate, ca_certificate);
        put(&mut to.iam_authentication, iam_authentication);
        put(&mut to.dedicated_log_volume, dedicated_log_volume);
        to.iops = iops.or(to.iops);
        to.throughput = throughput.or(to.throughput);
        if matches!(&*to.storage_type, "gp2" | "standard") {
            to.iops = None;
        }
        if to.storage_type != "gp3" {
            to.throughput = None;
        }
        if let Some(group) = parameter_group {
            PARAMETERS_PENDING_REBOOT.clone_into(&mut to.parameter_status);
            to.parameter_group = group;
        }
    }
}
