//! The log of calls, for tests and benches to read.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
};

use jiff::Timestamp;
use serde::Serialize;

/// So many calls are kept one by one; all are counted.
const KEPT: usize = 10_000;

/// A call that was answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Call {
    /// By drydock's clock.
    pub at: Timestamp,
    /// The Action; empty where the request had none.
    pub action: String,
    /// The region it was signed for.
    pub region: String,
    /// Its parameters. Passwords are not among them.
    pub parameters: BTreeMap<String, String>,
    /// The code it was refused with.
    pub refused: Option<String>,
}

/// All calls since the start, or since they were forgotten.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Log {
    /// How many calls of each Action.
    pub counts: BTreeMap<String, u64>,
    /// The last calls, oldest first.
    pub calls: VecDeque<Call>,
}

/// The log that is being written.
#[derive(Debug, Default)]
pub struct Calls(Mutex<Log>);

impl Calls {
    fn lock(&self) -> MutexGuard<'_, Log> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a call.
    pub fn add(&self, mut call: Call) {
        call.parameters
            .retain(|name, _| !name.ends_with("Password"));
        let mut log = self.lock();
        *log.counts.entry(call.action.clone()).or_default() += 1;
        if log.calls.len() == KEPT {
            log.calls.pop_front();
        }
        log.calls.push_back(call);
    }

    /// The log so far.
    pub fn read(&self) -> Log {
        self.lock().clone()
    }

    /// Begins anew.
    pub fn forget(&self) {
        *self.lock() = Log::default();
    }
}
