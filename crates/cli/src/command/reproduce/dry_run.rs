//! What `reproduce` would do: which records are up to date, and what the others take.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use lesion::{Cost, Question};
use report::study::StudyFigure;

use super::answer;
use crate::forecast::{Paces, cost_in_words, time_in_words};
use crate::output::{note, print_line};
use crate::threads::Threads;

/// Prints it, figure by figure.
pub(super) fn print(
    figures: &[&StudyFigure],
    questions: &[Question],
    dir: &Path,
    threads: Threads,
) -> Result<()> {
    let (mut listed, mut cost, mut time) = (BTreeSet::new(), Cost::default(), Duration::ZERO);
    let mut paces = Paces::default();
    for figure in figures {
        print_line(figure.name)?;
        let needs = (figure.needs)();
        let shown = questions
            .iter()
            .filter(|question| needs.iter().any(|need| need.is_met_by(question.key())));
        for question in shown {
            let name = question.record_name();
            match answer(question, dir) {
                Ok(Some(_)) => {
                    print_line(format_args!("  {name}: up to date"))?;
                    continue;
                }
                Ok(None) => {}
                Err(error) => note(error),
            }
            if !listed.insert(name) {
                print_line(format_args!("  {name}: to compute, as above"))?;
                continue;
            }
            let (work, expected) = (question.cost(), threads.run(|| paces.expect(question))?);
            cost = cost + work;
            time += expected;
            print_line(format_args!(
                "  {name}: to compute, {} plans, {}, expected {}",
                question.lesions().count(),
                cost_in_words(&work),
                time_in_words(expected)
            ))?;
        }
    }
    match listed.len() {
        0 => print_line("in all: every record is up to date")?,
        n => print_line(format_args!(
            "in all: {n} to compute, {}, expected {} (threads: {})",
            cost_in_words(&cost),
            time_in_words(time),
            threads.count()
        ))?,
    }
    print_line("dry run: nothing was run, nothing written")
}
