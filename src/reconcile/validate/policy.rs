//! What an object asks for, held against what the platform allows.
//!
//! Nothing here may change what runs: what is not allowed is left out of what
//! is wanted, and said with the key that decides.

mod names;

use std::fmt::Display;

use stow_versions::limits::MOST_TAGS;
use stow_versions::storage;
use stow_versions::v1beta1::{Backup, Encryption, Monitoring, PostgresDBSpec, RestoreFrom};

use crate::config::{self, Configuration, Pattern, Policy};

/// The part of a spec that is allowed, and what of the rest is not, each with
/// its key.
pub(super) fn judge(
    spec: &PostgresDBSpec,
    configuration: &Configuration,
) -> (PostgresDBSpec, Vec<String>) {
    let mut judge = Judge {
        configuration,
        policy: &configuration.policy,
        denied: Vec::new(),
    };
    let mut allowed = spec.clone();
    judge.origin(&mut allowed);
    judge.class(&mut allowed);
    judge.volume(&mut allowed);
    judge.names(&mut allowed);
    judge.protection(&mut allowed);
    judge.monitoring(&mut allowed);
    judge.tags(&mut allowed);
    (allowed, judge.denied)
}

/// What of a spec is wanted while nobody can tell what is allowed: all that no
/// policy decides on.
pub(super) fn beyond_policies(spec: &PostgresDBSpec) -> PostgresDBSpec {
    PostgresDBSpec {
        // With the group it was meant for, or not at all.
        engine_version: spec
            .engine_version
            .clone()
            .filter(|_| spec.parameter_group.is_none()),
        allow_major_version_upgrade: spec.allow_major_version_upgrade,
        multi_az: spec.multi_az,
        port: spec.port,
        backup: spec.backup.as_ref().map(|backup| Backup {
            retention_days: None,
            ..backup.clone()
        }),
        maintenance_window: spec.maintenance_window.clone(),
        auto_minor_version_upgrade: spec.auto_minor_version_upgrade,
        apply_changes: spec.apply_changes,
        iam_authentication: spec.iam_authentication,
        monitoring: spec.monitoring.as_ref().map(|monitoring| Monitoring {
            enhanced_interval: None,
            ..monitoring.clone()
        }),
        extended_support: spec.extended_support,
        database_name: spec.database_name.clone(),
        master_username: spec.master_username.clone(),
        deletion_protection: spec.deletion_protection,
        secret_name: spec.secret_name.clone(),
        // Each of these is for a policy to decide on.
        size: None,
        storage: None,
        storage_type: None,
        iops: None,
        throughput: None,
        max_storage: None,
        parameter_group: None,
        network: None,
        encryption: None,
        tags: None,
        deletion_policy: None,
        restore_from: None,
        adopt: None,
    }
}

struct Judge<'a> {
    configuration: &'a Configuration,
    policy: &'a Policy,
    denied: Vec<String>,
}

impl Judge<'_> {
    /// Notes that a field has a value, and which key allows what instead.
    fn deny(&mut self, field: &str, has: impl Display, key: &str, allows: impl Display) {
        self.denied
            .push(format!("spec.{field} is {has}, and {key} allows {allows}."));
    }

    /// Neither exists yet. Without a word an empty database would be made in
    /// place of the one that was meant.
    fn origin(&mut self, spec: &mut PostgresDBSpec) {
        let mut refuse = |field: &str, key: &str, allowed: bool| {
            let word = if allowed { "allows" } else { "does not allow" };
            self.denied.push(format!(
                "spec.{field} is set, and {key} {word} it; this release of Stow cannot do it yet either way: leave it out."
            ));
        };
        if spec.adopt.take().is_some() {
            refuse("adopt", "policy.adopt", self.policy.adopt);
        }
        let restore: Option<RestoreFrom> = spec.restore_from.take();
        if restore.is_some() {
            refuse("restoreFrom", "policy.restore", self.policy.restore);
        }
    }

    fn class(&mut self, spec: &mut PostgresDBSpec) {
        let Policy { classes, .. } = self.policy;
        let own = self.configuration.class.as_ref();
        let denied = spec.size.take_if(|size| {
            !classes.is_empty()
                && own != Some(size)
                && !classes.iter().any(|class| class.matches(size))
        });
        if let Some(size) = denied {
            let classes = classes.iter().map(Pattern::as_str);
            let all: Vec<_> = classes.chain(own.map(String::as_str)).collect();
            self.deny("size", quoted(&size), "policy.classes", all.join(", "));
        }
    }

    /// Storage and IOPS go to RDS in one call: where one is denied, the others
    /// wait with it.
    fn volume(&mut self, spec: &mut PostgresDBSpec) {
        let before = self.denied.len();
        let sizes = [
            ("storage", &spec.storage),
            ("maxStorage", &spec.max_storage),
        ];
        for (field, size) in sizes {
            let size = size.as_ref().and_then(|text| storage::gibibytes(&text.0));
            if let Some((size, most)) = size.zip(self.policy.max_storage)
                && size > most
            {
                let most = format_args!("up to {}", storage::quantity(most)).to_string();
                self.deny(field, storage::quantity(size), "policy.maxStorage", most);
            }
        }
        if let Some((iops, most)) = spec.iops.zip(self.policy.max_iops)
            && iops > most
        {
            self.deny("iops", iops, "policy.maxIops", format!("up to {most}"));
        }
        if self.denied.len() > before {
            spec.storage = None;
            spec.storage_type = None;
            spec.iops = None;
            spec.throughput = None;
            spec.max_storage = None;
        }
    }

    fn protection(&mut self, spec: &mut PostgresDBSpec) {
        let Policy {
            minimum_deletion_policy: least,
            minimum_backup_retention: days,
            encryption,
            ..
        } = self.policy;
        let weak = spec.deletion_policy.take_if(|policy| *policy < *least);
        if let Some(weak) = weak {
            let allows = format!("{} at the least", least.as_str());
            let key = "policy.minimumDeletionPolicy";
            self.deny("deletionPolicy", weak.as_str(), key, allows);
        }
        let retention = spec
            .backup
            .as_mut()
            .map(|backup| &mut backup.retention_days);
        if let Some(short) = retention.and_then(|kept| kept.take_if(|kept| *kept < *days)) {
            let allows = format!("{days} days at the least");
            let key = "policy.minimumBackupRetention";
            self.deny("backup.retentionDays", short, key, allows);
        }
        if let Some(Encryption { enabled, .. }) = &mut spec.encryption
            && *encryption == config::EncryptionPolicy::Required
            && enabled.take_if(|enabled| !*enabled).is_some()
        {
            self.deny("encryption.enabled", false, "policy.encryption", true);
        }
    }

    fn monitoring(&mut self, spec: &mut PostgresDBSpec) {
        let interval = spec.monitoring.as_mut().map(|m| &mut m.enhanced_interval);
        if self.configuration.monitoring_role.is_none()
            && let Some(seconds) = interval.and_then(|interval| interval.take_if(|s| *s > 0))
        {
            let allows = "0 alone while it is empty";
            let key = "aws.monitoring.role.arn";
            self.deny("monitoring.enhancedInterval", seconds, key, allows);
        }
    }

    fn tags(&mut self, spec: &mut PostgresDBSpec) {
        let Policy {
            required_tags,
            denied_tags,
            ..
        } = self.policy;
        let Some(tags) = &mut spec.tags else {
            return;
        };
        // The platform's own go over them; and AWS's conditions do not tell
        // upper from lower case in a key. Who writes one just as the platform
        // does wants it on a database that runs without it.
        tags.retain(|key, value| {
            required_tags.get(key) == Some(value)
                || !required_tags
                    .keys()
                    .any(|own| own.eq_ignore_ascii_case(key))
        });
        let is_denied = |key: &String| denied_tags.iter().any(|pattern| pattern.matches(key));
        let denied: Vec<_> = tags.keys().filter(|key| is_denied(key)).cloned().collect();
        if !denied.is_empty() {
            tags.retain(|key, _| !is_denied(key));
            let patterns: Vec<_> = denied_tags.iter().map(Pattern::as_str).collect();
            self.denied.push(format!(
                "spec.tags has {}, and policy.deniedTags denies {}.",
                denied.join(", "),
                patterns.join(", ")
            ));
        }
        let room = MOST_TAGS - required_tags.len().min(MOST_TAGS);
        let count = tags.keys().filter(|key| !required_tags.contains_key(*key));
        let count = count.count();
        if count > room {
            self.denied.push(format!(
                "spec.tags has {count} keys of its own, and policy.requiredTags leaves room for {room}."
            ));
            spec.tags = None;
        }
    }
}

fn quoted(text: &str) -> String {
    format!("{text:?}")
}
