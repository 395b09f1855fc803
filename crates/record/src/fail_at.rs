//! Failures of writing, provoked by tests.

use std::cell::Cell;
use std::io;

use crate::Step;

/// Makes [`atomic_write`](crate::atomic_write) fail, on this thread, for as long as it lives.
///
/// For tests of code that writes files: what a full disk or a crash would do can be
/// provoked at each step without either.
///
/// ```
/// use record::{FailAt, Step, atomic_write};
/// let dir = tempfile::tempdir()?;
/// let path = dir.path().join("log.txt");
/// atomic_write(&path, b"old")?;
/// {
///     let _full_disk = FailAt::step(Step::Write);
///     assert_eq!(atomic_write(&path, b"new").unwrap_err().step, Step::Write);
/// }
/// assert_eq!(std::fs::read(&path)?, b"old");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct FailAt {
    before: Armed,
}

/// What happens at the step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The disk is full.
    NoSpace,
    /// The device fails.
    Io,
    /// The process dies on the spot, as by SIGKILL: nothing is cleaned up.
    Death,
}

impl Failure {
    /// All failures that a process survives.
    pub const ERRORS: [Failure; 2] = [Failure::NoSpace, Failure::Io];

    fn happen(self) -> io::Error {
        match self {
            Failure::NoSpace => io::ErrorKind::StorageFull.into(),
            Failure::Io => io::Error::other("input/output error provoked by a test"),
            Failure::Death => std::process::abort(),
        }
    }
}

#[derive(Clone, Copy, Debug)]
enum Armed {
    Never,
    /// Whenever this step comes.
    Every(Step),
    /// After so many steps, once.
    After(usize, Failure),
}

thread_local! {
    static ARMED: Cell<Armed> = const { Cell::new(Armed::Never) };
}

impl FailAt {
    /// Each time that `step` comes, the device fails.
    #[must_use = "the failure is armed only while the guard lives"]
    pub fn step(step: Step) -> Self {
        FailAt { before: ARMED.replace(Armed::Every(step)) }
    }

    /// The step that comes after `n` others, whichever it is, fails once.
    #[must_use = "the failure is armed only while the guard lives"]
    pub fn nth(n: usize, failure: Failure) -> Self {
        FailAt { before: ARMED.replace(Armed::After(n, failure)) }
    }

    /// Whether the failure of [`FailAt::nth`] has not come yet.
    pub fn is_pending(&self) -> bool {
        matches!(ARMED.get(), Armed::After(..))
    }
}

impl Drop for FailAt {
    fn drop(&mut self) {
        ARMED.set(self.before);
    }
}

/// Whether `step`, if it came now, would fail.
pub(crate) fn is_next(step: Step) -> bool {
    match ARMED.get() {
        Armed::Every(failing) => failing == step,
        Armed::After(n, _) => n == 0,
        Armed::Never => false,
    }
}

/// Called before a step.
///
/// # Errors
/// If a failure is armed for it.
pub(crate) fn pass(step: Step) -> io::Result<()> {
    match ARMED.get() {
        Armed::Every(failing) if failing == step => return Err(Failure::Io.happen()),
        Armed::After(0, failure) => {
            ARMED.set(Armed::Never);
            return Err(failure.happen());
        }
        Armed::After(n, failure) => ARMED.set(Armed::After(n - 1, failure)),
        Armed::Never | Armed::Every(_) => {}
    }
    Ok(())
}
