//! Which requests a rule is for, and how a rule is written: as JSON, or short,
//! as on the command line.

use std::{collections::BTreeMap, str::FromStr};

use serde::{Deserialize, Serialize};

use super::Effect;
use crate::actions;

/// Nobody waits longer for an answer, in milliseconds.
const LONGEST_DELAY: u64 = 24 * 3_600_000;
/// Every request goes through all of them.
const MOST_RULES: usize = 1_000;

/// A rule. The first that fits a request counts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// The Action it is for; every one without.
    #[serde(default)]
    pub action: Option<String>,
    /// The instance it is for, by identifier or ARN in the request.
    #[serde(default)]
    pub instance: Option<String>,
    /// The region it is for.
    #[serde(default)]
    pub region: Option<String>,
    /// Whether it is only for requests with a Marker: the pages after the first.
    #[serde(default)]
    pub marker: bool,
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

/// What of a request decides whether a rule is for it.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The Action.
    pub action: &'a str,
    /// The region it was signed for.
    pub region: &'a str,
    /// All parameters.
    pub parameters: &'a BTreeMap<String, String>,
}

/// Rules that can be followed.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(try_from = "Vec<Rule>")]
pub struct Rules(Vec<Rule>);

/// Why a rule cannot be followed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Wrong {
    /// It would never be met.
    #[error("{0:?} is not an Action of drydock's")]
    Action(String),
    /// Neither.
    #[error("a rate is a number from 0 to 1, not {0}")]
    Rate(f64),
    /// It would never be met.
    #[error("a rule for 0 times is none")]
    NoTimes,
    /// HTTP has no such error.
    #[error("an error's HTTP status is 400 to 599, not {0}")]
    Status(u16),
    /// Clients branch on it.
    #[error("an error has a code of letters, digits, dots and hyphens, not {0:?}")]
    Code(String),
    /// Nobody waits so long.
    #[error("a delay is at most {LONGEST_DELAY} milliseconds, not {0}")]
    Delay(u64),
    /// Only pages of one list can shift.
    #[error("shift is for the action DescribeDBInstances alone")]
    Shift,
    /// More than a request should go through.
    #[error("{0} rules are too many: the most are {MOST_RULES}")]
    TooMany(usize),
    /// It is not written as rules are.
    #[error(
        "{rule:?} is neither ACTION=EFFECT[:VALUE][@RATE], as in \
         CreateDBInstance=throttling@0.5 or *=delay-answer:250, nor a rule in JSON: {why}"
    )]
    Unreadable {
        /// What was given.
        rule: String,
        /// Why it cannot be read.
        why: String,
    },
}

fn always() -> f64 {
    1.0
}

impl Rule {
    /// Whether it is for a request, leaving its counts and its rate aside.
    pub(super) fn fits(&self, asked: Asked<'_>) -> bool {
        fn unless(wanted: Option<&String>, is: impl FnOnce(&str) -> bool) -> bool {
            wanted.is_none_or(|wanted| is(wanted))
        }
        unless(self.action.as_ref(), |action| action == asked.action)
            && unless(self.region.as_ref(), |region| region == asked.region)
            && unless(self.instance.as_ref(), |instance| asked.names(instance))
            && (!self.marker || asked.parameters.contains_key("Marker"))
    }

    fn check(&self) -> Result<(), Wrong> {
        if let Some(action) = &self.action
            && !actions::exists(action)
        {
            return Err(Wrong::Action(action.clone()));
        }
        if !(0.0..=1.0).contains(&self.rate) {
            return Err(Wrong::Rate(self.rate));
        }
        if self.times == Some(0) {
            return Err(Wrong::NoTimes);
        }
        match &self.effect {
            Effect::Error(error) if !(400..600).contains(&error.status) => {
                Err(Wrong::Status(error.status))
            }
            Effect::Error(error) if !is_code(&error.code) => Err(Wrong::Code(error.code.clone())),
            Effect::DelayAction(delay) | Effect::DelayAnswer(delay) if *delay > LONGEST_DELAY => {
                Err(Wrong::Delay(*delay))
            }
            Effect::Shift(_) if self.action.as_deref() != Some("DescribeDBInstances") => {
                Err(Wrong::Shift)
            }
            _ => Ok(()),
        }
    }
}

fn is_code(code: &str) -> bool {
    let plain = |each: char| each.is_ascii_alphanumeric() || ".-".contains(each);
    (1..=128).contains(&code.len()) && code.chars().all(plain)
}

impl Asked<'_> {
    fn names(&self, instance: &str) -> bool {
        const NAMES: [&str; 3] = [
            "DBInstanceIdentifier",
            "SourceDBInstanceIdentifier",
            "TargetDBInstanceIdentifier",
        ];
        let same = |name: &String| name.eq_ignore_ascii_case(instance);
        NAMES
            .iter()
            .filter_map(|name| self.parameters.get(*name))
            .any(same)
            || self.parameters.get("ResourceName").is_some_and(|arn| {
                arn.rsplit_once(":db:")
                    .is_some_and(|(_, name)| name.eq_ignore_ascii_case(instance))
            })
    }
}

impl TryFrom<Vec<Rule>> for Rules {
    type Error = Wrong;

    fn try_from(rules: Vec<Rule>) -> Result<Self, Wrong> {
        if rules.len() > MOST_RULES {
            return Err(Wrong::TooMany(rules.len()));
        }
        rules.iter().try_for_each(Rule::check)?;
        Ok(Self(rules))
    }
}

impl From<Rules> for Vec<Rule> {
    fn from(Rules(rules): Rules) -> Self {
        rules
    }
}

impl FromStr for Rule {
    type Err = Wrong;

    fn from_str(text: &str) -> Result<Self, Wrong> {
        let rule = if text.trim_start().starts_with('{') {
            serde_json::from_str(text).map_err(|error| error.to_string())
        } else {
            short(text)
        };
        let rule: Self = rule.map_err(|why| Wrong::Unreadable {
            rule: text.to_owned(),
            why,
        })?;
        rule.check()?;
        Ok(rule)
    }
}

/// `ACTION=EFFECT[:VALUE][@RATE]`, with `*` for every Action.
fn short(text: &str) -> Result<Rule, String> {
    let (action, rest) = text.split_once('=').ok_or("there is no =")?;
    let (effect, rate) = match rest.split_once('@') {
        None => (rest, always()),
        Some((effect, rate)) => {
            let rate = rate.parse().map_err(|_| format!("{rate:?} is no number"))?;
            (effect, rate)
        }
    };
    let effect = match effect.split_once(':') {
        None => serde_json::Value::from(effect),
        Some((name, value)) => {
            let value: i64 = value
                .parse()
                .map_err(|_| format!("{value:?} is no number"))?;
            serde_json::json!({ name: value })
        }
    };
    Ok(Rule {
        action: Some(action.to_owned()).filter(|action| action != "*"),
        instance: None,
        region: None,
        marker: false,
        rate,
        after: 0,
        times: None,
        effect: serde_json::from_value(effect).map_err(|error| error.to_string())?,
    })
}

#[cfg(test)]
mod tests;
