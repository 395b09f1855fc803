//! Scratch memory of one chunk of work.

use std::sync::Arc;

use crate::memory::Element;
use crate::threads;

/// Calls `f` with `len` elements that it overwrites before reading any.
///
/// The first call for a length makes enough for all threads. Otherwise it would be
/// up to the scheduler in which call the last of them comes to ask for its own.
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
