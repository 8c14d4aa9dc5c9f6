//! Enhanced monitoring, Performance Insights and Database Insights: which values
//! they have, and which go together. From the API's model of `CreateDBInstance`.
//!
//! Must not know whether anything is really watched: nothing is, here.

use super::{combination, invalid};
use crate::{fault::Fault, model::Monitoring};

/// Seconds between points; 0 is off.
const INTERVALS: [i32; 7] = [0, 1, 5, 10, 15, 30, 60];
/// Days of the free tier, and the default.
const SHORTEST: i32 = 7;
/// Days, for whoever wants all of two years.
const LONGEST: i32 = 731;
/// Days without which there is no advanced mode: fifteen months.
const ADVANCED: i32 = 465;

/// Whether the settings are possible together.
pub fn check(it: &Monitoring) -> Result<(), Fault> {
    let Monitoring {
        interval,
        role,
        insights,
        insights_key: _,
        insights_retention,
        mode,
    } = it;
    if !INTERVALS.contains(interval) {
        return Err(invalid(format!(
            "Invalid MonitoringInterval: {interval}. Valid values are 0, 1, 5, 10, 15, 30 and 60."
        )));
    }
    if *interval > 0 && role.is_none() {
        return Err(combination(
            "A MonitoringRoleARN value is required if you specify a MonitoringInterval value \
             other than 0.",
        ));
    }
    if *interval == 0 && role.is_some() {
        return Err(combination(
            "You must specify a MonitoringInterval value other than 0 when you specify a \
             MonitoringRoleARN value.",
        ));
    }
    if let Some(role) = role
        && !is_role(role)
    {
        return Err(invalid(format!("Invalid MonitoringRoleARN: {role}")));
    }
    if let Some(days) = insights_retention
        && !is_retention(*days)
    {
        return Err(invalid(format!(
            "Invalid Performance Insights retention period: {days}. It must be 7, 731, or from 1 \
             to 23 times 31."
        )));
    }
    match &**mode {
        "standard" => Ok(()),
        "advanced" if *insights && insights_retention.is_some_and(|days| days >= ADVANCED) => {
            Ok(())
        }
        "advanced" => Err(combination(format!(
            "The advanced mode of Database Insights needs Performance Insights with a retention \
             period of at least {ADVANCED} days."
        ))),
        _ => Err(invalid(format!("Invalid DatabaseInsightsMode: {mode}"))),
    }
}

/// How long Performance Insights keeps what it sees, unless told.
pub fn default_retention() -> i32 {
    SHORTEST
}

fn is_role(arn: &str) -> bool {
    let mut parts = arn.splitn(6, ':');
    parts.next() == Some("arn")
        && parts.next().is_some_and(|it| it.starts_with("aws"))
        && parts.next() == Some("iam")
        && parts.next() == Some("")
        && parts
            .next()
            .is_some_and(|it| it.len() == 12 && it.bytes().all(|byte| byte.is_ascii_digit()))
        && parts.next().is_some_and(|it| {
            it.strip_prefix("role/")
                .is_some_and(|name| !name.is_empty())
        })
}

fn is_retention(days: i32) -> bool {
    let months = days / 31;
    days == SHORTEST || days == LONGEST || days % 31 == 0 && (1..=23).contains(&months)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retention_is_in_months() {
        for days in [7, 31, 93, 341, 589, 713, 731] {
            assert!(is_retention(days), "{days}");
        }
        for days in [0, -31, 6, 8, 30, 94, 744, 732] {
            assert!(!is_retention(days), "{days}");
        }
    }

    #[test]
    fn roles_are_arns() {
        assert!(is_role("arn:aws:iam::123456789012:role/emaccess"));
        assert!(is_role("arn:aws-cn:iam::123456789012:role/path/name"));
        for wrong in [
            "emaccess",
            "arn:aws:iam::123456789012:user/x",
            "arn:aws:iam::1:role/x",
            "arn:aws:iam::123456789012:role/",
        ] {
            assert!(!is_role(wrong), "{wrong}");
        }
    }
}
