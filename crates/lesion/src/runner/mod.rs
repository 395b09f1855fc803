//! How a question is answered: its work cut into pieces, which run side by side and are
//! kept on disk.
//!
//! The cut is a function of the question alone, and nothing that a piece computes
//! depends on the others. So neither the number of threads nor an interruption changes a
//! bit of the answer, and a run goes on where another one has stopped.

mod compute;
mod cut;
mod merge;
mod meter;
mod piece;
mod store;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use tensor::threads;

use crate::{Done, LesionError, Question};

pub use cut::Limits;
use meter::Meter;
pub use meter::Progress;
use store::Store;

/// Called with the progress of a run, from whichever thread makes it.
pub type Report<'a> = Box<dyn FnMut(Progress) + Send + 'a>;

/// Answers [`Question`]s.
///
/// ```
/// use lesion::Runner;
///
/// let mut last = 0;
/// let runner = Runner {
///     folder: Some("pieces".into()),
///     report: Box::new(|progress| last = progress.done_macs),
///     ..Runner::default()
/// };
/// # drop(runner);
/// ```
pub struct Runner<'a> {
    /// Where finished pieces are kept, in a folder for each question; `None` keeps them
    /// in memory alone.
    pub folder: Option<PathBuf>,
    /// Once set, the run ends after the pieces under way, with
    /// [`LesionError::Stopped`].
    pub stop: Option<&'a AtomicBool>,
    /// Called with the progress, at first with that of the pieces found on disk.
    pub report: Report<'a>,
    /// How large a piece may be.
    pub limits: Limits,
}

impl Default for Runner<'_> {
    fn default() -> Self {
        Runner { folder: None, stop: None, report: Box::new(|_| {}), limits: Limits::default() }
    }
}

impl Runner<'_> {
    /// What each part of the work gave.
    ///
    /// # Errors
    /// If the run was stopped, or a finished piece cannot be kept.
    pub(crate) fn run(&mut self, question: &Question) -> Result<Vec<Done>, LesionError> {
        let pieces = cut::pieces(question, &self.limits);
        let store = self.folder.as_deref().map(|folder| Store::open(folder, question));
        let store = store.transpose()?;
        let mut done: Vec<Option<Done>> =
            pieces.iter().map(|piece| store.as_ref()?.load(piece)).collect();
        let missing: Vec<usize> = (0..pieces.len()).filter(|&i| done[i].is_none()).collect();

        let total = pieces.iter().map(|piece| piece.macs).sum();
        let left: u64 = missing.iter().map(|&i| pieces[i].macs).sum();
        let meter = Meter::new(&mut self.report, total - left, total);
        let (stop, has_failed) = (self.stop, AtomicBool::new(false));
        let is_over = || {
            has_failed.load(Ordering::Relaxed)
                || stop.is_some_and(|stop| stop.load(Ordering::Relaxed))
        };
        let computed = threads::map(missing.len(), |i| {
            if is_over() {
                return Ok(None);
            }
            let piece = &pieces[missing[i]];
            let done = threads::alone(|| compute::piece(question, piece, &meter));
            if let Some(store) = &store
                && let Err(error) = store.keep(piece, &done)
            {
                has_failed.store(true, Ordering::Relaxed);
                return Err(error);
            }
            Ok(Some(done))
        });
        for (i, computed) in missing.into_iter().zip(computed) {
            done[i] = computed?;
        }
        let finished = done.iter().flatten().count();
        if finished < pieces.len() {
            return Err(LesionError::Stopped { done: finished, pieces: pieces.len() });
        }
        Ok(merge::merge(question, &pieces, done.into_iter().flatten()))
    }

    /// Removes the pieces of a question that are kept, once its record is.
    ///
    /// # Errors
    /// If their folder cannot be removed.
    pub fn forget(&self, question: &Question) -> Result<(), LesionError> {
        self.folder.as_deref().map_or(Ok(()), |folder: &Path| store::forget(folder, question))
    }
}

impl fmt::Debug for Runner<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Runner")
            .field("folder", &self.folder)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}
