//! A switch for the whole process: each convolution on its fastest path, or all of them
//! on the general one.

use std::sync::atomic::{AtomicBool, Ordering};

/// How convolutions are computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Path {
    /// By the fastest kernel for the geometry.
    Fastest,
    /// By patch matrices and GEMM whatever the geometry, as `f64` always is. This is slow,
    /// and closest to the plain sum.
    Patches,
}

static IS_GENERAL: AtomicBool = AtomicBool::new(false);

/// Chooses the path of all convolutions of the process from now on.
///
/// Only a comparison should call this: any program on the general path is an oracle for
/// the same program on the fast one. The two differ in their bits, and a result does not
/// show which path it came from. A [fused](super::fused) forward pass that ran before the
/// switch still has its fused backward pass.
pub fn set_path(path: Path) {
    IS_GENERAL.store(path == Path::Patches, Ordering::Relaxed);
}

/// The path in use.
pub fn path() -> Path {
    if IS_GENERAL.load(Ordering::Relaxed) { Path::Patches } else { Path::Fastest }
}
