//! Scratch memory of one chunk of work.

use std::sync::Arc;

use crate::memory::Element;
use crate::threads;

/// Calls `f` with `len` elements that it overwrites before reading any.
///
/// The first call for a length allocates enough for all threads. Otherwise the scheduler
/// would decide in which later call a thread still has to allocate its own.
pub(crate) fn with_scratch<T: Element, R>(len: usize, f: impl FnOnce(&mut [T]) -> R) -> R {
    let free = &T::pool().scratch;
    let mut memory = free.take_or_make(len, threads::count());
    let elements = Arc::get_mut(&mut memory).expect("nobody shares scratch").first_mut(len);
    if cfg!(debug_assertions) {
        elements.fill(T::UNWRITTEN);
    }
    let result = f(elements);
    free.give(memory);
    result
}
