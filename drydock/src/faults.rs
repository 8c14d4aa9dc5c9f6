//! What goes wrong on request: rules that requests run into.
//!
//! Only says which rule a request meets; the wire does what the rule says.

use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

/// A rule. The first that fits a request counts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// The Action it is for; every one without.
    #[serde(default)]
    pub action: Option<String>,
    /// Of 1: how likely it is.
    #[serde(default = "always")]
    pub rate: f64,
    /// How many fitting requests it lets pass first.
    #[serde(default)]
    pub after: u64,
    /// How many requests it is for; all without.
    #[serde(default)]
    pub times: Option<u64>,
    /// What happens.
    pub effect: Effect,
}

/// What happens to a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// `Throttling`
    Throttling,
    /// `ThrottlingException`
    ThrottlingException,
    /// `AccessDenied`
    AccessDenied,
    /// `InternalFailure`, HTTP 500
    InternalFailure,
    /// `ServiceUnavailable`, HTTP 503
    ServiceUnavailable,
    /// The action takes effect, then the connection ends without an answer.
    LoseAnswer,
    /// The answer comes so many milliseconds later.
    Delay(u64),
}

fn always() -> f64 {
    1.0
}

/// The rules in force.
#[derive(Debug, Default)]
pub struct Faults(Mutex<Vec<Rule>>);

impl Faults {
    fn lock(&self) -> MutexGuard<'_, Vec<Rule>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Replaces all rules.
    pub fn set(&self, rules: Vec<Rule>) {
        *self.lock() = rules;
    }

    /// The rules that are left.
    pub fn read(&self) -> Vec<Rule> {
        self.lock().clone()
    }

    /// What happens to a request with this Action, if anything does.
    pub fn meet(&self, action: &str) -> Option<Effect> {
        let mut rules = self.lock();
        let met = rules.iter_mut().find_map(|rule| {
            let fits = rule.action.as_deref().is_none_or(|of| of == action);
            if !fits || rule.times == Some(0) {
                return None;
            }
            if rule.after > 0 {
                rule.after -= 1;
                return None;
            }
            if rand::random::<f64>() >= rule.rate {
                return None;
            }
            if let Some(times) = &mut rule.times {
                *times -= 1;
            }
            Some(rule.effect.clone())
        });
        rules.retain(|rule| rule.times != Some(0));
        met
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(json: &str) -> Rule {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn rules_count_their_requests() {
        let faults = Faults::default();
        faults.set(vec![rule(
            r#"{"action": "A", "after": 1, "times": 1, "effect": "throttling"}"#,
        )]);
        assert_eq!(faults.meet("B"), None);
        assert_eq!(faults.meet("A"), None);
        assert_eq!(faults.meet("A"), Some(Effect::Throttling));
        assert_eq!(faults.meet("A"), None);
        assert_eq!(faults.read(), []);
    }

    #[test]
    fn a_rate_of_zero_never_happens() {
        let faults = Faults::default();
        faults.set(vec![rule(r#"{"rate": 0.0, "effect": {"delay": 5}}"#)]);
        assert!((0..100).all(|_| faults.meet("A").is_none()));
    }
}
