//! The operator's ConfigMap: the platform's settings for new instances, and
//! what objects may ask for.
//!
//! Nothing here may stop at the first fault: each bad value is named, and what
//! does not depend on it goes on.

mod keys;
mod notice;
mod policy;
mod reader;

use std::collections::BTreeMap;

use stow_versions::limits::{PORT, STORAGE, Window};
use stow_versions::v1beta1::StorageType;

pub use keys::{KEYS, Key};
pub use notice::Notice;
pub use policy::{EncryptionPolicy, Pattern, Policy};
pub use reader::Fault;

use crate::syntax;
use reader::Reader;

/// The platform's settings, as far as they could be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Configuration {
    /// `VpcSecurityGroupIds`; empty means the VPC's default.
    pub security_groups: Vec<String>,
    /// `DBSubnetGroupName`; `None` means the default one.
    pub subnet_group: Option<String>,
    /// `KmsKeyId`; `None` means the account's key for RDS.
    pub kms_key: Option<String>,
    /// `MonitoringRoleArn`; `None` means that there is no Enhanced Monitoring.
    pub monitoring_role: Option<String>,
    /// The port of a new instance where its spec does not say.
    pub port: u16,
    /// Whether a new instance is Multi-AZ where its spec does not say.
    pub multi_az: bool,
    /// Whether a new instance is encrypted where its spec does not say.
    pub encrypted: bool,
    /// The class of a new instance where its spec does not say.
    pub class: Option<String>,
    /// `PreferredBackupWindow`.
    pub backup_window: Option<String>,
    /// `PreferredMaintenanceWindow`.
    pub maintenance_window: Option<String>,
    /// The storage type of a new instance where its spec does not say.
    pub storage_type: StorageType,
    /// The storage of a new instance, in GiB, where its spec does not say.
    pub storage: i32,
    /// What objects may ask for.
    pub policy: Policy,
    /// Every value that could not be read. While there is one, no new instance
    /// is made: it would be made with a setting that nobody chose.
    pub faults: Vec<Fault>,
    /// Keys that Stow does not know, and that are somebody else's by their name.
    pub strangers: Vec<String>,
}

impl Configuration {
    /// Reads the data of the ConfigMap. A key that is missing or empty has its
    /// default.
    pub fn read(data: &BTreeMap<String, String>) -> Self {
        let mut reader = Reader::new(data);
        let strangers = reader.strangers();
        let group = |id: &str| syntax::is_security_group(id).then(|| id.to_owned());
        let lower = |reader: &mut Reader<'_>, key, window: fn(&str) -> Option<Window>| {
            reader.read(key, |text| {
                let text = text.to_ascii_lowercase();
                window(&text)
                    .filter(|window| window.is_long_enough())
                    .map(|_| text)
            })
        };
        let storage_type = reader.read(&keys::STORAGE_TYPE, |text| {
            // AWS makes none of the type `standard` any more.
            let mut all = StorageType::ALL.into_iter();
            all.find(|kind| kind.as_str() == text && *kind != StorageType::Standard)
        });
        let port = reader.parsed(&keys::PORT, |port| PORT.contains(&i64::from(*port)));
        let multi_az = reader.parsed(&keys::MULTI_AZ, |_| true);
        let encrypted = reader.parsed(&keys::ENCRYPTION, |_| true);
        let storage = reader.parsed(&keys::STORAGE_SIZE, |size| STORAGE.contains(size));
        Self {
            security_groups: reader.list(&keys::SECURITY_GROUP, group),
            subnet_group: reader
                .formed(&keys::SUBNET_GROUP, syntax::is_subnet_group)
                .map(|name| name.to_ascii_lowercase()),
            kms_key: reader.formed(&keys::KMS_KEY, syntax::is_kms_key),
            monitoring_role: reader.formed(&keys::MONITORING_ROLE, syntax::is_role),
            port: port.unwrap_or(5432),
            multi_az: multi_az.unwrap_or(false),
            encrypted: encrypted.unwrap_or(true),
            class: reader.formed(&keys::CLASS, syntax::is_class),
            backup_window: lower(&mut reader, &keys::BACKUP_WINDOW, Window::daily),
            maintenance_window: lower(&mut reader, &keys::MAINTENANCE_WINDOW, Window::weekly),
            storage_type: storage_type.unwrap_or(StorageType::Gp3),
            storage: storage.unwrap_or(20),
            policy: Policy::read(&mut reader),
            faults: reader.faults,
            strangers,
        }
    }

    /// The faults that leave open what objects may ask for: until they are
    /// mended, nothing that a policy decides on is changed.
    pub fn unreadable_policies(&self) -> impl Iterator<Item = &Fault> {
        self.faults.iter().filter(|fault| fault.policy)
    }

    /// All other faults: what they say of new databases is not known.
    pub fn other_faults(&self) -> impl Iterator<Item = &Fault> {
        self.faults.iter().filter(|fault| !fault.policy)
    }

    /// The fault that leaves open what the deletion of an object has to keep; a
    /// policy that nobody knows may have been meant for that.
    pub fn unreadable_departure(&self) -> Option<&Fault> {
        let keys = [keys::MINIMUM_DELETION_POLICY.name, reader::UNKNOWN];
        self.faults.iter().find(|fault| keys.contains(&fault.key))
    }
}

/// The keys that the data does not have.
fn missing(data: &BTreeMap<String, String>) -> Vec<&'static str> {
    let missing = KEYS.iter().filter(|key| !data.contains_key(key.name));
    missing.map(|key| key.name).collect()
}

#[cfg(test)]
pub(crate) mod tests;
