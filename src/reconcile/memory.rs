//! What this process did to an instance, for as long as RDS may not show it.
//!
//! Nothing here may be needed for safety: a process that starts anew knows
//! none of it, and must do no harm.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};

use crate::plan::{Action, Failed, Obstacle, Presence};
use crate::rds::{Decision, Instance, Password};

/// The first wait after a failure that time may mend.
const SOON: SignedDuration = SignedDuration::from_secs(2);
/// The first wait after a refusal that somebody has to mend.
const LATER: SignedDuration = SignedDuration::from_secs(60);
/// No wait is longer: a quota is raised, a right granted, without a word to us.
const LONGEST: SignedDuration = SignedDuration::from_mins(15);

/// As many failures are remembered as one plan has requests, and some that were
/// replaced by others; the oldest is forgotten first.
const MOST_FAILURES: usize = 8;

/// What is remembered of one object's instance.
#[derive(Clone, Debug, Default)]
pub(super) struct Memory {
    /// When this process last changed the instance, in ticks of the sweeps.
    pub(super) changed: Option<u64>,
    /// What RDS answered then.
    pub(super) answer: Option<Instance>,
    /// The last sweep that did not list the instance.
    absent_in: Option<u64>,
    /// How many sweeps in a row did not.
    absences: u32,
    /// When the first of them was looked at.
    absent_since: Option<Timestamp>,
    /// Whether the absences were counted for an object that is being deleted.
    pub(super) deleting: bool,
    /// What RDS accepted, and when.
    pub(super) issued: Vec<(Action, Timestamp)>,
    /// The last password that RDS accepted.
    pub(super) accepted_password: Option<Password>,
    /// What failed, the last of it at the end.
    failures: Vec<Failure>,
    /// How many passes in a row the API server cut short.
    interruptions: u32,
}

/// An action that failed.
#[derive(Clone, Debug)]
struct Failure {
    failed: Failed,
    /// How often it had failed in a row before.
    attempts: u32,
}

impl Memory {
    /// What failed, and when to try each again.
    pub(super) fn failed(&self) -> Vec<Failed> {
        let failed = self.failures.iter().map(|failure| failure.failed.clone());
        failed.collect()
    }

    /// Notes that a pass was cut short; returns how many were before it.
    pub(super) fn interrupted(&mut self) -> u32 {
        let before = self.interruptions;
        self.interruptions = before.saturating_add(1);
        before
    }

    /// Notes that a pass went through.
    pub(super) fn completed(&mut self) {
        self.interruptions = 0;
    }

    /// Notes that an action failed, and when to try it again.
    pub(super) fn fail(
        &mut self,
        action: Action,
        obstacle: Obstacle,
        decision: Decision,
        now: Timestamp,
    ) {
        let before = self.take_failure(&action);
        let attempts = before.map_or(0, |failure| failure.attempts.saturating_add(1));
        let first = match decision {
            Decision::Backoff | Decision::Stop => SOON,
            Decision::Slowly => LATER,
            Decision::Wait => LONGEST,
        };
        let wait = first.saturating_mul(1 << attempts.min(10)).min(LONGEST);
        let retry_at = now.saturating_add(wait).unwrap_or(Timestamp::MAX);
        if self.failures.len() == MOST_FAILURES {
            self.failures.remove(0);
        }
        let failed = Failed {
            action,
            obstacle,
            retry_at,
        };
        self.failures.push(Failure { failed, attempts });
    }

    /// Notes that an action succeeded.
    pub(super) fn succeed(&mut self, action: &Action) {
        self.take_failure(action);
    }

    fn take_failure(&mut self, action: &Action) -> Option<Failure> {
        let mut failures = self.failures.iter();
        let index = failures.position(|failure| action.repeats(&failure.failed.action))?;
        Some(self.failures.remove(index))
    }

    /// Notes that the instance was changed, or may have been.
    pub(super) fn change(&mut self, tick: u64, answer: Option<Instance>) {
        self.changed = Some(tick);
        self.answer = answer;
        self.seen();
    }

    /// Notes that RDS accepted a change of what exists, until it shows. What was
    /// accepted before and is changed again by this one may be asked for anew.
    pub(super) fn issue(&mut self, action: Action, now: Timestamp) {
        self.issued.retain(|(earlier, at)| {
            now.duration_since(*at) < LONGEST && !action.supersedes(earlier)
        });
        self.issued.push((action, now));
    }

    /// Notes that the instance is there, or that absences count from now on.
    pub(super) fn seen(&mut self) {
        self.absent_in = None;
        self.absences = 0;
        self.absent_since = None;
    }

    /// Notes that a sweep did not list the instance.
    pub(super) fn missed(&mut self, tick: u64, now: Timestamp) -> Presence {
        if self.absent_in != Some(tick) {
            self.absent_in = Some(tick);
            self.absences += 1;
        }
        let since = *self.absent_since.get_or_insert(now);
        Presence::Absent {
            sweeps: self.absences,
            since: now.duration_since(since),
        }
    }
}

/// What is remembered, by object uid.
#[derive(Debug, Default)]
pub struct Memories(Mutex<HashMap<String, Memory>>);

impl Memories {
    pub(super) fn with<T>(&self, uid: &str, act: impl FnOnce(&mut Memory) -> T) -> T {
        act(self.lock().entry(uid.to_owned()).or_default())
    }

    pub(super) fn forget(&self, uid: &str) {
        self.lock().remove(uid);
    }

    /// Forgets every object but these.
    pub(super) fn keep(&self, exists: impl Fn(&str) -> bool) {
        self.lock().retain(|uid, _| exists(uid));
    }

    // A memory is whole after each assignment, so one left by a panic serves.
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Memory>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::rds::ModifyInstance;

    fn size(class: &str) -> Action {
        Action::Modify(Box::new(ModifyInstance {
            class: Some(class.to_owned()),
            ..ModifyInstance::default()
        }))
    }

    fn storage(gibibytes: i32) -> Action {
        Action::Modify(Box::new(ModifyInstance {
            storage: Some(gibibytes),
            ..ModifyInstance::default()
        }))
    }

    fn tag(key: &str, value: &str) -> Action {
        Action::AddTags {
            arn: "arn".to_owned(),
            tags: BTreeMap::from([(key.to_owned(), value.to_owned())]),
        }
    }

    #[test]
    fn what_was_changed_again_does_not_count_as_accepted() {
        let mut memory = Memory::default();
        let now = Timestamp::UNIX_EPOCH;
        for action in [
            size("small"),
            storage(40),
            tag("team", "a"),
            tag("cost", "1"),
            size("large"),
            tag("team", "b"),
        ] {
            memory.issue(action, now);
        }
        let stands: Vec<_> = memory
            .issued
            .into_iter()
            .map(|(action, _)| action)
            .collect();
        let want = [
            storage(40),
            tag("cost", "1"),
            size("large"),
            tag("team", "b"),
        ];
        assert_eq!(stands, want);
    }
}
