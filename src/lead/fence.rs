//! The fence: what a mutation asks before it goes out.
//!
//! Nothing here may know the API server. It compares instants of this machine's
//! monotonic clock alone: wall clocks of two machines prove nothing.

use std::future::Future;
use std::pin::pin;

use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

/// This replica does not lead, or no longer: the mutation must not happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this replica does not lead any more")]
pub struct NotLeading;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    Until(Instant),
    Shut,
}

/// The right to mutate, for one term of leadership. Clones are cheap and shut
/// together; a fence that was shut never opens again.
#[derive(Debug, Clone)]
pub struct Fence(watch::Receiver<State>);

impl Fence {
    /// A fence that is always open: for tools that run alone, and for tests.
    pub fn open() -> Self {
        Self(watch::channel(State::Open).1)
    }

    /// Whether this replica still leads.
    pub fn check(&self) -> Result<(), NotLeading> {
        match *self.0.borrow() {
            State::Open => Ok(()),
            State::Until(deadline) if Instant::now() < deadline => Ok(()),
            State::Until(_) | State::Shut => Err(NotLeading),
        }
    }

    /// Runs `f` while this replica leads. Where it stops leading, `f` is dropped
    /// where it stands; what it had sent by then may still take effect.
    pub async fn bound<F: Future>(&self, f: F) -> Result<F::Output, NotLeading> {
        self.check()?;
        let mut f = pin!(f);
        let mut state = self.0.clone();
        loop {
            let now = *state.borrow_and_update();
            let deadline = async {
                match now {
                    State::Open => std::future::pending().await,
                    State::Until(deadline) => sleep_until(deadline).await,
                    State::Shut => {}
                }
            };
            tokio::select! {
                biased;
                // A renewal moves the deadline. An error says that the other
                // side is gone, having said its last word before.
                Ok(()) = state.changed() => {}
                () = deadline => return Err(NotLeading),
                output = &mut f => return Ok(output),
            }
        }
    }
}

/// The other side of a [`Fence`]: the term that keeps it open. Dropped, it shuts.
#[derive(Debug)]
pub(super) struct Gate(watch::Sender<State>);

impl Gate {
    /// A term that lasts until `deadline`, unless it is extended.
    pub(super) fn new(deadline: Instant) -> (Self, Fence) {
        let (gate, fence) = watch::channel(State::Until(deadline));
        (Self(gate), Fence(fence))
    }

    pub(super) fn extend(&self, deadline: Instant) {
        self.0.send_replace(State::Until(deadline));
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.0.send_replace(State::Shut);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tokio::time::{advance, sleep};

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn it_shuts_at_the_deadline_with_nobody_there_to_shut_it() {
        let (_gate, fence) = Gate::new(Instant::now() + 10 * SECOND);
        assert_eq!(fence.check(), Ok(()));
        advance(10 * SECOND).await;
        assert_eq!(fence.check(), Err(NotLeading));
    }

    #[tokio::test(start_paused = true)]
    async fn work_is_dropped_at_the_deadline() {
        let (_gate, fence) = Gate::new(Instant::now() + 10 * SECOND);
        let start = Instant::now();
        assert_eq!(fence.bound(sleep(60 * SECOND)).await, Err(NotLeading));
        assert_eq!(start.elapsed(), 10 * SECOND);
    }

    #[tokio::test(start_paused = true)]
    async fn a_renewal_lets_work_go_on() {
        let (gate, fence) = Gate::new(Instant::now() + 10 * SECOND);
        let renew = async {
            sleep(5 * SECOND).await;
            gate.extend(Instant::now() + 10 * SECOND);
        };
        let (work, ()) = tokio::join!(fence.bound(sleep(12 * SECOND)), renew);
        assert_eq!(work, Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn the_end_of_the_term_stops_work_at_once_and_for_good() {
        let (gate, fence) = Gate::new(Instant::now() + 10 * SECOND);
        let start = Instant::now();
        let end = async {
            sleep(SECOND).await;
            drop(gate);
        };
        let (work, ()) = tokio::join!(fence.bound(sleep(60 * SECOND)), end);
        assert_eq!(work, Err(NotLeading));
        assert_eq!(start.elapsed(), SECOND);
        assert_eq!(fence.bound(async {}).await, Err(NotLeading));
    }

    #[tokio::test(start_paused = true)]
    async fn an_open_fence_never_shuts() {
        let fence = Fence::open();
        assert_eq!(fence.bound(sleep(100_000 * SECOND)).await, Ok(()));
    }
}
