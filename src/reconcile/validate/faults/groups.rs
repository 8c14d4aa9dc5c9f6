//! Faults of the groups of a spec: windows, network, encryption, monitoring.
//!
//! Nothing here may compare with RDS, or with an earlier spec.

use std::collections::BTreeSet;

use stow_versions::limits::{ENHANCED_INTERVALS, MOST_SECURITY_GROUPS, RETENTION_DAYS, Window};
use stow_versions::v1beta1::{Backup, Encryption, Monitoring, Network};

use super::Faults;
use crate::syntax;

impl Faults {
    pub(super) fn windows(&mut self, backup: Option<&Backup>, maintenance: Option<&String>) {
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

    pub(super) fn network(&mut self, network: Option<&Network>) {
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

    pub(super) fn encryption(&mut self, encryption: Option<&Encryption>) {
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

    pub(super) fn monitoring(&mut self, monitoring: Option<&Monitoring>) {
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
}
