//! The kernels at every SIMD level.

mod conv2d;
mod fused;
mod groups;
mod winograd;

use std::sync::{Mutex, PoisonError};

use tensor::simd::{self, Level};

/// The level belongs to the process: one test at a time may set it.
static LEVEL: Mutex<()> = Mutex::new(());

/// Runs `test` at every level that this machine has, and leaves the best one.
fn at_every_level(test: impl Fn(Level)) {
    let _alone = LEVEL.lock().unwrap_or_else(PoisonError::into_inner);
    for level in Level::ALL.into_iter().filter(|level| level.is_available()) {
        simd::set_level(level).unwrap();
        test(level);
    }
    simd::set_level(Level::best()).unwrap();
}
