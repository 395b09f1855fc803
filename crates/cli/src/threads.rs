//! On how many threads a command works.

use std::num::NonZeroUsize;

use anyhow::{Context, Result};
use clap::Args;

/// The option of every command whose result does not depend on it.
#[derive(Args, Debug, Clone, Copy)]
pub(crate) struct Threads {
    /// Threads [default: all cores]; the result does not depend on them
    #[arg(long = "threads", value_name = "N", value_parser = number)]
    asked: Option<NonZeroUsize>,
}

impl Threads {
    /// Their number.
    pub(crate) fn count(self) -> usize {
        or_all(self.asked)
    }

    /// Runs `work` on them.
    pub(crate) fn run<R: Send>(self, work: impl FnOnce() -> R + Send) -> Result<R> {
        run_on(self.count(), work)
    }
}

/// Most threads: more than any machine has use for, and few enough to be started at once.
const MOST: usize = 1024;

/// A number of threads.
///
/// # Errors
/// If it is not a number, or out of range.
pub(crate) fn number(text: &str) -> Result<NonZeroUsize, String> {
    let number: Option<NonZeroUsize> = text.parse().ok();
    number.filter(|n| n.get() <= MOST).ok_or_else(|| format!("expected 1 to {MOST} threads"))
}

/// So many as were asked for, or one for each core.
pub(crate) fn or_all(asked: Option<NonZeroUsize>) -> usize {
    asked.map_or_else(tensor::threads::count, NonZeroUsize::get)
}

/// Runs `work` on `threads` threads.
pub(crate) fn run_on<R: Send>(threads: usize, work: impl FnOnce() -> R + Send) -> Result<R> {
    tensor::threads::with_threads(threads, work)
        .with_context(|| format!("cannot start {threads} threads"))
}
