//! Conditions: a closed set of types and reasons, and how one replaces another.
//!
//! Nothing here may read a clock.

use std::fmt;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};

/// The types of condition, as kstatus knows them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ConditionType {
    /// The database is usable, and is what was asked for. Always present.
    Ready,
    /// Stow is at work, or RDS is. Present only while true.
    Reconciling,
    /// Nothing moves until somebody acts. Present only while true.
    Stalled,
}

impl ConditionType {
    /// The text that stands in `type`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ready => "Ready",
            Self::Reconciling => "Reconciling",
            Self::Stalled => "Stalled",
        }
    }
}

impl fmt::Display for ConditionType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Whether a condition holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ConditionStatus {
    /// It holds.
    True,
    /// It does not hold.
    False,
    /// Nobody can tell at the moment.
    Unknown,
}

impl ConditionStatus {
    /// The text that stands in `status`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::True => "True",
            Self::False => "False",
            Self::Unknown => "Unknown",
        }
    }
}

/// Declares the reasons with the text of each, so that none is forgotten.
macro_rules! reasons {
    ($($(#[$doc:meta])+ $name:ident,)+) => {
        /// Why a condition is as it is: a closed set, one decision each.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Reason {
            $($(#[$doc])+ $name,)+
        }

        impl Reason {
            /// Every reason there is.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// The text that stands in `reason`.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($name),)+
                }
            }
        }
    };
}

reasons! {
    /// The database is usable, and is what was asked for.
    Available,
    /// RDS creates the instance.
    Creating,
    /// RDS applies a change.
    Modifying,
    /// RDS optimizes the storage after a change; the database is usable.
    StorageOptimizing,
    /// The instance is being deleted.
    Deleting,
    /// Stow was told to change nothing.
    Paused,
    /// The spec asks for what cannot be.
    InvalidSpec,
    /// The platform's `ConfigMap` holds a value that cannot be used.
    InvalidConfiguration,
    /// The spec asks for what the platform does not allow.
    NotAllowed,
    /// AWS denied the call: a permission is missing.
    AccessDenied,
    /// A quota or AWS's capacity is exhausted.
    QuotaExceeded,
    /// AWS refuses calls for their rate.
    Throttled,
    /// An instance of that identifier exists and is not this object's.
    NotOwned,
    /// The instance of an earlier object of this name still exists.
    PreviousInstanceExists,
    /// The instance existed once and is gone.
    InstanceMissing,
    /// The Secret's name is taken by a Secret that serves something else.
    SecretConflict,
    /// The Secret of a database that was taken over is not there.
    SecretMissing,
    /// RDS holds the instance in a state that needs somebody's action.
    IncompatibleState,
    /// RDS is at work on something of its own.
    InProgress,
    /// RDS refused a call for another reason.
    Refused,
    /// RDS, or the way to it, does not answer.
    Unreachable,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What was found about one condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Which condition.
    pub condition: ConditionType,
    /// Whether it holds.
    pub status: ConditionStatus,
    /// Why.
    pub reason: Reason,
    /// What to do, for a person.
    pub message: String,
    /// The generation of the object that was judged.
    pub generation: Option<i64>,
}

/// Puts a finding in the place of the earlier one of its type. The time of
/// transition moves to `now` only where the status differs.
pub fn set_condition(conditions: &mut Vec<Condition>, finding: Finding, now: &Time) {
    let type_ = finding.condition.as_str();
    let status = finding.status.as_str();
    let earlier = conditions.iter().position(|c| c.type_ == type_);
    let since = earlier
        .and_then(|index| conditions.get(index))
        .filter(|c| c.status == status)
        .map_or_else(|| now.clone(), |c| c.last_transition_time.clone());
    let condition = Condition {
        last_transition_time: since,
        message: finding.message,
        observed_generation: finding.generation,
        reason: finding.reason.as_str().to_owned(),
        status: status.to_owned(),
        type_: type_.to_owned(),
    };
    match earlier.and_then(|index| conditions.get_mut(index)) {
        Some(place) => *place = condition,
        None => conditions.push(condition),
    }
}

/// Takes a condition out: how `Reconciling` and `Stalled` end.
pub fn clear_condition(conditions: &mut Vec<Condition>, condition: ConditionType) {
    conditions.retain(|c| c.type_ != condition.as_str());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Time {
        Time(jiff::Timestamp::from_second(second).unwrap())
    }

    fn finding(status: ConditionStatus, reason: Reason) -> Finding {
        Finding {
            condition: ConditionType::Ready,
            status,
            reason,
            message: format!("{reason}"),
            generation: Some(3),
        }
    }

    #[test]
    fn the_time_of_transition_moves_with_the_status_alone() {
        let mut conditions = Vec::new();
        let creating = finding(ConditionStatus::False, Reason::Creating);
        set_condition(&mut conditions, creating.clone(), &at(1));
        set_condition(&mut conditions, creating, &at(2));
        assert_eq!(conditions[0].last_transition_time, at(1));

        let denied = finding(ConditionStatus::False, Reason::AccessDenied);
        set_condition(&mut conditions, denied, &at(3));
        assert_eq!(conditions[0].reason, "AccessDenied");
        assert_eq!(conditions[0].message, "AccessDenied");
        assert_eq!(conditions[0].last_transition_time, at(1));

        let available = finding(ConditionStatus::True, Reason::Available);
        set_condition(&mut conditions, available, &at(4));
        assert_eq!(conditions.len(), 1);
        assert_eq!(conditions[0].status, "True");
        assert_eq!(conditions[0].observed_generation, Some(3));
        assert_eq!(conditions[0].last_transition_time, at(4));
    }

    #[test]
    fn a_condition_touches_no_other() {
        let mut conditions = Vec::new();
        set_condition(
            &mut conditions,
            finding(ConditionStatus::False, Reason::InvalidSpec),
            &at(1),
        );
        let stalled = Finding {
            condition: ConditionType::Stalled,
            ..finding(ConditionStatus::True, Reason::InvalidSpec)
        };
        set_condition(&mut conditions, stalled, &at(2));
        assert_eq!(conditions.len(), 2);

        clear_condition(&mut conditions, ConditionType::Stalled);
        assert_eq!(conditions.len(), 1);
        assert_eq!(conditions[0].type_, "Ready");
        clear_condition(&mut conditions, ConditionType::Stalled);
        assert_eq!(conditions.len(), 1);
    }

    #[test]
    fn reasons_are_camel_case_words_and_differ() {
        let texts: std::collections::BTreeSet<_> = Reason::ALL.iter().map(|r| r.as_str()).collect();
        assert_eq!(texts.len(), Reason::ALL.len());
        for text in texts {
            assert!(text.starts_with(|c: char| c.is_ascii_uppercase()), "{text}");
            assert!(text.chars().all(|c| c.is_ascii_alphabetic()), "{text}");
        }
    }
}
