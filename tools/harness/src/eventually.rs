//! The one bounded poll.
//!
//! Nothing else in the harness or in the tests may wait for a time to pass: a
//! wait is always for a condition, and says what it saw last when it gives up.

use std::{
    fmt::Display,
    future::Future,
    time::{Duration, Instant},
};

use crate::error::{Error, Result};

const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_millis(250);

/// What one look at a condition saw.
pub trait Look {
    /// What a satisfied condition yields.
    type Seen;

    /// The value, or why the condition does not hold yet.
    fn seen(self) -> Result<Self::Seen, String>;
}

impl<T> Look for Option<T> {
    type Seen = T;

    fn seen(self) -> Result<T, String> {
        self.ok_or_else(|| "nothing yet".to_owned())
    }
}

impl<T, E: Display> Look for Result<T, E> {
    type Seen = T;

    fn seen(self) -> Result<T, String> {
        self.map_err(|reason| reason.to_string())
    }
}

impl Look for bool {
    type Seen = ();

    fn seen(self) -> Result<(), String> {
        self.then_some(()).ok_or_else(|| "not so yet".to_owned())
    }
}

/// Looks until the condition holds, and returns what it yielded.
///
/// A look is `true`, `Some(value)` or `Ok(value)` when the condition holds; the
/// reason in an `Err` is shown if the time runs out. The last look comes after
/// the bound, so that a slow machine alone does not make a wait fail. A look
/// that never returns is cut off at the bound.
pub async fn eventually<L, F>(
    what: impl Display,
    within: Duration,
    mut look: impl FnMut() -> F,
) -> Result<L::Seen>
where
    L: Look,
    F: Future<Output = L>,
{
    let deadline = Instant::now() + within;
    let mut pause = FIRST_PAUSE;
    let mut last = "nothing yet".to_owned();
    loop {
        let late = Instant::now() >= deadline;
        let patience = deadline
            .saturating_duration_since(Instant::now())
            .max(LONGEST_PAUSE);
        match tokio::time::timeout(patience, look()).await {
            Ok(looked) => match looked.seen() {
                Ok(seen) => return Ok(seen),
                Err(reason) => last = reason,
            },
            Err(_) => last = format!("{last}; the last look did not return"),
        }
        if late {
            return Err(Error::TimedOut {
                what: what.to_string(),
                waited: within,
                last,
            });
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn yields_what_the_condition_did() {
        let mut looks = 0;
        let seen = eventually("the third look", Duration::from_mins(1), || {
            looks += 1;
            let look = looks;
            async move { (look == 3).then_some("seen") }
        });
        assert_eq!(seen.await.unwrap(), "seen");
        assert_eq!(looks, 3);
    }

    #[tokio::test]
    async fn tells_what_it_saw_last() {
        let horse = || async { Err::<(), _>("a horse") };
        let seen = eventually("a unicorn", Duration::ZERO, horse);
        let error = seen.await.unwrap_err().to_string();
        assert_eq!(error, "waited 0ns for a unicorn; last seen: a horse");
    }

    #[tokio::test]
    async fn a_look_that_hangs_is_cut_off() {
        let hanging = || std::future::pending::<bool>();
        let seen = eventually("nothing", Duration::ZERO, hanging).await;
        let error = seen.unwrap_err().to_string();
        assert!(error.contains("did not return"), "{error}");
    }
}
