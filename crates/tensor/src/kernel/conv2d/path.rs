//! A switch for the whole process: the fastest path, or the general one throughout.

use std::sync::atomic::{AtomicBool, Ordering};

/// How convolutions are computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Path {
    /// By the fastest kernel that the geometry has.
    Fastest,
    /// By patch matrices and GEMM, whatever the geometry, as `f64` always is: slow, and
    /// nearest to the plain sum.
    Patches,
}

static IS_GENERAL: AtomicBool = AtomicBool::new(false);

/// Chooses the path of all convolutions of the process from now on.
///
/// For comparisons: whatever calls the kernels becomes an oracle for itself with the
/// fast ones. The bits differ between the two, and no result tells its path, so nothing
/// but a comparison should set it. The [fused](super::fused) backward pass still
/// computes what its forward pass began before.
pub fn set_path(path: Path) {
    IS_GENERAL.store(path == Path::Patches, Ordering::Relaxed);
}

/// The path in use.
pub fn path() -> Path {
    if IS_GENERAL.load(Ordering::Relaxed) { Path::Patches } else { Path::Fastest }
}
