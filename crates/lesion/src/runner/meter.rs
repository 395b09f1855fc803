//! How far a run is.

use std::sync::Mutex;

use super::Report;

/// How far a run is, in multiplications.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Done, those found on disk included.
    pub done_macs: u64,
    /// Of how many.
    pub total_macs: u64,
    /// Found on disk at the start: they took no time in this run.
    pub found_macs: u64,
}

/// Adds up what all threads do.
pub(super) struct Meter<'r, 'a> {
    state: Mutex<(Progress, &'r mut Report<'a>)>,
}

impl<'r, 'a> Meter<'r, 'a> {
    /// Reports the start of a run.
    pub(super) fn new(report: &'r mut Report<'a>, found_macs: u64, total_macs: u64) -> Self {
        let progress = Progress { done_macs: found_macs, total_macs, found_macs };
        report(progress);
        Meter { state: Mutex::new((progress, report)) }
    }

    /// Reports further multiplications.
    pub(super) fn advance(&self, macs: u64) {
        let mut state = self.state.lock().expect("no progress display panics");
        let (progress, report) = &mut *state;
        progress.done_macs += macs;
        report(*progress);
    }
}
