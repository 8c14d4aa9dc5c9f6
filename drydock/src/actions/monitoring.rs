//! What Create and Modify say of monitoring. It takes effect at once, whatever
//! `ApplyImmediately` says, and no restore takes it over.
//!
//! Must not decide what goes together: that is `rules::monitoring`.

use crate::{
    fault::{self, Fault},
    model::{Monitoring, Scope},
    rules,
    wire::Parameters,
};

/// Puts what was asked into the settings there are, after checking them. Whether
/// anything changed.
pub(super) fn put(
    take: &mut Parameters,
    scope: &Scope,
    into: &mut Monitoring,
) -> Result<bool, Fault> {
    let before = into.clone();
    let role = take.string("MonitoringRoleArn");
    if let Some(interval) = take.integer("MonitoringInterval")? {
        into.interval = interval;
        if interval == 0 {
            into.role = None;
        }
    }
    if role.is_some() {
        into.role = role;
    }
    if let Some(mode) = take.string("DatabaseInsightsMode") {
        into.mode = mode;
    }
    insights(take, scope, into)?;
    rules::monitoring::check(into)?;
    Ok(*into != before)
}

fn insights(take: &mut Parameters, scope: &Scope, into: &mut Monitoring) -> Result<(), Fault> {
    let key = take.string("PerformanceInsightsKMSKeyId");
    let retention = take.integer("PerformanceInsightsRetentionPeriod")?;
    if let Some(on) = take.boolean("EnablePerformanceInsights")? {
        into.insights = on;
    }
    if !into.insights {
        if key.is_some() || retention.is_some() {
            return Err(fault::INVALID_PARAMETER_COMBINATION.because(
                "PerformanceInsightsKMSKeyId and PerformanceInsightsRetentionPeriod can be \
                 specified only with EnablePerformanceInsights.",
            ));
        }
        into.insights_key = None;
        into.insights_retention = None;
        return Ok(());
    }
    let Scope { account, region } = scope;
    let default = || format!("arn:aws:kms:{region}:{account}:alias/aws/rds");
    match (key, &into.insights_key) {
        (Some(key), Some(current)) if key != *current => {
            return Err(fault::INVALID_PARAMETER_COMBINATION
                .because("You can't change the KMS key of Performance Insights."));
        }
        (Some(key), _) => into.insights_key = Some(key),
        (None, _) => {
            into.insights_key.get_or_insert_with(default);
        }
    }
    let kept = retention.or(into.insights_retention);
    into.insights_retention = Some(kept.unwrap_or_else(rules::monitoring::default_retention));
    Ok(())
}
