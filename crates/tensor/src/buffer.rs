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

/// Where elements begin, in bytes: at a cache line, which is a register of the
/// widest level. A register that straddles two lines costs two accesses.
const ALIGNMENT: usize = 64;

/// An owned run of elements.
pub(crate) struct Buffer<T: Scalar> {
    values: Vec<T>,
    /// The first element; what lies before it is there for the alignment.
    start: usize,
    /// Goes to the free list when dropped.
    returns: bool,
}

impl<T: Scalar> Buffer<T> {
    /// `len` zeros.
    pub(crate) fn zeros(len: usize) -> Self {
        match Self::recycled(len) {
            Some(mut buffer) => {
                buffer.fill(T::ZERO);
                buffer
            }
            None => Self::fresh(len),
        }
    }

    /// `len` elements that the caller overwrites. They hold arbitrary numbers,
    /// and NaN in builds with debug assertions, so that a gap shows.
    pub(crate) fn for_overwrite(len: usize) -> Self {
        let mut buffer = Self::recycled(len).unwrap_or_else(|| Self::fresh(len));
        if cfg!(debug_assertions) {
            buffer.fill(T::NAN);
        }
        buffer
    }

    pub(crate) fn from_vec(values: Vec<T>) -> Self {
        Buffer { values, start: 0, returns: false }
    }

    pub(crate) fn into_vec(mut self) -> Vec<T> {
        let mut values = std::mem::take(&mut self.values);
        values.drain(..self.start);
        values
    }

    fn fresh(len: usize) -> Self {
        let mut values = vec![T::ZERO; len + ALIGNMENT / size_of::<T>() - 1];
        let start = values.as_ptr().align_offset(ALIGNMENT);
        values.truncate(start + len);
        Buffer { values, start, returns: true }
    }

    fn recycled(len: usize) -> Option<Self> {
        let values = T::pool().with(|free| free.get_mut(&len).and_then(Vec::pop))?;
        let start = values.len() - len;
        Some(Buffer { values, start, returns: true })
    }
}

impl<T: Scalar> Drop for Buffer<T> {
    fn drop(&mut self) {
        let values = std::mem::take(&mut self.values);
        let len = values.len().saturating_sub(self.start);
        if self.returns && len > 0 {
            T::pool().with(|free| free.entry(len).or_default().push(values));
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
        &self.values[self.start..]
    }
}

impl<T: Scalar> DerefMut for Buffer<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.values[self.start..]
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
    fn elements_begin_at_a_cache_line() {
        for len in [1, 7, 16, 7901] {
            let mut buffers: Vec<_> = (0..5).map(|_| Buffer::<f32>::for_overwrite(len)).collect();
            buffers.truncate(2);
            buffers.push(Buffer::zeros(len));
            for buffer in buffers {
                assert_eq!(buffer.as_ptr().align_offset(ALIGNMENT), 0);
                assert_eq!(buffer.len(), len);
                assert_eq!(buffer.into_vec().len(), len);
            }
        }
    }

    #[test]
    fn memory_handed_in_is_freed_not_kept() {
        const LEN: usize = 7907;
        drop(Buffer::<f64>::from_vec(vec![1.0; LEN]));
        assert!(f64::pool().with(|free| free.get(&LEN).is_none_or(Vec::is_empty)));
    }
}
