//! Ctrl-C: the first asks for a clean stop, the second ends the program.

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result};

use crate::output::note;

/// What a shell expects of a program that Ctrl-C has ended.
const CODE: u8 = 130;

/// The exit code of a program that was stopped cleanly.
pub(crate) fn exit_code() -> ExitCode {
    ExitCode::from(CODE)
}

/// A flag that the first Ctrl-C sets, saying when the program will stop: `stopping after
/// WHAT`.
///
/// # Errors
/// If signals cannot be listened for.
pub(crate) fn stop_flag(what: &'static str) -> Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stop);
    let handler = move || {
        if flag.swap(true, Ordering::Relaxed) {
            std::process::exit(CODE.into());
        }
        note(format_args!("stopping after {what}; press Ctrl-C again to end at once"));
    };
    ctrlc::set_handler(handler).context("cannot listen for Ctrl-C")?;
    Ok(stop)
}
