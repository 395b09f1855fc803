//! The kernels: free functions on slices, output first, geometry in a struct.
//!
//! Tests hold each kernel against its formula in plain loops, or against the single
//! steps that it does at once.

pub mod average_pool;
pub mod batch_norm;
pub mod channelwise;
pub mod conv2d;
pub mod elementwise;
pub mod gate;
pub mod momentum;
pub mod pool;
pub mod shortcut;
pub mod softmax;

/// How many rows of `c` numbers there are in `len`.
///
/// # Panics
/// If there is a remainder, or `c` is 0; `what` names the operation.
#[track_caller]
fn whole_rows(what: &str, len: usize, c: usize) -> usize {
    assert!(c > 0 && len.is_multiple_of(c), "{what}: {len} numbers are not whole rows of {c}");
    len / c
}

/// Small whole numbers that go up and down, for tests: products and sums of a few are
/// exact in any order, fused or not.
#[cfg(test)]
fn wave<T: crate::Scalar>(len: usize, shift: usize) -> Vec<T> {
    (0..len).map(|i| T::from_f64(((i * 7 + shift) % 29) as f64 - 14.0)).collect()
}
