//! What an instance has beyond its machine and its volume: the same list for
//! what is wanted, asked for, observed and pending.
//!
//! Nothing here decides when something is changed, or whether it may be.

use std::collections::BTreeSet;

/// Settings of an instance. `None` means nothing: in a wish, that nobody states
/// it; in a request, that it stays; in what RDS shows, that RDS does not say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// `Port`, in a modification `DBPortNumber`.
    pub port: Option<u16>,
    /// `BackupRetentionPeriod`, in days; 0 is none.
    pub backup_retention: Option<i32>,
    /// `PreferredBackupWindow`, such as `03:00-04:00`.
    pub backup_window: Option<String>,
    /// `PreferredMaintenanceWindow`, such as `sun:05:00-sun:06:00`.
    pub maintenance_window: Option<String>,
    /// `AutoMinorVersionUpgrade`.
    pub auto_minor_version_upgrade: Option<bool>,
    /// `DBParameterGroupName`.
    pub parameter_group: Option<String>,
    /// `VpcSecurityGroupIds`; an empty set is RDS's default.
    pub security_groups: Option<BTreeSet<String>>,
    /// `PubliclyAccessible`.
    pub publicly_accessible: Option<bool>,
    /// `EnableIAMDatabaseAuthentication`.
    pub iam_authentication: Option<bool>,
    /// `EnablePerformanceInsights`.
    pub performance_insights: Option<bool>,
    /// `MonitoringInterval`, in seconds; 0 is off.
    pub enhanced_interval: Option<i32>,
    /// `EnableCloudwatchLogsExports`: all that are exported.
    pub log_exports: Option<BTreeSet<String>>,
    /// `EngineLifecycleSupport`: whether it is the paid one.
    pub extended_support: Option<bool>,
    /// `DeletionProtection`.
    pub deletion_protection: Option<bool>,
}

impl Settings {
    /// What is stated here and otherwise in `shown`. What is not shown cannot
    /// be compared, and is left alone.
    #[must_use]
    pub fn beyond(&self, shown: &Self) -> Self {
        fn differs<T: Clone + PartialEq>(wanted: Option<&T>, shown: Option<&T>) -> Option<T> {
            wanted
                .filter(|wanted| shown.is_some_and(|shown| shown != *wanted))
                .cloned()
        }
        self.with(shown, &Merge(differs, differs, differs, differs, differs))
    }

    /// What is stated here, and else what is in `beneath`.
    #[must_use]
    pub fn over(&self, beneath: &Self) -> Self {
        fn first<T: Clone>(above: Option<&T>, beneath: Option<&T>) -> Option<T> {
            above.or(beneath).cloned()
        }
        self.with(beneath, &Merge(first, first, first, first, first))
    }

    /// What is stated here and the same in `other`.
    #[must_use]
    pub fn shared(&self, other: &Self) -> Self {
        fn same<T: Clone + PartialEq>(one: Option<&T>, other: Option<&T>) -> Option<T> {
            one.filter(|_| one == other).cloned()
        }
        self.with(other, &Merge(same, same, same, same, same))
    }

    /// Whether something is stated here and in `other`, the same or not.
    pub fn overlaps(&self, other: &Self) -> bool {
        fn twice<T: Clone + PartialEq>(one: Option<&T>, other: Option<&T>) -> Option<T> {
            one.filter(|_| other.is_some()).cloned()
        }
        self.with(other, &Merge(twice, twice, twice, twice, twice)) != Self::default()
    }

    /// Each setting by itself, and the two windows, which must not overlap,
    /// together. What keeps a database safe from others, and from its deletion,
    /// comes first.
    pub fn apart(self) -> Vec<Self> {
        let Self {
            port,
            backup_retention,
            backup_window,
            maintenance_window,
            auto_minor_version_upgrade,
            parameter_group,
            security_groups,
            publicly_accessible,
            iam_authentication,
            performance_insights,
            enhanced_interval,
            log_exports,
            extended_support,
            deletion_protection,
        } = self;
        let none = Self::default;
        let mut apart = vec![
            Self {
                publicly_accessible,
                ..none()
            },
            Self {
                security_groups,
                ..none()
            },
            Self {
                deletion_protection,
                ..none()
            },
            Self {
                backup_retention,
                ..none()
            },
            Self {
                iam_authentication,
                ..none()
            },
            Self { port, ..none() },
            Self {
                backup_window,
                maintenance_window,
                ..none()
            },
            Self {
                auto_minor_version_upgrade,
                ..none()
            },
            Self {
                parameter_group,
                ..none()
            },
            Self {
                performance_insights,
                ..none()
            },
            Self {
                enhanced_interval,
                ..none()
            },
            Self {
                log_exports,
                ..none()
            },
            Self {
                extended_support,
                ..none()
            },
        ];
        apart.retain(|one| *one != none());
        apart
    }

    fn with(&self, other: &Self, merge: &Merge) -> Self {
        let Merge(flag, text, number, set, port) = merge;
        Self {
            port: port(self.port.as_ref(), other.port.as_ref()),
            backup_retention: number(
                self.backup_retention.as_ref(),
                other.backup_retention.as_ref(),
            ),
            backup_window: text(self.backup_window.as_ref(), other.backup_window.as_ref()),
            maintenance_window: text(
                self.maintenance_window.as_ref(),
                other.maintenance_window.as_ref(),
            ),
            auto_minor_version_upgrade: flag(
                self.auto_minor_version_upgrade.as_ref(),
                other.auto_minor_version_upgrade.as_ref(),
            ),
            parameter_group: text(
                self.parameter_group.as_ref(),
                other.parameter_group.as_ref(),
            ),
            security_groups: set(
                self.security_groups.as_ref(),
                other.security_groups.as_ref(),
            ),
            publicly_accessible: flag(
                self.publicly_accessible.as_ref(),
                other.publicly_accessible.as_ref(),
            ),
            iam_authentication: flag(
                self.iam_authentication.as_ref(),
                other.iam_authentication.as_ref(),
            ),
            performance_insights: flag(
                self.performance_insights.as_ref(),
                other.performance_insights.as_ref(),
            ),
            enhanced_interval: number(
                self.enhanced_interval.as_ref(),
                other.enhanced_interval.as_ref(),
            ),
            log_exports: set(self.log_exports.as_ref(), other.log_exports.as_ref()),
            extended_support: flag(
                self.extended_support.as_ref(),
                other.extended_support.as_ref(),
            ),
            deletion_protection: flag(
                self.deletion_protection.as_ref(),
                other.deletion_protection.as_ref(),
            ),
        }
    }

    /// Each setting that is stated, in the words of a spec, such as
    /// `backup.retentionDays 14`.
    pub fn words(&self) -> Vec<String> {
        let Self {
            port,
            backup_retention,
            backup_window,
            maintenance_window,
            auto_minor_version_upgrade,
            parameter_group,
            security_groups,
            publicly_accessible,
            iam_authentication,
            performance_insights,
            enhanced_interval,
            log_exports,
            extended_support,
            deletion_protection,
        } = self;
        let list = |names: &BTreeSet<String>| {
            let names: Vec<_> = names.iter().map(String::as_str).collect();
            format!("[{}]", names.join(","))
        };
        let text = |name: &str, value: &Option<String>| {
            value.as_ref().map(|value| format!("{name} {value}"))
        };
        let flag = |name: &str, value: &Option<bool>| value.map(|value| format!("{name} {value}"));
        let words = [
            port.map(|port| format!("port {port}")),
            backup_retention.map(|days| format!("backup.retentionDays {days}")),
            text("backup.window", backup_window),
            text("maintenanceWindow", maintenance_window),
            flag("autoMinorVersionUpgrade", auto_minor_version_upgrade),
            text("parameterGroup", parameter_group),
            security_groups
                .as_ref()
                .map(|groups| format!("network.securityGroups {}", list(groups))),
            flag("network.publiclyAccessible", publicly_accessible),
            flag("iamAuthentication", iam_authentication),
            flag("monitoring.performanceInsights", performance_insights),
            enhanced_interval.map(|seconds| format!("monitoring.enhancedInterval {seconds}")),
            log_exports
                .as_ref()
                .map(|logs| format!("monitoring.logExports {}", list(logs))),
            flag("extendedSupport", extended_support),
            flag("deletionProtection", deletion_protection),
        ];
        words.into_iter().flatten().collect()
    }
}

/// How two values of each kind become one: flags, texts, numbers, sets, ports.
struct Merge(
    Two<bool>,
    Two<String>,
    Two<i32>,
    Two<BTreeSet<String>>,
    Two<u16>,
);

type Two<T> = fn(Option<&T>, Option<&T>) -> Option<T>;

#[cfg(test)]
mod tests;
