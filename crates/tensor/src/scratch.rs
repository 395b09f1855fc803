//! Scratch memory of one chunk of work, kept by its thread.

use crate::Scalar;
use crate::buffer::Buffer;

/// Calls `f` with `len` elements that it overwrites before reading any.
pub(crate) fn with_scratch<T: Scalar, R>(len: usize, f: impl FnOnce(&mut [T]) -> R) -> R {
    f(&mut Buffer::for_overwrite(len))
}
