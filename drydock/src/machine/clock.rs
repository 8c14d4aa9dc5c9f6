//! The clock that drydock lives by: the machine's, plus an offset that can be
//! set, so that a week's delay or a maintenance window need not be waited for.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;

use crate::model::Offset;

/// Later than this it cannot be: a week or a month from then must have a date,
/// and the last year that has one is 9999.
const LATEST: Timestamp = Timestamp::constant(221_845_392_000, 0);

/// The machine's clock and its offsets. It only ever moves forward.
#[derive(Debug)]
pub struct Clock {
    offsets: Mutex<Vec<Offset>>,
    moved: watch::Sender<()>,
}

impl Clock {
    /// A clock with the offsets of an earlier run.
    pub fn new(offsets: Vec<Offset>) -> Self {
        Self {
            offsets: Mutex::new(offsets),
            moved: watch::Sender::new(()),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Offset>> {
        self.offsets.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The time by this clock.
    pub fn now(&self) -> Timestamp {
        let ahead = self.lock().last().map_or(0, |offset| offset.ahead);
        shifted(Timestamp::now(), ahead)
    }

    /// Moves the clock forward and returns all offsets so far, to be kept; nothing
    /// where that is too far, and then it stays.
    pub fn advance(&self, by: Duration) -> Option<Vec<Offset>> {
        let mut offsets = self.lock();
        let before = offsets.last().map_or(0, |offset| offset.ahead);
        let ahead = before.checked_add(i64::try_from(by.as_millis()).ok()?)?;
        let since = Timestamp::now();
        if shifted(since, ahead) > LATEST {
            return None;
        }
        offsets.push(Offset { since, ahead });
        self.moved.send_replace(());
        Some(offsets.clone())
    }

    /// What the machine's clock said when this one said `time`. A time that was
    /// skipped is the moment of the skip.
    pub fn to_machine(&self, time: Timestamp) -> Timestamp {
        let offsets = self.lock();
        let mut ahead = 0;
        for offset in offsets.iter() {
            if time <= shifted(offset.since, ahead) {
                break;
            }
            if time < shifted(offset.since, offset.ahead) {
                return offset.since;
            }
            ahead = offset.ahead;
        }
        shifted(time, ahead.saturating_neg())
    }

    /// Waits until this clock says `due`.
    pub async fn until(&self, due: Timestamp) {
        let mut moved = self.moved.subscribe();
        loop {
            let left = self.now().duration_until(due);
            let Ok(left) = Duration::try_from(left) else {
                return;
            };
            if left.is_zero() {
                return;
            }
            tokio::select! {
                () = tokio::time::sleep(left) => {}
                _moved = moved.changed() => {}
            }
        }
    }
}

/// Saturates at the ends of time, which nobody waits for.
fn shifted(time: Timestamp, milliseconds: i64) -> Timestamp {
    time.saturating_add(SignedDuration::from_millis(milliseconds))
        .unwrap_or(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn times_are_translated_by_the_offset_they_were_seen_with() {
        let clock = Clock::new(vec![
            Offset {
                since: at(1_000),
                ahead: 100_000,
            },
            Offset {
                since: at(2_000),
                ahead: 300_000,
            },
        ]);
        assert_eq!(clock.to_machine(at(900)), at(900));
        assert_eq!(clock.to_machine(at(1_050)), at(1_000), "skipped");
        assert_eq!(clock.to_machine(at(1_500)), at(1_400));
        assert_eq!(clock.to_machine(at(2_200)), at(2_000), "skipped");
        assert_eq!(clock.to_machine(at(2_500)), at(2_200));
    }

    #[tokio::test]
    async fn an_advance_ends_a_wait() {
        let clock = Clock::new(vec![]);
        let due = clock.now() + SignedDuration::from_hours(24 * 365);
        tokio::join!(clock.until(due), async {
            clock.advance(Duration::from_hours(24 * 366)).unwrap();
        });
        assert!(clock.now() >= due);
    }
}
