//! The buffers of large reviews, which the next ones use again: taking megabytes
//! from the system for each, page by page, costs as much as to encrypt them.
//!
//! Nothing here may outlive the reviews: with the last one in flight all buffers
//! go back to the system.

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

/// What is larger is not kept. Nearly all large reviews are pages of a list, of a
/// few megabytes.
const LARGEST: usize = 16 << 20;

/// How many are kept: one to read into and one to write to, for two reviews.
const MOST: usize = 4;

/// Where each large review finds what others have left.
#[derive(Debug, Clone, Default)]
pub(super) struct Buffers(Arc<Mutex<Weak<Spare>>>);

/// The buffers that nobody uses.
type Spare = Mutex<Vec<Vec<u8>>>;

/// A buffer of a review, which begins empty.
#[derive(Debug, Default)]
pub(super) struct Buffer {
    bytes: Vec<u8>,
    /// Where it goes, if it is worth it.
    spare: Option<Arc<Spare>>,
}

impl Buffers {
    pub(super) fn take(&self) -> Buffer {
        let mut shared = locked(&self.0);
        let spare = shared.upgrade().unwrap_or_else(|| {
            let spare = Arc::default();
            *shared = Arc::downgrade(&spare);
            spare
        });
        Buffer::of(Some(spare))
    }
}

impl Buffer {
    /// Another one for the same review.
    pub(super) fn another(&self) -> Self {
        Self::of(self.spare.clone())
    }

    fn of(spare: Option<Arc<Spare>>) -> Self {
        let used = spare.as_ref().and_then(|spare| locked(spare).pop());
        Self {
            bytes: used.unwrap_or_default(),
            spare,
        }
    }
}

impl Deref for Buffer {
    type Target = Vec<u8>;

    fn deref(&self) -> &Vec<u8> {
        &self.bytes
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let Some(spare) = &self.spare else { return };
        let mut spare = locked(spare);
        if self.bytes.capacity() <= LARGEST && spare.len() < MOST {
            self.bytes.clear();
            spare.push(std::mem::take(&mut self.bytes));
        }
    }
}

/// Whoever held it has left nothing half done.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_is_used_again_until_the_last_review_is_gone() {
        let buffers = Buffers::default();
        let other = buffers.take();
        let mut one = buffers.take();
        one.resize(1 << 20, b'x');
        drop(one);
        let again = other.another();
        assert!(again.is_empty() && again.capacity() >= 1 << 20);
        assert_eq!(buffers.take().capacity(), 0);
        drop((again, other));
        assert_eq!(buffers.take().capacity(), 0);
    }

    #[test]
    fn few_are_kept_and_none_that_is_huge() {
        let buffers = Buffers::default();
        let held = buffers.take();
        held.another().reserve_exact(LARGEST + 1);
        assert_eq!(held.another().capacity(), 0);
        let mut all: Vec<_> = (0..=MOST).map(|_| held.another()).collect();
        for buffer in &mut all {
            buffer.reserve_exact(8);
        }
        drop(all);
        let again: Vec<_> = (0..=MOST).map(|_| held.another()).collect();
        let kept = again.iter().filter(|buffer| buffer.capacity() > 0).count();
        assert_eq!(kept, MOST);
    }

    #[test]
    fn a_small_review_leaves_nothing() {
        let mut small = Buffer::default();
        small.reserve_exact(8);
        assert_eq!(small.another().capacity(), 0);
        drop(small);
        assert_eq!(Buffers::default().take().capacity(), 0);
    }
}
