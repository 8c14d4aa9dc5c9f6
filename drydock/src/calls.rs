//! The log of calls, for tests and benches to read.
//!
//! Bounded: what clients send decides neither how much of it is kept nor how
//! many different things are counted.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// So many calls are kept one by one; all are counted.
const MOST_CALLS: usize = 10_000;
/// So many characters of parameters are kept with them.
const MOST_TEXT: usize = 16 << 20;
/// So much of a name or a value; RDS's own are at most 256.
const LONGEST: usize = 512;
/// So many parameters of a call: a request with 50 tags has 120.
const MOST_PARAMETERS: usize = 250;
/// So many different Actions and places are counted apart.
const MOST_COUNTS: usize = 1_000;
/// What is beyond that is counted as this.
const OTHERS: &str = "…";

/// A call that was answered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Call {
    /// Calls are numbered from 1 on, also across [`Calls::forget`].
    pub number: u64,
    /// By drydock's clock.
    pub at: Timestamp,
    /// The Action; empty where the request had none.
    pub action: String,
    /// The account behind its credentials.
    pub account: String,
    /// The region it was signed for.
    pub region: String,
    /// Its parameters. Passwords are not among them.
    pub parameters: BTreeMap<String, String>,
    /// The code it was refused with.
    pub refused: Option<String>,
    /// What happened to it by a rule.
    pub effect: Option<&'static str>,
}

/// Which calls are asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Query {
    /// Of this Action.
    pub action: Option<String>,
    /// From this account.
    pub account: Option<String>,
    /// For this region.
    pub region: Option<String>,
    /// From this number on. It says nothing about the counts.
    pub since: Option<u64>,
}

/// Calls since the start, or since they were forgotten.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Log {
    /// How many calls of each Action.
    pub counts: BTreeMap<String, u64>,
    /// The same for each `ACCOUNT/REGION`.
    pub places: BTreeMap<String, BTreeMap<String, u64>>,
    /// The last calls, oldest first.
    pub calls: Vec<Call>,
    /// The number that the next call will have.
    pub next: u64,
}

/// Who called what: an Action, an account, a region.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Kind {
    action: String,
    account: String,
    region: String,
}

#[derive(Debug, Default)]
struct Kept {
    counts: BTreeMap<Kind, u64>,
    calls: VecDeque<Call>,
    text: usize,
    last: u64,
}

/// The log that is being written.
#[derive(Debug, Default)]
pub struct Calls(Mutex<Kept>);

impl Query {
    fn fits(&self, action: &str, account: &str, region: &str) -> bool {
        let fits = |wanted: &Option<String>, is| wanted.as_ref().is_none_or(|wanted| wanted == is);
        fits(&self.action, action) && fits(&self.account, account) && fits(&self.region, region)
    }
}

impl Call {
    fn bounded(mut self) -> Self {
        cut(&mut self.action);
        cut(&mut self.region);
        let parameters = std::mem::take(&mut self.parameters).into_iter();
        self.parameters = parameters
            .filter(|(name, _)| !name.to_ascii_lowercase().contains("password"))
            .take(MOST_PARAMETERS)
            .map(|(mut name, mut value)| {
                cut(&mut name);
                cut(&mut value);
                (name, value)
            })
            .collect();
        self
    }

    fn text(&self) -> usize {
        let parameters = self.parameters.iter();
        parameters
            .map(|(name, value)| name.len() + value.len())
            .sum()
    }
}

fn cut(text: &mut String) {
    if let Some((end, _)) = text.char_indices().nth(LONGEST) {
        text.truncate(end);
        text.push('…');
    }
}

impl Calls {
    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a call, and numbers it.
    pub fn add(&self, call: Call) {
        let mut call = call.bounded();
        let mut kept = self.lock();
        let kind = Kind {
            action: call.action.clone(),
            account: call.account.clone(),
            region: call.region.clone(),
        };
        let kind = if kept.counts.len() < MOST_COUNTS || kept.counts.contains_key(&kind) {
            kind
        } else {
            let [action, account, region] = [OTHERS; 3].map(str::to_owned);
            Kind {
                action,
                account,
                region,
            }
        };
        *kept.counts.entry(kind).or_default() += 1;
        kept.last += 1;
        call.number = kept.last;
        kept.text += call.text();
        kept.calls.push_back(call);
        while kept.calls.len() > MOST_CALLS || kept.text > MOST_TEXT {
            let Some(oldest) = kept.calls.pop_front() else {
                break;
            };
            kept.text -= oldest.text();
        }
    }

    /// The log so far.
    pub fn read(&self) -> Log {
        self.ask(&Query::default())
    }

    /// What of the log is asked for.
    pub fn ask(&self, query: &Query) -> Log {
        let kept = self.lock();
        let mut log = Log {
            next: kept.last + 1,
            ..Log::default()
        };
        for (kind, count) in &kept.counts {
            let Kind {
                action,
                account,
                region,
            } = kind;
            if query.fits(action, account, region) {
                *log.counts.entry(action.clone()).or_default() += count;
                let place = log.places.entry(format!("{account}/{region}")).or_default();
                place.insert(action.clone(), *count);
            }
        }
        let calls = kept.calls.iter();
        log.calls = calls
            .filter(|call| query.fits(&call.action, &call.account, &call.region))
            .filter(|call| query.since.is_none_or(|since| call.number >= since))
            .cloned()
            .collect();
        log
    }

    /// Begins anew; only the numbers go on.
    pub fn forget(&self) {
        let mut kept = self.lock();
        *kept = Kept {
            last: kept.last,
            ..Kept::default()
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(action: &str, region: &str) -> Call {
        Call {
            action: action.to_owned(),
            account: "1".to_owned(),
            region: region.to_owned(),
            ..Call::default()
        }
    }

    fn query(action: Option<&str>, since: Option<u64>) -> Query {
        Query {
            action: action.map(str::to_owned),
            since,
            ..Query::default()
        }
    }

    #[test]
    fn what_is_asked_for_is_counted() {
        let calls = Calls::default();
        for (action, region) in [("A", "x"), ("A", "y"), ("B", "x"), ("A", "x")] {
            calls.add(call(action, region));
        }
        let log = calls.ask(&query(Some("A"), Some(2)));
        assert_eq!(log.counts, BTreeMap::from([("A".to_owned(), 3)]));
        assert_eq!(log.places["1/x"]["A"], 2);
        assert_eq!(log.places["1/y"]["A"], 1);
        let numbers: Vec<_> = log.calls.iter().map(|call| call.number).collect();
        assert_eq!(numbers, [2, 4]);
        assert_eq!(log.next, 5);
        calls.forget();
        assert_eq!(
            calls.read(),
            Log {
                next: 5,
                ..Log::default()
            }
        );
    }

    #[test]
    fn it_does_not_grow_for_ever() {
        let calls = Calls::default();
        for number in 0..2_000 {
            let mut call = call(&format!("{number}"), &"r".repeat(9_999));
            let wide = (0..300).map(|it| (format!("P{it:03}"), "é".repeat(100_000 / 300)));
            // Only the last are long: they alone are more than is kept.
            if number >= 1_850 {
                call.parameters = wide.collect();
            }
            call.parameters
                .insert("MasterUserPassword".into(), "secret".into());
            call.parameters.insert("A".into(), "é".repeat(9_999));
            calls.add(call);
        }
        let kept = calls.lock();
        assert!(kept.text <= MOST_TEXT);
        assert!(kept.calls.len() > 10);
        assert_eq!(kept.counts.len(), MOST_COUNTS + 1);
        let last = kept.calls.back().unwrap();
        assert_eq!(last.parameters.len(), MOST_PARAMETERS);
        assert_eq!(last.parameters["A"].chars().count(), LONGEST + 1);
        assert_eq!(last.region.chars().count(), LONGEST + 1);
        assert!(!format!("{kept:?}").contains("secret"));
    }
}
