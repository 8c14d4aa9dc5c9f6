//! How many writes may be under way, so that a migration is quick where the API
//! server has room, and other clients hardly notice it where it has none.
//!
//! It grows by one while answers come about as fast as the fastest did, shrinks as
//! they get slower, since those of others do too, and halves when the API server
//! says that it has too much to do.
//!
//! Nothing here may wait, or read a clock.

use std::time::Duration;

/// Where it begins.
const FIRST: usize = 4;

/// How many answers make one judgement, at least.
const WINDOW: usize = 16;

/// How much slower than the fastest answers may be: a queue of its own length
/// before each request, and as much again.
const SLOWER: u32 = 3;

/// Differences below this are a machine's, not a load's.
const GRAIN: Duration = Duration::from_millis(10);

/// A bound that follows what the API server can take.
#[derive(Debug)]
pub(super) struct Pace {
    most: usize,
    bound: usize,
    fastest: Option<Duration>,
    answers: u32,
    time: Duration,
}

impl Pace {
    /// Never more than `most`.
    pub(super) fn new(most: usize) -> Self {
        let most = most.max(1);
        Self {
            most,
            bound: FIRST.min(most),
            fastest: None,
            answers: 0,
            time: Duration::ZERO,
        }
    }

    /// How many writes may be under way now.
    pub(super) fn bound(&self) -> usize {
        self.bound
    }

    /// A write was answered.
    pub(super) fn answered(&mut self, took: Duration) {
        self.answers += 1;
        self.time += took;
        if (self.answers as usize) < self.bound.max(WINDOW) {
            return;
        }
        let mean = self.time / self.answers;
        self.begin();
        let fastest = self.fastest.map_or(mean, |fastest| fastest.min(mean));
        self.fastest = Some(fastest);
        self.bound = if mean > (fastest * SLOWER).max(fastest + GRAIN) {
            (self.bound * 4 / 5).max(1)
        } else {
            (self.bound + 1).min(self.most)
        };
    }

    /// The API server has too much to do, or did not answer.
    pub(super) fn pushed_back(&mut self) {
        self.begin();
        self.bound = (self.bound / 2).max(1);
    }

    fn begin(&mut self) {
        self.answers = 0;
        self.time = Duration::ZERO;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An API server that works on so many requests at once, each this long; the
    /// others wait.
    fn settled(most: usize, workers: u32, each: Duration) -> usize {
        let mut pace = Pace::new(most);
        for _ in 0..20_000 {
            let under_way = u32::try_from(pace.bound()).unwrap();
            pace.answered(each * under_way.div_ceil(workers));
        }
        pace.bound()
    }

    #[test]
    fn it_takes_the_room_that_there_is_and_no_more() {
        let each = Duration::from_millis(20);
        assert_eq!(settled(32, 1000, each), 32);
        assert_eq!(settled(1, 1000, each), 1);
        let few = settled(1000, 2, each);
        assert!((4..=16).contains(&few), "{few}");
        let many = settled(1000, 20, each);
        assert!((40..=100).contains(&many), "{many}");
    }

    #[test]
    fn it_backs_off_at_once_and_comes_back_slowly() {
        let mut pace = Pace::new(32);
        for _ in 0..2_000 {
            pace.answered(Duration::from_millis(5));
        }
        assert_eq!(pace.bound(), 32);
        pace.pushed_back();
        assert_eq!(pace.bound(), 16);
        for _ in 0..9 {
            pace.pushed_back();
        }
        assert_eq!(pace.bound(), 1, "never none");
        pace.answered(Duration::from_millis(5));
        assert_eq!(pace.bound(), 1, "one answer is no proof");
        for _ in 0..WINDOW {
            pace.answered(Duration::from_millis(5));
        }
        assert_eq!(pace.bound(), 2);
    }

    #[test]
    fn slower_answers_of_others_load_shrink_it() {
        let mut pace = Pace::new(32);
        for _ in 0..2_000 {
            pace.answered(Duration::from_millis(10));
        }
        for _ in 0..2_000 {
            pace.answered(Duration::from_millis(200));
        }
        assert_eq!(pace.bound(), 1);
    }
}
