//! What this process did to an instance, for as long as RDS may not show it.
//!
//! Nothing here may be needed for safety: a process that starts anew knows
//! none of it, and must do no harm.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};

use super::places::Places;
use crate::plan::{Action, BURST, Failed, Obstacle, Presence, SentPassword};
use crate::rds::{Decision, Instance, Password};

/// The first wait after a failure that time may mend.
const SOON: SignedDuration = SignedDuration::from_secs(2);
/// The first wait after a refusal that somebody has to mend.
const LATER: SignedDuration = SignedDuration::from_secs(60);
/// No wait is longer: a quota is raised, a right granted, without a word to us.
const LONGEST: SignedDuration = SignedDuration::from_mins(15);

/// As many failures are remembered as one plan has requests, where each setting
/// goes by itself, and some that were replaced by others; the oldest is
/// forgotten first.
const MOST_FAILURES: usize = 24;

/// As many changes are remembered as RDS is asked for while it may not show
/// them: a plan has few, and none is asked for twice.
const MOST_ISSUED: usize = 32;

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
    /// When RDS was last asked to change the instance, [`BURST`] times at most.
    pub(super) asked: Vec<Timestamp>,
    /// The password that was sent to RDS last.
    pub(super) sent_password: Option<SentPassword>,
    /// Whether the instance was being deleted when it was seen last.
    pub(super) going: bool,
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

    /// Notes, before RDS is asked, what it is asked for: whatever becomes of it,
    /// what was accepted before counts no more.
    pub(super) fn ask(&mut self, action: &Action, now: Timestamp) {
        if let Some(password) = password_in(action) {
            self.sent_password = Some(SentPassword {
                password: password.clone(),
                accepted: false,
            });
        }
        if matches!(action, Action::Modify(_) | Action::AddTags { .. }) {
            if self.asked.len() == BURST {
                self.asked.remove(0);
            }
            self.asked.push(now);
        }
    }

    /// Notes that RDS accepted what it was asked for.
    pub(super) fn accept(&mut self, action: &Action, now: Timestamp) {
        if let Some(sent) = &mut self.sent_password
            && password_in(action) == Some(&sent.password)
        {
            sent.accepted = true;
        }
        self.going |= matches!(action, Action::Delete(_));
        if matches!(action, Action::Modify(_) | Action::AddTags { .. }) {
            self.supersede(action);
            self.issued
                .retain(|(_, at)| now.duration_since(*at) < LONGEST);
            if self.issued.len() == MOST_ISSUED {
                self.issued.remove(0);
            }
            self.issued.push((action.clone(), now));
        }
    }

    /// Forgets what RDS accepted before and may show no more, since it was, or
    /// may have been, asked for something else instead.
    pub(super) fn supersede(&mut self, by: &Action) {
        self.issued.retain(|(issued, _)| !issued.overlaps(by));
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
            going: self.going,
        }
    }
}

fn password_in(action: &Action) -> Option<&Password> {
    match action {
        Action::Create(request) => Some(&request.master_password),
        Action::Modify(request) => request.master_password.as_ref(),
        _ => None,
    }
}

/// What is remembered, by object uid.
#[derive(Debug, Default)]
pub struct Memories {
    objects: Mutex<HashMap<String, Memory>>,
    /// Who may have a database where only so many may.
    pub(super) places: Places,
}

impl Memories {
    pub(super) fn with<T>(&self, uid: &str, act: impl FnOnce(&mut Memory) -> T) -> T {
        act(self.lock().entry(uid.to_owned()).or_default())
    }

    pub(super) fn forget(&self, uid: &str) {
        self.lock().remove(uid);
        self.places.leave(uid);
    }

    /// Forgets every object but these.
    pub(super) fn keep(&self, exists: impl Fn(&str) -> bool) {
        self.lock().retain(|uid, _| exists(uid));
        self.places.keep(exists);
    }

    // A memory is whole after each assignment, so one left by a panic serves.
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Memory>> {
        self.objects.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
