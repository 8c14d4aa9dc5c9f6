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
        self.with::<Differing>(shown)
    }

    /// What is stated here, and else what is in `beneath`.
    #[must_use]
    pub fn over(&self, beneath: &Self) -> Self {
        self.with::<First>(beneath)
    }

    /// What is stated here and the same in `other`.
    #[must_use]
    pub fn shared(&self, other: &Self) -> Self {
        self.with::<Same>(other)
    }

    /// Whether something is stated here and in `other`, the same or not.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.with::<Twice>(other) != Self::default()
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
        macro_rules! alone {
            ($($field:ident),+) => { Self { $($field,)+ ..Self::default() } };
        }
        let mut apart = vec![
            alone!(publicly_accessible),
            alone!(security_groups),
            alone!(deletion_protection),
            alone!(backup_retention),
            alone!(iam_authentication),
            alone!(port),
            alone!(backup_window, maintenance_window),
            alone!(auto_minor_version_upgrade),
            alone!(parameter_group),
            alone!(performance_insights),
            alone!(enhanced_interval),
            alone!(log_exports),
            alone!(extended_support),
        ];
        apart.retain(|one| *one != Self::default());
        apart
    }

    fn with<M: Merge>(&self, other: &Self) -> Self {
        macro_rules! each {
            ($($field:ident),+ $(,)?) => {
                Self { $($field: M::merge(self.$field.as_ref(), other.$field.as_ref()),)+ }
            };
        }
        each!(
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
        )
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

/// How two values of a setting become one, whatever its type.
trait Merge {
    fn merge<T: Clone + PartialEq>(one: Option<&T>, other: Option<&T>) -> Option<T>;
}

/// The first where the second is there, and another.
struct Differing;

impl Merge for Differing {
    fn merge<T: Clone + PartialEq>(wanted: Option<&T>, shown: Option<&T>) -> Option<T> {
        wanted
            .filter(|wanted| shown.is_some_and(|shown| shown != *wanted))
            .cloned()
    }
}

/// The first, and where there is none the second.
struct First;

impl Merge for First {
    fn merge<T: Clone + PartialEq>(above: Option<&T>, beneath: Option<&T>) -> Option<T> {
        above.or(beneath).cloned()
    }
}

/// The first where the second is the same.
struct Same;

impl Merge for Same {
    fn merge<T: Clone + PartialEq>(one: Option<&T>, other: Option<&T>) -> Option<T> {
        one.filter(|_| one == other).cloned()
    }
}

/// The first where there is a second.
struct Twice;

impl Merge for Twice {
    fn merge<T: Clone + PartialEq>(one: Option<&T>, other: Option<&T>) -> Option<T> {
        one.filter(|_| other.is_some()).cloned()
    }
}

#[cfg(test)]
mod tests;
