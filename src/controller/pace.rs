//! How often one object is looked at, however often it is written.
//!
//! Nothing here may drop a look: what comes too early waits, and by then shows
//! all that was written meanwhile.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The mean pause between two looks at an object that never rests: short beside
/// what RDS takes for any change, and long beside a look, so that somebody who
/// writes in a loop costs the API server next to nothing.
const PAUSE: Duration = Duration::from_millis(500);

/// How far ahead of that an object may be. A creation takes some looks at once,
/// and nobody who writes by hand comes near it.
const AHEAD: Duration = Duration::from_secs(10);

/// Fewer objects are never tidied up.
const FEW: usize = 64;

/// When each object that was looked at of late would have its next look, were
/// all of them a pause apart.
#[derive(Debug, Default)]
pub(super) struct Pace(Mutex<Due>);

#[derive(Debug, Default)]
struct Due {
    by_uid: HashMap<String, Instant>,
    tidy_at: usize,
}

impl Pace {
    /// Counts a look at an object; the error is how long it has to wait instead.
    pub(super) fn admit(&self, uid: &str, now: Instant) -> Result<(), Duration> {
        // It is whole after each assignment, so one left by a panic serves.
        let mut due = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let next = due.by_uid.get(uid).map_or(now, |next| (*next).max(now));
        let ahead = next.saturating_duration_since(now);
        if ahead > AHEAD {
            return Err(ahead.saturating_sub(AHEAD));
        }
        if due.by_uid.len() >= due.tidy_at {
            // Whose next look is due is as one that was never looked at.
            due.by_uid.retain(|_, next| *next > now);
            due.tidy_at = (due.by_uid.len() * 2).max(FEW);
        }
        due.by_uid.insert(uid.to_owned(), next + PAUSE);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_never_rests_is_looked_at_twice_a_second() {
        let (pace, start) = (Pace::default(), Instant::now());
        let tick = Duration::from_millis(10);
        let looks = |from: u32, to: u32| {
            let admitted = |step: &u32| pace.admit("busy", start + tick * *step).is_ok();
            (from..to).filter(admitted).count()
        };
        let burst = looks(0, 100);
        assert!((20..=24).contains(&burst), "{burst} at first");
        let later = looks(100, 1_100);
        assert!((19..=21).contains(&later), "{later} in ten seconds");
    }

    #[test]
    fn a_look_that_comes_too_early_is_admitted_when_it_said() {
        let (pace, start) = (Pace::default(), Instant::now());
        let wait = loop {
            if let Err(wait) = pace.admit("busy", start) {
                break wait;
            }
        };
        assert!(wait <= PAUSE, "{wait:?}");
        assert!(pace.admit("busy", start + wait).is_ok());
        assert!(pace.admit("another", start).is_ok(), "each by itself");
    }

    #[test]
    fn who_rests_is_forgotten() {
        let (pace, start) = (Pace::default(), Instant::now());
        for index in 0..10_000_u32 {
            let now = start + PAUSE * index;
            assert!(pace.admit(&index.to_string(), now).is_ok());
        }
        let known = pace.0.lock().expect("whole").by_uid.len();
        assert!(known <= FEW, "{known}");
    }
}
