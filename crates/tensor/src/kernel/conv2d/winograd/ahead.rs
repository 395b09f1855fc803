//! Fetching the next group's images while this one is being multiplied.
//!
//! A batch of activations does not fit the caches, and the memory is idle during the
//! products. Without this, every group begins by waiting for its images.

use super::Conv2dGeom;

/// Numbers in a cache line.
const LINE: usize = 16;
/// Inputs of fewer numbers than this, 2 MiB, are still in the cache in which they were
/// computed.
const FAR: usize = 512 * 1024;

/// Up to four runs of memory, fetched a few lines at a time.
pub(super) struct Ahead {
    runs: [*const f32; 4],
    /// Lines of each run in one step.
    lines: [usize; 4],
}

impl Ahead {
    /// Fetches as much again as each of `runs` has, from its end on, in `steps` steps. A
    /// prefetch reads nothing, so that memory need not exist.
    pub(super) fn new(runs: [&[f32]; 4], steps: usize, g: &Conv2dGeom) -> Self {
        let is_far = g.in_shape().len() >= FAR;
        Ahead {
            runs: runs.map(|run| run.as_ptr().wrapping_add(run.len())),
            lines: runs.map(|run| if is_far { run.len().div_ceil(LINE * steps) } else { 0 }),
        }
    }

    /// Fetches the next lines.
    #[inline(always)]
    pub(super) fn step(&mut self) {
        for (run, lines) in self.runs.iter_mut().zip(self.lines) {
            for line in 0..lines {
                prefetch(run.wrapping_add(line * LINE));
            }
            *run = run.wrapping_add(lines * LINE);
        }
    }
}

#[inline(always)]
fn prefetch(at: *const f32) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: a prefetch reads nothing and faults nowhere; every x86-64 has it.
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T0>(at.cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = at;
}
