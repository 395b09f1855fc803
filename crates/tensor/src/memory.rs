//! Memory that goes back to a free list.
//!
//! A training step needs the same few lengths over and over. Fresh memory
//! costs a page fault for every 4 KiB; memory from the free list costs none, and
//! neither does its reference count, which stays with it. Only memory that came from
//! here goes back. What was handed in as a `Vec` is freed, since otherwise the list
//! would grow with every such tensor.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::ops::RangeBounds;
use std::sync::{Arc, Mutex, PoisonError};

/// What a [`Buffer`](crate::Buffer) can hold. Sealed in effect: the elements of
/// tensors, `f32` and `f64`, and of what goes with them, `u32` and `u8`.
pub trait Element: Copy + Default + Debug + PartialEq + Send + Sync + 'static {
    /// What fills memory to be overwritten in builds with debug assertions, so that
    /// a gap shows.
    const UNWRITTEN: Self;

    /// The free lists of this type.
    #[doc(hidden)]
    fn pool() -> &'static Pool<Self>;
}

macro_rules! element {
    ($($t:ident, $unwritten:expr;)*) => {$(
        impl Element for $t {
            const UNWRITTEN: Self = $unwritten;
            fn pool() -> &'static Pool<Self> {
                static POOL: Pool<$t> = Pool { buffers: FreeList::new(), scratch: FreeList::new() };
                &POOL
            }
        }
    )*};
}

element! {
    f32, f32::NAN;
    f64, f64::NAN;
    u32, u32::MAX;
    u8, u8::MAX;
}

/// The free memory of one type.
#[derive(Debug)]
pub struct Pool<T> {
    pub(crate) buffers: FreeList<T>,
    /// Kept apart from the buffers, because the threads decide how much scratch is in
    /// use at once, and that must not decide which buffers are free.
    pub(crate) scratch: FreeList<T>,
}

/// Free memory by the number of elements that it has room for.
#[derive(Debug)]
pub(crate) struct FreeList<T>(Mutex<BTreeMap<usize, Vec<Arc<Memory<T>>>>>);

impl<T> FreeList<T> {
    const fn new() -> Self {
        FreeList(Mutex::new(BTreeMap::new()))
    }

    fn with<R>(&self, f: impl FnOnce(&mut BTreeMap<usize, Vec<Arc<Memory<T>>>>) -> R) -> R {
        // A panic, here or elsewhere, cannot leave the map half-changed, so a poisoned
        // lock is still good.
        f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The smallest free memory whose room lies in the range, with this one owner.
    pub(crate) fn take(&self, room: impl RangeBounds<usize>) -> Option<Arc<Memory<T>>> {
        self.with(|free| free.range_mut(room).find_map(|(_, of_one_size)| of_one_size.pop()))
    }

    /// Memory for `len` elements. If none of exactly that room is free, enough for
    /// `holders` at a time is allocated under one lock.
    pub(crate) fn take_or_make(&self, len: usize, holders: usize) -> Arc<Memory<T>>
    where
        T: Element,
    {
        self.with(|free| {
            let of_this_size = free.entry(len).or_default();
            of_this_size.pop().unwrap_or_else(|| {
                of_this_size.reserve(holders);
                of_this_size.extend((1..holders).map(|_| Arc::new(Memory::fresh(len))));
                Arc::new(Memory::fresh(len))
            })
        })
    }

    /// Takes memory back. If it has another owner, the last one brings it back.
    pub(crate) fn give(&self, mut memory: Arc<Memory<T>>) {
        if let Some(unshared) = Arc::get_mut(&mut memory)
            && unshared.is_kept
        {
            let room = unshared.room();
            self.with(|free| free.entry(room).or_default().push(memory));
        }
    }
}

/// Where elements begin, in bytes: at a cache line, which is a register of the
/// widest level. A register that straddles two lines costs two accesses.
pub(crate) const ALIGNMENT: usize = 64;

/// An owned run of elements.
#[derive(Debug)]
pub(crate) struct Memory<T> {
    values: Vec<T>,
    /// The first element. Those before it are only there for the alignment.
    start: usize,
    /// Goes to the free list.
    is_kept: bool,
}

impl<T: Element> Memory<T> {
    /// Room for `len` elements, all of them 0.
    pub(crate) fn fresh(len: usize) -> Self {
        let mut values = vec![T::default(); len + ALIGNMENT / size_of::<T>() - 1];
        let start = values.as_ptr().align_offset(ALIGNMENT);
        values.truncate(start + len);
        Memory { values, start, is_kept: true }
    }
}

impl<T> Memory<T> {
    /// Memory that is not kept.
    pub(crate) fn from_vec(values: Vec<T>) -> Self {
        Memory { values, start: 0, is_kept: false }
    }

    /// The first `len` elements in the same memory, moved down to its beginning, over
    /// the gap that the alignment left there.
    pub(crate) fn into_vec(mut self, len: usize) -> Vec<T> {
        self.values.truncate(self.start + len);
        self.values.drain(..self.start);
        self.values
    }

    pub(crate) fn room(&self) -> usize {
        self.values.len() - self.start
    }

    pub(crate) fn first(&self, len: usize) -> &[T] {
        &self.values[self.start..self.start + len]
    }

    pub(crate) fn first_mut(&mut self, len: usize) -> &mut [T] {
        &mut self.values[self.start..self.start + len]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_to_ask_makes_enough_for_all() {
        let list = FreeList::<f32>::new();
        let first = list.take_or_make(10, 3);
        let others = [(); 3].map(|()| list.take(10..=10).is_some());
        assert_eq!((first.room(), others), (10, [true, true, false]));
        list.give(Arc::clone(&first));
        let address = Arc::as_ptr(&first);
        list.give(first);
        assert_eq!(Arc::as_ptr(&list.take_or_make(10, 3)), address, "what is free comes first");
        assert!(list.take(10..=10).is_none());
    }

    #[test]
    fn the_smallest_that_fits_is_taken_and_what_has_two_owners_is_not_kept() {
        let list = FreeList::<u8>::new();
        for len in [10, 40, 20] {
            list.give(Arc::new(Memory::fresh(len)));
        }
        let shared = Arc::new(Memory::fresh(15));
        list.give(Arc::clone(&shared));
        list.give(Arc::new(Memory::from_vec(vec![0; 15])));
        let taken = || list.take(11..=40).map(|memory| memory.room());
        assert_eq!([taken(), taken(), taken()], [Some(20), Some(40), None]);
        list.give(shared);
        assert_eq!(list.take(15..=15).map(|memory| memory.room()), Some(15), "its last owner's");
    }
}
