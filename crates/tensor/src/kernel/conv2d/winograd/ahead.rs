//! Fetching the next group's images while this one is being multiplied.
//!
//! A batch of activations does not fit the caches, and the products leave the
//! memory idle: without this, every group begins by waiting for its images.

/// Numbers in a cache line.
const LINE: usize = 16;

/// Up to four runs of memory, fetched a few lines at a time.
pub(super) struct Ahead {
    runs: [*const f32; 4],
    /// Lines still to be fetched of each run.
    lines: [usize; 4],
    /// Lines of each run in one step.
    per_step: [usize; 4],
}

impl Ahead {
    /// Fetches `runs` in `steps` steps. Nothing is read, so the runs need not exist.
    pub(super) fn new(runs: [&[f32]; 4], steps: usize) -> Self {
        let lines = runs.map(|run| run.len() / LINE);
        Ahead {
            // What follows this group in memory is the next one.
            runs: runs.map(|run| run.as_ptr().wrapping_add(run.len())),
            lines,
            per_step: lines.map(|lines| lines.div_ceil(steps.max(1))),
        }
    }

    /// Fetches the next lines.
    #[inline(always)]
    pub(super) fn step(&mut self) {
        for ((run, lines), per_step) in self.runs.iter_mut().zip(&mut self.lines).zip(self.per_step)
        {
            let n = per_step.min(*lines);
            *lines -= n;
            for _ in 0..n {
                prefetch(*run);
                *run = run.wrapping_add(LINE);
            }
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
