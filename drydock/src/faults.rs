//! What goes wrong on request: rules that requests run into.
//!
//! Only says which rule a request meets; the wire does what the rule says.

mod effect;
mod rule;
mod shift;

pub use self::{
    effect::{Behind, Effect, Refusal},
    rule::{Asked, Rule, Rules, Wrong},
    shift::shifted,
};

use std::sync::{Mutex, MutexGuard, PoisonError};

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

    /// The rules that are left, with what is left of their counts.
    pub fn read(&self) -> Vec<Rule> {
        self.lock().clone()
    }

    /// What happens to a request, if anything does.
    pub fn meet(&self, asked: Asked<'_>) -> Option<Effect> {
        let mut rules = self.lock();
        let met = rules.iter_mut().find_map(|rule| {
            if rule.times == Some(0) || !rule.fits(asked) {
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
    use std::collections::BTreeMap;

    use super::*;

    fn meet(faults: &Faults, action: &str) -> Option<Effect> {
        faults.meet(Asked {
            action,
            region: "eu-west-1",
            parameters: &BTreeMap::new(),
        })
    }

    fn rule(json: &str) -> Rule {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn rules_count_their_requests() {
        let faults = Faults::default();
        faults.set(vec![rule(
            r#"{"action": "A", "after": 1, "times": 1, "effect": "throttling"}"#,
        )]);
        assert_eq!(meet(&faults, "B"), None);
        assert_eq!(meet(&faults, "A"), None);
        assert_eq!(meet(&faults, "A"), Some(Effect::Throttling));
        assert_eq!(meet(&faults, "A"), None);
        assert_eq!(faults.read(), []);
    }

    #[test]
    fn a_rate_is_a_share_of_the_requests() {
        let faults = Faults::default();
        let met = |rate: f64| {
            let effect = Effect::DelayAnswer(5);
            let rule = Rule {
                rate,
                effect,
                ..rule(r#"{"effect": "reset"}"#)
            };
            faults.set(vec![rule]);
            (0..10_000).filter(|_| meet(&faults, "A").is_some()).count()
        };
        assert_eq!(met(0.0), 0);
        assert_eq!(met(1.0), 10_000);
        // Ten standard deviations to each side.
        assert!((2_067..=2_933).contains(&met(0.25)));
    }
}
