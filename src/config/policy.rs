//! What objects may ask for: the `policy.*` keys.
//!
//! Nothing here may look at an object, or be wider than the default where a
//! value cannot be read.

use std::collections::BTreeMap;

use stow_versions::limits::{IOPS, RETENTION_DAYS, STORAGE};
use stow_versions::storage;
use stow_versions::v1beta1::DeletionPolicy;

use crate::plan::is_reserved_tag;
use crate::syntax;

use super::keys;
use super::reader::Reader;

/// As many tags as leave objects room for their own.
const MOST_REQUIRED_TAGS: usize = 20;

/// What objects may ask for. Lists of names are what may be named besides the
/// platform's own settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// `spec.adopt`.
    pub adopt: bool,
    /// `spec.restoreFrom`.
    pub restore: bool,
    /// `spec.network.publiclyAccessible`.
    pub public_access: bool,
    /// `spec.network.securityGroups`.
    pub security_groups: Vec<String>,
    /// `spec.network.subnetGroup`.
    pub subnet_groups: Vec<String>,
    /// `spec.encryption.kmsKey`.
    pub kms_keys: Vec<String>,
    /// `spec.parameterGroup`.
    pub parameter_groups: Vec<String>,
    /// The least of `spec.deletionPolicy`.
    pub minimum_deletion_policy: DeletionPolicy,
    /// The least of `spec.backup.retentionDays`.
    pub minimum_backup_retention: i64,
    /// Whether a new database may be left unencrypted.
    pub encryption: EncryptionPolicy,
    /// `spec.size`; empty means any.
    pub classes: Vec<Pattern>,
    /// The most of `spec.storage` and `spec.maxStorage`, in GiB.
    pub max_storage: Option<i32>,
    /// The most of `spec.iops`.
    pub max_iops: Option<i64>,
    /// How many objects of a namespace have a database.
    pub max_per_namespace: Option<usize>,
    /// Tags of every new database.
    pub required_tags: BTreeMap<String, String>,
    /// Keys that `spec.tags` must not have.
    pub denied_tags: Vec<Pattern>,
}

/// Whether new databases are encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EncryptionPolicy {
    /// Every one is.
    Required,
    /// As the object or the platform's default says.
    Optional,
}

/// A text, or all that begin with it where it ends in `*`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern(String);

impl Pattern {
    fn read(text: &str) -> Option<Self> {
        let stem = text.strip_suffix('*').unwrap_or(text);
        (!text.is_empty() && !stem.contains('*')).then(|| Self(text.to_owned()))
    }

    /// Whether a text is meant, in upper or lower case.
    pub fn matches(&self, text: &str) -> bool {
        let (pattern, text) = (self.0.to_ascii_lowercase(), text.to_ascii_lowercase());
        match pattern.strip_suffix('*') {
            Some(stem) => text.starts_with(stem),
            None => text == pattern,
        }
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Policy {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let flag = |reader: &mut Reader<'_>, key| reader.parsed(key, |_| true).unwrap_or(false);
        let names = |reader: &mut Reader<'_>, key, form: fn(&str) -> bool| {
            reader.list(key, |name| form(name).then(|| name.to_owned()))
        };
        // RDS keeps the names of groups in lower case.
        let groups = |reader: &mut Reader<'_>, key, form: fn(&str) -> bool| {
            reader.list(key, |name| form(name).then(|| name.to_ascii_lowercase()))
        };
        Self {
            adopt: flag(reader, &keys::ADOPT),
            restore: flag(reader, &keys::RESTORE),
            public_access: flag(reader, &keys::PUBLIC_ACCESS),
            security_groups: names(reader, &keys::SECURITY_GROUPS, syntax::is_security_group),
            subnet_groups: groups(reader, &keys::SUBNET_GROUPS, syntax::is_subnet_group),
            kms_keys: names(reader, &keys::KMS_KEYS, syntax::is_kms_key),
            parameter_groups: groups(reader, &keys::PARAMETER_GROUPS, syntax::is_parameter_group),
            minimum_deletion_policy: reader
                .read(&keys::MINIMUM_DELETION_POLICY, |text| {
                    let mut all = DeletionPolicy::ALL.into_iter();
                    all.find(|policy| policy.as_str() == text)
                })
                .unwrap_or(DeletionPolicy::Snapshot),
            minimum_backup_retention: reader
                .parsed(&keys::MINIMUM_BACKUP_RETENTION, |days| {
                    RETENTION_DAYS.contains(days)
                })
                .unwrap_or(7),
            encryption: reader
                .read(&keys::ENCRYPTION_POLICY, |text| match text {
                    "required" => Some(EncryptionPolicy::Required),
                    "optional" => Some(EncryptionPolicy::Optional),
                    _ => None,
                })
                .unwrap_or(EncryptionPolicy::Required),
            classes: reader.list(&keys::CLASSES, class),
            max_storage: reader.read(&keys::MAX_STORAGE, |text| {
                storage::gibibytes(text).filter(|size| STORAGE.contains(size))
            }),
            max_iops: reader.parsed(&keys::MAX_IOPS, |iops| IOPS.contains(iops)),
            max_per_namespace: reader.parsed(&keys::MAX_PER_NAMESPACE, |_| true),
            required_tags: reader
                .read(&keys::REQUIRED_TAGS, required_tags)
                .unwrap_or_default(),
            denied_tags: reader.list(&keys::DENIED_TAGS, |text| {
                Pattern::read(text).filter(|_| is_tag_text(text.trim_end_matches('*'), 0..=128))
            }),
        }
    }
}

/// `db.t4g.small`, or what begins one.
fn class(text: &str) -> Option<Pattern> {
    let pattern = Pattern::read(text)?;
    let fits = match text.strip_suffix('*') {
        Some(stem) => "db.".starts_with(stem) || is_class_start(stem),
        None => syntax::is_class(text),
    };
    fits.then_some(pattern)
}

fn is_class_start(stem: &str) -> bool {
    // What completes it depends on where it stops.
    ["x.x", ".x", "x"]
        .iter()
        .any(|rest| syntax::is_class(&format!("{stem}{rest}")))
}

fn required_tags(text: &str) -> Option<BTreeMap<String, String>> {
    let mut tags = BTreeMap::new();
    for part in text.split(',') {
        let (key, value) = part.split_once('=')?;
        let (key, value) = (key.trim(), value.trim());
        let fits = is_tag_text(key, 1..=128)
            && !is_reserved_tag(key)
            && is_tag_text(value, 0..=256)
            // The case of a key is nothing to AWS's conditions.
            && !tags.keys().any(|known: &String| known.eq_ignore_ascii_case(key));
        if !fits {
            return None;
        }
        tags.insert(key.to_owned(), value.to_owned());
    }
    (tags.len() <= MOST_REQUIRED_TAGS).then_some(tags)
}

fn is_tag_text(text: &str, length: std::ops::RangeInclusive<usize>) -> bool {
    length.contains(&text.chars().count()) && syntax::strange_in_tag(text).is_none()
}
