//! The name of each metric, and what it says of itself.
//!
//! Nothing here may set a value. docs/usage.md names each, and a test holds it to
//! that.

use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

use super::Metrics;

impl Metrics {
    /// `_total` and the unit's suffix are added to a name by the encoding.
    pub(super) fn register(&self) -> Registry {
        let mut r = Registry::with_prefix("stow");
        let version = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        r.register("build", "The running release", version);
        r.register(
            "conversion_reviews",
            "Conversion reviews answered, by result",
            self.reviews.clone(),
        );
        r.register(
            "conversion_objects",
            "Objects in the conversion reviews that succeeded",
            self.review_objects.clone(),
        );
        r.register_with_unit(
            "conversion",
            "Time from a review's first byte to its answer",
            Unit::Seconds,
            self.review_seconds.clone(),
        );
        r.register(
            "aws_calls",
            "Calls sent to AWS, by API action and outcome",
            self.aws_calls.clone(),
        );
        r.register(
            "reconciles",
            "Reconciliations, by outcome",
            self.reconciles.clone(),
        );
        r.register_with_unit(
            "reconcile",
            "Time that a reconciliation took",
            Unit::Seconds,
            self.reconcile_seconds.clone(),
        );
        r.register_with_unit(
            "sweep",
            "Time that a complete sweep over all instances took",
            Unit::Seconds,
            self.sweep_seconds.clone(),
        );
        r.register_with_unit(
            "sweep_last_success_timestamp",
            "When the last complete sweep ended",
            Unit::Seconds,
            self.sweep_success.clone(),
        );
        r.register(
            "instances",
            "DB instances that the last complete sweep saw",
            self.instances.clone(),
        );
        r.register(
            "instances_left_behind",
            "DB instances made for objects of this cluster that exist no more",
            self.left_behind.clone(),
        );
        r.register(
            "leader",
            "1 in the replica that leads, 0 in the others",
            self.leader.clone(),
        );
        r.register(
            "identity_mismatch",
            "1 while cluster, account or region is not the pinned one and nothing is changed",
            self.identity_mismatch.clone(),
        );
        r.register(
            "read_only",
            "1 where the operator was started with --read-only",
            self.read_only.clone(),
        );
        r.register(
            "configuration_faults",
            "Values of the operator's ConfigMap that cannot be used, by key, while this replica leads",
            self.configuration_faults.clone(),
        );
        r.register(
            "configuration_unknown_keys",
            "Keys of the operator's ConfigMap that Stow does not know, and that are no fault",
            self.configuration_unknown.clone(),
        );
        r.register(
            "configuration_missing_keys",
            "Keys that the operator's ConfigMap lacks, and whose defaults hold",
            self.configuration_missing.clone(),
        );
        self.register_certificates(&mut r);
        r
    }

    fn register_certificates(&self, r: &mut Registry) {
        r.register_with_unit(
            "webhook_certificate_expiry_timestamp",
            "When the certificate that the webhook serves expires",
            Unit::Seconds,
            self.certificate_expiry.clone(),
        );
        r.register_with_unit(
            "webhook_authority_expiry_timestamp",
            "When the CA expires under which the webhook serves, or the first of those",
            Unit::Seconds,
            self.authority_expiry.clone(),
        );
        r.register_with_unit(
            "clock_skew",
            "By how much this machine's clock is ahead of the API server's",
            Unit::Seconds,
            self.clock_skew.clone(),
        );
        r.register(
            "migration_due",
            "1 while objects may be stored in another version than the storage version",
            self.migration_due.clone(),
        );
    }
}
