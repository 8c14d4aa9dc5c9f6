//! The operator's ConfigMap: the platform's settings for new instances.
//!
//! Nothing here may stop at the first fault: each bad value is named, and what
//! does not depend on it goes on.

use std::collections::BTreeMap;
use std::str::FromStr;

use stow_versions::v1beta1::DeletionPolicy;

/// `aws.security.group.id`: one id, or several separated by commas.
const SECURITY_GROUP: &str = "aws.security.group.id";
const SUBNET_GROUP: &str = "aws.subnet.group.name";
const KMS_KEY: &str = "aws.kms.key.arn";
const PORT: &str = "aws.rds.postgres.default.port";
const MULTI_AZ: &str = "aws.rds.postgres.default.multiaz";
const ENCRYPTION: &str = "aws.rds.postgres.default.kms.encryption";
const CLASS: &str = "aws.rds.postgres.default.instance.class";
const BACKUP_WINDOW: &str = "aws.rds.postgres.default.backup.window";
const MAINTENANCE_WINDOW: &str = "aws.rds.postgres.default.maintenance.window";
const STORAGE_TYPE: &str = "aws.rds.postgres.default.storage.type";
const STORAGE_SIZE: &str = "aws.rds.postgres.default.storage.size";
const MONITORING_ROLE: &str = "aws.monitoring.role.arn";
const MINIMUM_DELETION_POLICY: &str = "policy.minimumDeletionPolicy";

/// The ports that RDS accepts.
const PORTS: std::ops::RangeInclusive<u16> = 1150..=u16::MAX;

/// The platform's settings, as far as they could be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Configuration {
    /// `VpcSecurityGroupIds`; empty means the VPC's default.
    pub security_groups: Vec<String>,
    /// `DBSubnetGroupName`; `None` means the default one.
    pub subnet_group: Option<String>,
    /// `KmsKeyId`; `None` means the account's key for RDS.
    pub kms_key: Option<String>,
    /// `MonitoringRoleArn`; `None` means that nobody gets Enhanced Monitoring.
    pub monitoring_role: Option<String>,
    /// The port of a new instance.
    pub port: u16,
    /// Whether a new instance is Multi-AZ where its spec does not say.
    pub multi_az: bool,
    /// Whether a new instance is encrypted.
    pub encrypted: bool,
    /// The class of a new instance where its spec does not say.
    pub class: Option<String>,
    /// `PreferredBackupWindow`.
    pub backup_window: Option<String>,
    /// `PreferredMaintenanceWindow`.
    pub maintenance_window: Option<String>,
    /// The storage type of a new instance where its spec does not say.
    pub storage_type: String,
    /// The storage of a new instance, in GiB, where its spec does not say.
    pub storage: Option<i32>,
    /// What objects may ask for.
    pub policy: Policy,
    /// Every value that could not be read. While there is one, no new instance
    /// is made: it would be made with a setting that nobody chose.
    pub faults: Vec<String>,
}

/// What objects may ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// The deletion policy that keeps the least of those that are allowed.
    pub minimum_deletion_policy: DeletionPolicy,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            minimum_deletion_policy: DeletionPolicy::Snapshot,
        }
    }
}

impl Configuration {
    /// Reads the data of the ConfigMap. A key that is missing or empty has its
    /// default; an unknown key is left to whoever set it.
    pub fn read(data: &BTreeMap<String, String>) -> Self {
        let mut reader = Reader {
            data,
            faults: Vec::new(),
        };
        let security_groups = reader.text(SECURITY_GROUP).map_or_else(Vec::new, |text| {
            text.split(',')
                .map(str::trim)
                .filter(|id| !id.is_empty())
                .map(str::to_owned)
                .collect()
        });
        let port = reader.parsed(PORT, "a port from 1150 to 65535", |port| {
            PORTS.contains(port)
        });
        let multi_az = reader.parsed(MULTI_AZ, "true or false", |_| true);
        let encrypted = reader.parsed(ENCRYPTION, "true or false", |_| true);
        let storage = reader.parsed(STORAGE_SIZE, "a whole number of GiB", |size| *size > 0);
        let storage_type = reader
            .text(STORAGE_TYPE)
            .unwrap_or_else(|| "gp3".to_owned());
        if !["gp2", "gp3", "io1", "io2", "standard"].contains(&storage_type.as_str()) {
            reader.fault(
                STORAGE_TYPE,
                &storage_type,
                "one of gp2, gp3, io1, io2, standard",
            );
        }
        let mut policy = Policy::default();
        if let Some(text) = reader.text(MINIMUM_DELETION_POLICY) {
            let mut known = DeletionPolicy::ALL.into_iter();
            match known.find(|known| known.as_str() == text) {
                Some(minimum) => policy.minimum_deletion_policy = minimum,
                None => reader.fault(
                    MINIMUM_DELETION_POLICY,
                    &text,
                    "one of Delete, Snapshot, Retain",
                ),
            }
        }
        let class = reader.text(CLASS);
        if let Some(class) = class.as_ref().filter(|class| !class.starts_with("db.")) {
            reader.fault(CLASS, class, "an instance class such as db.t3.micro");
        }
        Self {
            security_groups,
            subnet_group: reader.text(SUBNET_GROUP),
            kms_key: reader.text(KMS_KEY),
            monitoring_role: reader.text(MONITORING_ROLE),
            port: port.unwrap_or(5432),
            multi_az: multi_az.unwrap_or(false),
            encrypted: encrypted.unwrap_or(true),
            class,
            backup_window: reader.text(BACKUP_WINDOW),
            maintenance_window: reader.text(MAINTENANCE_WINDOW),
            storage_type,
            storage,
            policy,
            faults: reader.faults,
        }
    }
}

struct Reader<'a> {
    data: &'a BTreeMap<String, String>,
    faults: Vec<String>,
}

impl Reader<'_> {
    fn text(&self, key: &str) -> Option<String> {
        self.data
            .get(key)
            .map(|text| text.trim())
            .filter(|text| !text.is_empty())
            .map(str::to_owned)
    }

    fn parsed<T: FromStr>(
        &mut self,
        key: &str,
        wanted: &str,
        accept: impl Fn(&T) -> bool,
    ) -> Option<T> {
        let text = self.text(key)?;
        let value = text.parse().ok().filter(accept);
        if value.is_none() {
            self.fault(key, &text, wanted);
        }
        value
    }

    fn fault(&mut self, key: &str, text: &str, wanted: &str) {
        self.faults.push(format!("{key}: {text:?} is not {wanted}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(entries: &[(&str, &str)]) -> Configuration {
        let data = entries
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        Configuration::read(&data.collect())
    }

    #[test]
    fn nothing_set_means_encrypted_gp3_in_the_default_network() {
        let configuration = read(&[]);
        assert!(configuration.encrypted);
        assert!(!configuration.multi_az);
        assert_eq!(configuration.port, 5432);
        assert_eq!(configuration.storage_type, "gp3");
        assert_eq!(configuration.subnet_group, None);
        assert_eq!(configuration.security_groups, Vec::<String>::new());
        assert_eq!(configuration.faults, Vec::<String>::new());
    }

    #[test]
    fn every_fault_is_named_with_its_key_and_value() {
        let configuration = read(&[
            (PORT, "80"),
            (MULTI_AZ, "yes"),
            (STORAGE_SIZE, "ten"),
            (STORAGE_TYPE, "ssd"),
            (CLASS, "t3.micro"),
            (SECURITY_GROUP, "sg-1, sg-2"),
        ]);
        let keys = [PORT, MULTI_AZ, STORAGE_SIZE, STORAGE_TYPE, CLASS];
        assert_eq!(
            configuration.faults.len(),
            keys.len(),
            "{:?}",
            configuration.faults
        );
        for key in keys {
            assert!(
                configuration
                    .faults
                    .iter()
                    .any(|fault| fault.starts_with(key)),
                "{key}"
            );
        }
        assert_eq!(configuration.security_groups, ["sg-1", "sg-2"]);
    }
}
