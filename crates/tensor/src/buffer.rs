//! Runs of elements that share their memory and go back to a free list.

use std::ops::Deref;
use std::sync::Arc;

use crate::memory::{Element, Memory};

/// A request takes memory from the free list that is up to this many times as long. So
/// the last batch of an epoch, which is smaller, uses the memory of the others, and a
/// handful of numbers does not occupy the place of an image.
const SLACK: usize = 2;

/// A run of elements.
///
/// A clone shares the elements with its original; they are copied when one of the
/// two is first written to. The last owner gives the memory back to a free list,
/// from which the next buffer of about that length takes it.
#[derive(Debug)]
pub struct Buffer<T: Element> {
    /// `None` if there are no elements.
    memory: Option<Arc<Memory<T>>>,
    len: usize,
}

impl<T: Element> Buffer<T> {
    /// `len` zeros.
    pub fn zeros(len: usize) -> Self {
        match Self::recycled(len) {
            Some(mut buffer) => {
                buffer.as_mut_slice().fill(T::default());
                buffer
            }
            None => Self::fresh(len),
        }
    }

    /// `len` elements that the caller overwrites. They hold arbitrary values, and
    /// [`Element::UNWRITTEN`] in builds with debug assertions.
    pub fn for_overwrite(len: usize) -> Self {
        let mut buffer = Self::recycled(len).unwrap_or_else(|| Self::fresh(len));
        if cfg!(debug_assertions) {
            buffer.as_mut_slice().fill(T::UNWRITTEN);
        }
        buffer
    }

    /// The elements of a vector, whose memory does not go to the free list.
    pub fn from_vec(values: Vec<T>) -> Self {
        let len = values.len();
        Buffer { memory: (len > 0).then(|| Arc::new(Memory::from_vec(values))), len }
    }

    /// A copy of the elements.
    pub fn copy_of(values: &[T]) -> Self {
        let mut copy = Self::for_overwrite(values.len());
        copy.as_mut_slice().copy_from_slice(values);
        copy
    }

    /// The elements as a vector: in the same memory if no clone shares them, moved down
    /// there by up to a cache line unless they came from a vector.
    pub fn into_vec(mut self) -> Vec<T> {
        match self.memory.take().map(Arc::try_unwrap) {
            Some(Ok(memory)) => memory.into_vec(self.len),
            Some(Err(shared)) => shared.first(self.len).to_vec(),
            None => Vec::new(),
        }
    }

    /// The elements for writing; copies them first if a clone shares them.
    pub fn as_mut_slice(&mut self) -> &mut [T] {
        if self.memory.as_mut().is_some_and(|memory| Arc::get_mut(memory).is_none()) {
            *self = Self::copy_of(self);
        }
        let unshared = self.memory.as_mut().and_then(Arc::get_mut);
        unshared.map_or(&mut [], |memory| memory.first_mut(self.len))
    }

    fn fresh(len: usize) -> Self {
        Buffer { memory: (len > 0).then(|| Arc::new(Memory::fresh(len))), len }
    }

    fn recycled(len: usize) -> Option<Self> {
        let memory = T::pool().buffers.take(len..SLACK * len)?;
        Some(Buffer { memory: Some(memory), len })
    }
}

impl<T: Element> Drop for Buffer<T> {
    fn drop(&mut self) {
        if let Some(memory) = self.memory.take() {
            T::pool().buffers.give(memory);
        }
    }
}

impl<T: Element> Clone for Buffer<T> {
    fn clone(&self) -> Self {
        Buffer { memory: self.memory.clone(), len: self.len }
    }
}

impl<T: Element> Deref for Buffer<T> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        self.memory.as_ref().map_or(&[], |memory| memory.first(self.len))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::ALIGNMENT;

    #[test]
    fn zeros_are_zero_even_after_a_dirty_buffer_of_the_same_length_was_dropped() {
        // A length no other test uses, so that the buffer is the recycled one.
        const LEN: usize = 791_900;
        let mut dirty = Buffer::<f64>::zeros(LEN);
        dirty.as_mut_slice().fill(3.0);
        let address = dirty.as_ptr();
        drop(dirty);
        let clean = Buffer::<f64>::zeros(LEN);
        assert_eq!(clean.as_ptr(), address, "the buffer is used again");
        assert!(clean.iter().all(|&v| v == 0.0));
    }

    #[test]
    fn a_smaller_buffer_takes_the_memory_of_a_larger_one_and_leaves_it_whole() {
        const LEN: usize = 7_919_000;
        let address = Buffer::<u32>::for_overwrite(LEN).as_ptr();
        let small = Buffer::<u32>::for_overwrite(LEN / 2 + 1);
        assert_eq!((small.as_ptr(), small.len()), (address, LEN / 2 + 1));
        let smaller = Buffer::<u32>::for_overwrite(LEN / 2 - 1);
        assert_ne!(smaller.as_ptr(), address, "more than half would lie idle");
        drop(small);
        assert_eq!(Buffer::<u32>::for_overwrite(LEN).as_ptr(), address);
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
        const LEN: usize = 79_070_000;
        drop(Buffer::<u8>::from_vec(vec![1; LEN]));
        assert!(Buffer::<u8>::recycled(LEN).is_none());
    }

    #[test]
    fn no_elements_are_a_buffer_too() {
        assert!(Buffer::<u8>::zeros(0).is_empty());
        assert_eq!(Buffer::<u8>::for_overwrite(0).into_vec(), []);
    }
}
