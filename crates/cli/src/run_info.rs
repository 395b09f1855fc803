//! The circumstances of a run, for the volatile part of its record.

use std::time::{Instant, SystemTime};

use record::RunInfo;

/// The circumstances of a run that began at `start` and ends now.
pub(crate) fn run_info(threads: usize, start: Instant) -> RunInfo {
    RunInfo {
        threads,
        seconds: start.elapsed().as_secs_f64(),
        host: gethostname::gethostname().to_string_lossy().into_owned(),
        date: humantime::format_rfc3339_seconds(SystemTime::now()).to_string(),
        program_version: env!("CARGO_PKG_VERSION").to_owned(),
    }
}
