//! Every fault of a spec that shows without the configuration: the rules of the
//! schema once more, for what reached storage by another way.
//!
//! Nothing here may compare with RDS, or with an earlier spec.

use std::collections::BTreeSet;
use std::fmt::Debug;

use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use stow_versions::limits::{
    ENHANCED_INTERVALS, MOST_SECURITY_GROUPS, MOST_TAGS, PORT, RETENTION_DAYS, Window,
};
use stow_versions::storage;
use stow_versions::v1beta1::{
    Adopt, Backup, Encryption, Monitoring, Network, PointInTime, PostgresDBSpec, RestoreFrom,
};

use crate::cluster::is_secret_name;
use crate::plan::is_reserved_tag;
use crate::syntax;

use super::volume::Wish;

const DNS_NAME: &str =
    "lowercase letters, digits, hyphens and dots, a letter or digit at both ends";
const IDENTIFIER: &str = "letters, digits and single hyphens between them, a letter first";

/// Every fault, each with its field and what to write.
pub(super) fn all(spec: &PostgresDBSpec) -> Vec<String> {
    let PostgresDBSpec {
        size,
        storage,
        storage_type,
        iops,
        throughput,
        max_storage,
        engine_version,
        allow_major_version_upgrade: _,
        multi_az: _,
        port,
        backup,
        maintenance_window,
        auto_minor_version_upgrade: _,
        apply_changes: _,
        parameter_group,
        network,
        encryption,
        iam_authentication: _,
        monitoring,
        extended_support: _,
        tags: _,
        database_name,
        master_username,
        deletion_policy: _,
        deletion_protection: _,
        restore_from,
        adopt,
        secret_name,
    } = spec;
    let mut faults = Faults::default();
    let class = "an instance class such as \"db.t3.micro\"";
    faults.text("size", size.as_ref(), syntax::is_class, class);
    let wish = Wish {
        kind: *storage_type,
        size: faults.size("storage", storage.as_ref()),
        max_size: faults.size("maxStorage", max_storage.as_ref()),
        iops: *iops,
        throughput: *throughput,
    };
    faults.0.extend(wish.faults());
    let version = "a major or minor version of PostgreSQL such as \"17\" or \"17.4\"";
    faults.text(
        "engineVersion",
        engine_version.as_ref(),
        syntax::is_engine_version,
        version,
    );
    faults.number(
        "port",
        *port,
        |port| PORT.contains(&port),
        "a port from 1150 to 65535",
    );
    let group = format!("the name of a DB parameter group, {IDENTIFIER}");
    faults.text(
        "parameterGroup",
        parameter_group.as_ref(),
        syntax::is_parameter_group,
        &group,
    );
    faults.windows(backup.as_ref(), maintenance_window.as_ref());
    faults.network(network.as_ref());
    faults.encryption(encryption.as_ref());
    faults.monitoring(monitoring.as_ref());
    faults.tags(spec);
    let name = "a letter, then up to 62 letters, digits or underscores";
    let form = |name: &str| syntax::is_database_name(name, 63);
    faults.text("databaseName", database_name.as_ref(), form, name);
    let user =
        "a letter, then up to 15 letters, digits or underscores, and not admin, rdsadmin or pg_*";
    let form = |name: &str| syntax::is_database_name(name, 16) && !syntax::is_reserved_user(name);
    faults.text("masterUsername", master_username.as_ref(), form, user);
    faults.origin(restore_from.as_ref(), adopt.as_ref());
    // An empty one stands for the object's own.
    let secret_name = secret_name.as_ref().filter(|name| !name.is_empty());
    faults.text("secretName", secret_name, is_secret_name, DNS_NAME);
    faults.0
}

#[derive(Default)]
struct Faults(Vec<String>);

impl Faults {
    fn add(&mut self, field: &str, has: impl Debug, write: &str) {
        self.0
            .push(format!("spec.{field} is {has:?}: write {write}."));
    }

    fn text(
        &mut self,
        field: &str,
        value: Option<&String>,
        form: impl Fn(&str) -> bool,
        write: &str,
    ) {
        if let Some(value) = value.filter(|value| !form(value)) {
            self.add(field, value, write);
        }
    }

    fn number(
        &mut self,
        field: &str,
        value: Option<i64>,
        takes: impl Fn(i64) -> bool,
        write: &str,
    ) {
        if let Some(value) = value.filter(|value| !takes(*value)) {
            self.add(field, value, write);
        }
    }

    /// A size in GiB, where it is one.
    fn size(&mut self, field: &str, text: Option<&Quantity>) -> Option<i32> {
        let text = &text?.0;
        let size = storage::gibibytes(text);
        if size.is_none() {
            self.add(field, text, "a whole number of GiB such as \"20Gi\"");
        }
        size
    }

    fn windows(&mut self, backup: Option<&Backup>, maintenance: Option<&String>) {
        let (days, backup) = match backup {
            Some(Backup {
                retention_days,
                window,
            }) => (*retention_days, window.as_ref()),
            None => (None, None),
        };
        let kept = |days| RETENTION_DAYS.contains(&days);
        self.number("backup.retentionDays", days, kept, "0 to 35 days");
        let write = "a time of the day in UTC, of 30 minutes or more, such as \"03:00-03:30\"";
        let daily = self.window("backup.window", backup, Window::daily, write);
        let write = "a time of the week in UTC, of 30 minutes to less than a day, such as \"sun:05:00-sun:05:30\"";
        let weekly = self.window("maintenanceWindow", maintenance, Window::weekly, write);
        if daily
            .zip(weekly)
            .is_some_and(|(daily, weekly)| daily.overlaps(weekly))
        {
            let write = "a window apart from spec.backup.window on every day";
            self.add(
                "maintenanceWindow",
                maintenance.map_or("", String::as_str),
                write,
            );
        }
    }

    fn window(
        &mut self,
        field: &str,
        text: Option<&String>,
        read: fn(&str) -> Option<Window>,
        write: &str,
    ) -> Option<Window> {
        let text = text?;
        let window = read(text).filter(|window| window.is_long_enough());
        if window.is_none() {
            self.add(field, text, write);
        }
        window
    }

    fn network(&mut self, network: Option<&Network>) {
        let Some(Network {
            subnet_group,
            security_groups,
            publicly_accessible: _,
        }) = network
        else {
            return;
        };
        let group =
            "the name of a DB subnet group: letters, digits, spaces, dots, underscores and hyphens";
        self.text(
            "network.subnetGroup",
            subnet_group.as_ref(),
            syntax::is_subnet_group,
            group,
        );
        let Some(groups) = security_groups else {
            return;
        };
        let once: BTreeSet<_> = groups.iter().collect();
        let fits = (1..=MOST_SECURITY_GROUPS).contains(&groups.len())
            && once.len() == groups.len()
            && groups.iter().all(|id| syntax::is_security_group(id));
        if !fits {
            let write = "1 to 16 ids of VPC security groups such as sg-0123456789abcdef0, each once, or remove it";
            self.add("network.securityGroups", groups, write);
        }
    }

    fn encryption(&mut self, encryption: Option<&Encryption>) {
        let Some(Encryption { enabled, kms_key }) = encryption else {
            return;
        };
        let key = "the ARN, the id or the alias of a KMS key such as \"alias/payments\"";
        self.text(
            "encryption.kmsKey",
            kms_key.as_ref(),
            syntax::is_kms_key,
            key,
        );
        if kms_key.is_some() && *enabled == Some(false) {
            self.add(
                "encryption.enabled",
                false,
                "true, or remove spec.encryption.kmsKey",
            );
        }
    }

    fn monitoring(&mut self, monitoring: Option<&Monitoring>) {
        let Some(Monitoring {
            performance_insights: _,
            enhanced_interval,
            log_exports,
        }) = monitoring
        else {
            return;
        };
        let interval = |seconds| ENHANCED_INTERVALS.contains(&seconds);
        let write = "1, 5, 10, 15, 30 or 60 seconds, or 0 for none";
        self.number(
            "monitoring.enhancedInterval",
            *enhanced_interval,
            interval,
            write,
        );
        let logs = log_exports.as_deref().unwrap_or_default();
        if logs.iter().collect::<BTreeSet<_>>().len() < logs.len() {
            let logs: Vec<_> = logs.iter().map(|log| log.as_str()).collect();
            self.add("monitoring.logExports", logs, "each log once");
        }
    }

    fn tags(&mut self, spec: &PostgresDBSpec) {
        let Some(tags) = &spec.tags else {
            return;
        };
        for (key, value) in tags {
            let strange = syntax::strange_in_tag(key).or_else(|| syntax::strange_in_tag(value));
            if let Some(c) = strange {
                self.0.push(format!(
                    "spec.tags has {c:?} in {key:?}: write letters, digits, spaces or any of _ . : / = + - @."
                ));
            }
            if !(1..=128).contains(&key.chars().count()) || value.chars().count() > 256 {
                self.0.push(format!(
                    "spec.tags has {key:?}: write a key of 1 to 128 and a value of up to 256 characters."
                ));
            }
            if is_reserved_tag(key) {
                self.0.push(format!(
                    "spec.tags has {key:?}, which is reserved: take another key."
                ));
            }
        }
        let count = tags.len();
        if count > MOST_TAGS {
            self.0.push(format!(
                "spec.tags has {count} keys: write at most {MOST_TAGS}, since RDS takes 50 and Stow sets seven."
            ));
        }
    }

    fn origin(&mut self, restore: Option<&RestoreFrom>, adopt: Option<&Adopt>) {
        if let Some(RestoreFrom {
            snapshot,
            point_in_time,
        }) = restore
        {
            if snapshot.is_some() == point_in_time.is_some() {
                self.0.push(
                    "spec.restoreFrom: write either snapshot or pointInTime, and not both."
                        .to_owned(),
                );
            }
            let form = format!("the identifier of a DB snapshot: {IDENTIFIER}");
            self.text(
                "restoreFrom.snapshot",
                snapshot.as_ref(),
                syntax::is_snapshot,
                &form,
            );
            if let Some(PointInTime { object, time }) = point_in_time {
                if object.is_none() {
                    self.0.push(
                        "spec.restoreFrom.pointInTime.object is missing: write the name of the PostgresDB whose past it is."
                            .to_owned(),
                    );
                }
                let path = "restoreFrom.pointInTime.object";
                self.text(path, object.as_ref(), is_secret_name, DNS_NAME);
                let write = "a time in UTC, to the second, such as \"2026-11-22T09:30:00Z\"";
                self.text(
                    "restoreFrom.pointInTime.time",
                    time.as_ref(),
                    syntax::is_time,
                    write,
                );
            }
        }
        if let Some(Adopt { identifier }) = adopt {
            if identifier.is_none() {
                self.0.push(
                    "spec.adopt.identifier is missing: write the identifier of an RDS instance, or remove spec.adopt."
                        .to_owned(),
                );
            }
            let form = |text: &str| text.len() <= 63 && syntax::is_identifier(text);
            let write = format!("the identifier of an RDS instance: {IDENTIFIER}");
            self.text("adopt.identifier", identifier.as_ref(), form, &write);
            if restore.is_some() {
                self.0.push(
                    "spec.adopt and spec.restoreFrom exclude each other: remove one.".to_owned(),
                );
            }
        }
    }
}
