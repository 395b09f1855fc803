//! Questions answered one after the other, with one bar over the whole and finished
//! pieces kept, so that a run that was killed goes on where it was.

use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use anyhow::Result;
use lesion::{LesionError, Question, Runner};
use record::Record;

use crate::forecast::Paces;
use crate::output::note;
use crate::progress::{Progress, Shows};
use crate::threads::Threads;
use crate::{interrupt, source};

/// Parts of a second in which expected times are counted.
const TICKS: f64 = 1000.0;

/// Whether all questions were answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// They were.
    Answered,
    /// Ctrl-C came first; what was finished is kept.
    Stopped,
}

/// Answers every question, in order; `each` gets the record with the time that its run
/// started. The finished pieces of a question are kept until `each` has returned without an
/// error.
///
/// # Errors
/// The first question's that cannot be answered, or of `each`.
pub(crate) fn answer(
    label: &str,
    questions: &[Question],
    threads: Threads,
    each: &mut (dyn FnMut(&Question, Record, Instant) -> Result<()> + Send),
) -> Result<Ending> {
    let stop = interrupt::stop_flag("the pieces under way")?;
    let folder = source::pieces_dir()?;
    let ending = threads.run(|| answer_on(label, questions, &folder, &stop, each))??;
    if ending == Ending::Stopped {
        note(format_args!(
            "stopped; the same command goes on with the finished pieces in {}",
            folder.display()
        ));
    }
    Ok(ending)
}

/// On the threads of the current pool.
fn answer_on(
    label: &str,
    questions: &[Question],
    folder: &Path,
    stop: &AtomicBool,
    each: &mut dyn FnMut(&Question, Record, Instant) -> Result<()>,
) -> Result<Ending> {
    // Networks have paces of their own; with one network alone multiplications will do.
    let mut paces = Paces::default();
    let ticks: Vec<u64> = questions
        .iter()
        .map(|question| (TICKS * paces.expect(question).as_secs_f64()) as u64 + 1)
        .collect();
    let mut shown = Progress::new(label, Shows::Percent, 0, ticks.iter().sum());
    for (question, ticks) in questions.iter().zip(ticks) {
        let (start, mut last) = (Instant::now(), None);
        let mut report = |progress: lesion::Progress| {
            let part = |macs: u64| {
                let whole = progress.total_macs.max(1);
                (u128::from(macs) * u128::from(ticks) / u128::from(whole)) as u64
            };
            let now = part(progress.done_macs);
            match last.replace(now) {
                None => shown.found(now),
                Some(before) => shown.advance(now - before, || question.record_name().to_owned()),
            }
        };
        let mut runner = Runner {
            folder: Some(folder.to_owned()),
            stop: Some(stop),
            report: Box::new(&mut report),
            ..Runner::default()
        };
        let record = match question.run(&mut runner) {
            Err(LesionError::Stopped { .. }) => return Ok(Ending::Stopped),
            record => record?,
        };
        drop(runner);
        shown.aside(|| each(question, record, start))?;
        Runner { folder: Some(folder.to_owned()), ..Runner::default() }.forget(question)?;
    }
    shown.finish();
    Ok(Ending::Answered)
}
