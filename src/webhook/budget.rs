//! The bound on memory: how many bytes of reviews may be in flight.
//!
//! A review waits for room as long as the API server waits for its answer: that
//! sends what it must, and one refusal fails a whole list. Nothing here may look
//! into a review.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Up to this size a review is small. Nearly all are: one object, or a write.
const SMALL: usize = 1 << 20;

/// Room is counted in these, since a semaphore's permits are 32 bits wide.
const UNIT: usize = 1024;

/// Room for reviews, in two lanes: a semaphore serves in order, so that one huge
/// list waiting for room, or a hostile one that never sends its body, would
/// hold up every single object behind it.
#[derive(Debug, Clone)]
pub(super) struct Budget {
    small: Arc<Semaphore>,
    large: Arc<Semaphore>,
    /// Bytes of the second lane.
    capacity: usize,
}

/// Room that was taken, given back when dropped.
pub(super) type Room = OwnedSemaphorePermit;

impl Budget {
    /// `small` bytes for small reviews, and `large` bytes for the others. A review
    /// that is larger than that has the lane for itself.
    pub(super) fn new(small: usize, large: usize) -> Self {
        let capacity = large.max(SMALL);
        Self {
            small: Arc::new(Semaphore::new(units(small.max(SMALL)))),
            large: Arc::new(Semaphore::new(units(capacity))),
            capacity,
        }
    }

    /// Waits for room for a body of that length. One whose length was not said has
    /// its lane for itself: growing while others grow too could end with all waiting.
    pub(super) async fn room(&self, length: Option<u64>) -> Room {
        let length = length
            .and_then(|length| usize::try_from(length).ok())
            .map_or(self.capacity, |length| length.min(self.capacity));
        let lane = if length <= SMALL {
            &self.small
        } else {
            &self.large
        };
        let count = u32::try_from(units(length)).unwrap_or(u32::MAX);
        match Arc::clone(lane).acquire_many_owned(count).await {
            Ok(room) => room,
            Err(_) => unreachable!("nobody closes these semaphores"),
        }
    }
}

fn units(bytes: usize) -> usize {
    bytes.div_ceil(UNIT).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;

    const MB: u64 = 1 << 20;

    #[tokio::test]
    async fn a_full_lane_makes_wait_and_does_not_hold_up_the_other() {
        let budget = Budget::new(0, 8 << 20);
        let large = budget.room(Some(8 * MB)).await;
        assert!(budget.room(Some(2 * MB)).now_or_never().is_none());
        assert!(budget.room(None).now_or_never().is_none());
        assert!(budget.room(Some(10)).now_or_never().is_some());
        drop(large);
        assert!(budget.room(Some(2 * MB)).now_or_never().is_some());
    }

    #[tokio::test]
    async fn a_review_larger_than_its_lane_is_alone_in_it() {
        let budget = Budget::new(0, 8 << 20);
        let small_enough = budget.room(Some(2 * MB)).await;
        assert!(budget.room(Some(64 * MB)).now_or_never().is_none());
        drop(small_enough);
        let alone = budget.room(Some(64 * MB)).await;
        assert!(budget.room(Some(2 * MB)).now_or_never().is_none());
        drop(alone);
        assert!(budget.room(Some(2 * MB)).now_or_never().is_some());
    }

    #[tokio::test]
    async fn no_length_can_ask_for_more_than_there_is() {
        let budget = Budget::new(0, 8 << 20);
        assert!(budget.room(Some(u64::MAX)).now_or_never().is_some());
        assert!(budget.room(None).now_or_never().is_some());
        assert!(budget.room(Some(0)).now_or_never().is_some());
    }
}
