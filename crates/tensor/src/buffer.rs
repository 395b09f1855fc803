//! Buffers that go back to a free list when dropped.
//!
//! A training step asks for the same few lengths over and over. Fresh memory
//! costs a page fault for every 4 KiB; a buffer from the free list costs none.
//! Only what came from here goes back: memory that was handed in as a `Vec` is
//! freed, or the list would grow with every such tensor.

use std::collections::HashMap;
use std::ops::{Deref, DerefMut};
use std::sync::{LazyLock, Mutex, PoisonError};

use crate::Scalar;

/// Free buffers by length.
#[derive(Debug)]
pub struct Pool<T> {
    free: LazyLock<Mutex<HashMap<usize, Vec<Vec<T>>>>>,
}

impl<T> Pool<T> {
    pub(crate) const fn new() -> Self {
        Pool { free: LazyLock::new(|| Mutex::new(HashMap::new())) }
    }

    fn with<R>(&self, f: impl FnOnce(&mut HashMap<usize, Vec<Vec<T>>>) -> R) -> R {
        // A panic elsewhere cannot leave the map half-changed, so a poisoned
        // lock is still good.
        f(&mut self.free.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// An owned run of elements.
pub(crate) struct Buffer<T: Scalar> {
    values: Vec<T>,
    /// Goes to the free list when dropped.
    returns: bool,
}

impl<T: Scalar> Buffer<T> {
    /// `len` zeros.
    pub(crate) fn zeros(len: usize) -> Self {
        let values = match Self::recycled(len) {
            Some(mut values) => {
                values.fill(T::ZERO);
                values
            }
            None => vec![T::ZERO; len],
        };
        Buffer { values, returns: true }
    }

    /// `len` elements that the caller overwrites. They hold arbitrary numbers,
    /// and NaN in builds with debug assertions, so that a gap shows.
    pub(crate) fn for_overwrite(len: usize) -> Self {
        let mut values = Self::recycled(len).unwrap_or_else(|| vec![T::ZERO; len]);
        if cfg!(debug_assertions) {
            values.fill(T::NAN);
        }
        Buffer { values, returns: true }
    }

    pub(crate) fn from_vec(values: Vec<T>) -> Self {
        Buffer { values, returns: false }
    }

    pub(crate) fn into_vec(mut self) -> Vec<T> {
        std::mem::take(&mut self.values)
    }

    fn recycled(len: usize) -> Option<Vec<T>> {
        T::pool().with(|free| free.get_mut(&len).and_then(Vec::pop))
    }
}

impl<T: Scalar> Drop for Buffer<T> {
    fn drop(&mut self) {
        let values = std::mem::take(&mut self.values);
        if self.returns && !values.is_empty() {
            T::pool().with(|free| free.entry(values.len()).or_default().push(values));
        }
    }
}

impl<T: Scalar> Clone for Buffer<T> {
    fn clone(&self) -> Self {
        let mut copy = Self::for_overwrite(self.len());
        copy.copy_from_slice(self);
        copy
    }
}

impl<T: Scalar> Deref for Buffer<T> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        &self.values
    }
}

impl<T: Scalar> DerefMut for Buffer<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.values
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zeros_are_zero_even_after_a_dirty_buffer_of_the_same_length_was_dropped() {
        // A length no other test uses, so that the buffer is the recycled one.
        const LEN: usize = 7919;
        let mut dirty = Buffer::<f64>::zeros(LEN);
        dirty.fill(3.0);
        let address = dirty.as_ptr();
        drop(dirty);
        let clean = Buffer::<f64>::zeros(LEN);
        assert_eq!(clean.as_ptr(), address, "the buffer is used again");
        assert!(clean.iter().all(|&v| v == 0.0));
    }

    #[test]
    fn memory_handed_in_is_freed_not_kept() {
        const LEN: usize = 7907;
        drop(Buffer::<f64>::from_vec(vec![1.0; LEN]));
        assert!(f64::pool().with(|free| free.get(&LEN).is_none_or(Vec::is_empty)));
    }
}
