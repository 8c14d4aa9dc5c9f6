//! What Stow counts of itself, for Prometheus.
//!
//! Label values are enums or text known at compile time, never what a user or
//! AWS wrote: the number of series is bounded. Nothing here may decide anything.

mod labels;
mod names;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use prometheus_client::encoding::text;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use self::labels::{ByCall, ByKey, ByOutcome, ByResult};
pub use self::labels::{Reconcile, Review};

/// The media type of [`Metrics::encode`].
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Every metric of the process. Clones share their values.
#[derive(Debug, Clone)]
pub struct Metrics {
    registry: Arc<Registry>,
    reviews: Family<ByResult, Counter>,
    review_objects: Counter,
    review_seconds: Histogram,
    aws_calls: Family<ByCall, Counter>,
    reconciles: Family<ByOutcome, Counter>,
    reconcile_seconds: Histogram,
    sweep_seconds: Histogram,
    sweep_success: Gauge<f64, AtomicU64>,
    instances: Gauge,
    left_behind: Gauge,
    leader: Gauge,
    identity_mismatch: Gauge,
    read_only: Gauge,
    configuration_faults: Family<ByKey, Gauge>,
    configuration_unknown: Gauge,
    configuration_missing: Gauge,
    certificate_expiry: Gauge,
    authority_expiry: Gauge,
    clock_skew: Gauge<f64, AtomicU64>,
    migration_due: Gauge,
}

// One object converts in microseconds, a page of hundreds in tens of
// milliseconds, and the API server gives up after 30 s.
const REVIEW_BUCKETS: [f64; 12] = [
    0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.05, 0.1, 0.5, 2.5, 30.0,
];
// These wait for AWS: tens of milliseconds a call at best, minutes when throttled.
const AWS_BUCKETS: [f64; 10] = [0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 30.0, 120.0];

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    /// A registry of its own, with every family at zero.
    pub fn new() -> Self {
        let mut metrics = Self {
            registry: Arc::default(),
            reviews: Family::default(),
            review_objects: Counter::default(),
            review_seconds: Histogram::new(REVIEW_BUCKETS),
            aws_calls: Family::default(),
            reconciles: Family::default(),
            reconcile_seconds: Histogram::new(AWS_BUCKETS),
            sweep_seconds: Histogram::new(AWS_BUCKETS),
            sweep_success: Gauge::default(),
            instances: Gauge::default(),
            left_behind: Gauge::default(),
            leader: Gauge::default(),
            identity_mismatch: Gauge::default(),
            read_only: Gauge::default(),
            configuration_faults: Family::default(),
            configuration_unknown: Gauge::default(),
            configuration_missing: Gauge::default(),
            certificate_expiry: Gauge::default(),
            authority_expiry: Gauge::default(),
            clock_skew: Gauge::default(),
            migration_due: Gauge::default(),
        };
        metrics.registry = Arc::new(metrics.register());
        metrics
    }

    /// A review was answered. `objects` counts where it succeeded.
    pub fn review(&self, result: Review, objects: usize, took: Duration) {
        self.reviews.get_or_create(&ByResult { result }).inc();
        if result == Review::Success {
            self.review_objects.inc_by(objects as u64);
        }
        self.review_seconds.observe(took.as_secs_f64());
    }

    /// A call was sent to AWS. `action` is the API's name of it: `CreateDBInstance`.
    pub fn aws_call(&self, action: &'static str, outcome: &'static str) {
        self.aws_calls
            .get_or_create(&ByCall { action, outcome })
            .inc();
    }

    /// A reconciliation ended.
    pub fn reconcile(&self, outcome: Reconcile, took: Duration) {
        self.reconciles.get_or_create(&ByOutcome { outcome }).inc();
        self.reconcile_seconds.observe(took.as_secs_f64());
    }

    /// A complete sweep ended at `now`, having seen so many instances.
    pub fn sweep(&self, instances: usize, took: Duration, now: Timestamp) {
        self.sweep_seconds.observe(took.as_secs_f64());
        self.sweep_success.set(now.as_duration().as_secs_f64());
        self.instances
            .set(i64::try_from(instances).unwrap_or(i64::MAX));
    }

    /// How many instances the objects that they were made for left behind.
    pub fn left_behind(&self, instances: usize) {
        self.left_behind
            .set(i64::try_from(instances).unwrap_or(i64::MAX));
    }

    /// Whether this replica leads.
    pub fn leading(&self, leads: bool) {
        self.leader.set(i64::from(leads));
        if !leads {
            // What it saw is another replica's to say now.
            self.instances.set(0);
            self.left_behind.set(0);
            self.sweep_success.set(0.0);
            self.identity_mismatch.set(0);
            self.configuration([], 0, 0);
            self.migration_due.set(0);
        }
    }

    /// Whether cluster, account and region are the pinned ones.
    pub fn identity(&self, matches: bool) {
        self.identity_mismatch.set(i64::from(!matches));
    }

    /// Whether the operator was told to change nothing.
    pub fn read_only(&self, is: bool) {
        self.read_only.set(i64::from(is));
    }

    /// The operator's ConfigMap was read: keys that cannot be used, and how many
    /// are unknown and missing.
    pub fn configuration(
        &self,
        faults: impl IntoIterator<Item = &'static str>,
        unknown: usize,
        missing: usize,
    ) {
        self.configuration_faults.clear();
        for key in faults {
            self.configuration_faults
                .get_or_create(&ByKey { key })
                .inc();
        }
        let count = |number| i64::try_from(number).unwrap_or(i64::MAX);
        self.configuration_unknown.set(count(unknown));
        self.configuration_missing.set(count(missing));
    }

    /// Whether objects may be stored in another version than the storage version.
    pub fn migration_due(&self, is: bool) {
        self.migration_due.set(i64::from(is));
    }

    /// Whether this replica was last said to lead.
    pub fn is_leading(&self) -> bool {
        self.leader.get() == 1
    }

    /// The webhook serves a certificate that expires then, and its CA then.
    pub fn certificate(&self, expires: Timestamp, authority: Timestamp) {
        self.certificate_expiry.set(expires.as_second());
        self.authority_expiry.set(authority.as_second());
    }

    /// This machine's clock was found to be so far ahead of the API server's.
    pub fn clock_skew(&self, ahead: SignedDuration) {
        self.clock_skew.set(ahead.as_secs_f64());
    }

    /// Everything, as [`CONTENT_TYPE`].
    pub fn encode(&self) -> Result<String, fmt::Error> {
        let mut page = String::new();
        text::encode(&mut page, &self.registry)?;
        Ok(page)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_carry_the_prefix_the_unit_and_total() {
        let metrics = Metrics::new();
        metrics.review(Review::Success, 3, Duration::from_millis(2));
        metrics.review(Review::Failure, 9, Duration::from_millis(2));
        metrics.aws_call("CreateDBInstance", "throttled");
        metrics.reconcile(Reconcile::Settled, Duration::from_secs(1));
        metrics.sweep(
            7,
            Duration::from_secs(1),
            Timestamp::from_second(1_800_000_000).unwrap(),
        );
        metrics.leading(true);
        metrics.identity(false);
        metrics.read_only(true);
        metrics.migration_due(true);
        metrics.configuration(["policy.adopt"], 1, 1);
        metrics.configuration(["policy.maxIops", "unknown", "unknown"], 1, 4);

        let page = metrics.clone().encode().unwrap();
        for line in [
            "stow_conversion_reviews_total{result=\"Success\"} 1",
            "stow_conversion_reviews_total{result=\"Failure\"} 1",
            "stow_conversion_objects_total 3",
            "stow_conversion_seconds_count 2",
            "stow_aws_calls_total{action=\"CreateDBInstance\",outcome=\"throttled\"} 1",
            "stow_reconciles_total{outcome=\"Settled\"} 1",
            "stow_reconcile_seconds_count 1",
            "stow_sweep_seconds_count 1",
            "stow_sweep_last_success_timestamp_seconds 1800000000.0",
            "stow_instances 7",
            "stow_leader 1",
            "stow_identity_mismatch 1",
            "stow_read_only 1",
            "stow_migration_due 1",
            "stow_configuration_faults{key=\"policy.maxIops\"} 1",
            "stow_configuration_faults{key=\"unknown\"} 2",
            "stow_configuration_unknown_keys 1",
            "stow_configuration_missing_keys 4",
        ] {
            assert!(page.lines().any(|l| l == line), "{line} is not in\n{page}");
        }
        assert!(!page.contains("policy.adopt"), "mended, it is gone: {page}");
        assert!(page.ends_with("# EOF\n"));

        let documents = include_str!("../docs/usage.md");
        let families = page.lines().filter_map(|line| line.strip_prefix("# TYPE "));
        for family in families.filter_map(|line| line.split(' ').next()) {
            let documented = documents.matches(&format!("`{family}")).count();
            assert!(documented > 0, "docs/usage.md does not name {family}");
        }
    }
}
