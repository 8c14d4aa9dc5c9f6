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
    /// A buffer for so many bytes, which it has room for.
    pub(super) fn take(&self, length: usize) -> Buffer {
        let mut shared = locked(&self.0);
        let spare = shared.upgrade().unwrap_or_else(|| {
            let spare = Arc::default();
            *shared = Arc::downgrade(&spare);
            spare
        });
        Buffer::of(Some(spare), length)
    }
}

impl Buffer {
    /// Another one for the same review.
    pub(super) fn another(&self, length: usize) -> Self {
        Self::of(self.spare.clone(), length)
    }

    /// One that is used again may have twice the room: with more, small reviews would
    /// hold memory that the budget does not count.
    fn of(spare: Option<Arc<Spare>>, length: usize) -> Self {
        let used = spare.as_ref().and_then(|spare| {
            let mut spare = locked(spare);
            let fits = |buffer: &Vec<u8>| buffer.capacity() <= length.saturating_mul(2);
            let index = spare.iter().position(fits)?;
            Some(spare.swap_remove(index))
        });
        let mut bytes = used.unwrap_or_default();
        bytes.reserve_exact(length);
        Self { bytes, spare }
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

    const MB: usize = 1 << 20;

    #[test]
    fn a_buffer_is_used_again_until_the_last_review_is_gone() {
        let buffers = Buffers::default();
        let other = buffers.take(0);
        let mut one = buffers.take(MB);
        one.resize(MB, b'x');
        drop(one);
        let again = other.another(MB / 2);
        assert!(again.is_empty() && again.capacity() >= MB);
        assert_eq!(buffers.take(0).capacity(), 0);
        drop((again, other));
        assert_eq!(buffers.take(MB / 2).capacity(), MB / 2);
    }

    #[test]
    fn a_small_review_does_not_take_a_large_buffer() {
        let buffers = Buffers::default();
        let held = buffers.take(4 * MB);
        drop(held.another(4 * MB));
        assert!(held.another(MB).capacity() < 2 * MB);
        assert!(held.another(2 * MB).capacity() >= 4 * MB);
    }

    #[test]
    fn few_are_kept_and_none_that_is_huge() {
        let buffers = Buffers::default();
        let held = buffers.take(0);
        drop(held.another(LARGEST + 1));
        assert!(held.another(LARGEST).capacity() <= LARGEST);
        let many = || (0..=MOST).map(|_| held.another(MB)).collect::<Vec<_>>();
        drop(many());
        let spare = held.spare.as_ref().map_or(0, |spare| locked(spare).len());
        assert_eq!(spare, MOST);
    }

    #[test]
    fn a_small_review_leaves_nothing() {
        let small = Buffer::default();
        drop(small.another(8));
        assert!(small.spare.is_none());
    }
}
