//! What `reproduce` would do: which records are up to date, and what the others take.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use lesion::{Cost, Question};
use report::study::StudyFigure;

use super::answer;
use crate::forecast::{Paces, cost_in_words, time_in_words};
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
        println!("{}", figure.name);
        let needs = (figure.needs)();
        let shown = questions
            .iter()
            .filter(|question| needs.iter().any(|need| need.is_met_by(question.key())));
        for question in shown {
            let name = question.record_name();
            match answer(question, dir) {
                Ok(Some(_)) => {
                    println!("  {name}: up to date");
                    continue;
                }
                Ok(None) => {}
                Err(error) => eprintln!("{error}"),
            }
            if !listed.insert(name) {
                println!("  {name}: to compute, as above");
                continue;
            }
            let (work, expected) = (question.cost(), threads.run(|| paces.expect(question))?);
            cost = cost + work;
            time += expected;
            println!(
                "  {name}: to compute, {} plans, {}, expected {}",
                question.lesions().count(),
                cost_in_words(&work),
                time_in_words(expected)
            );
        }
    }
    match listed.len() {
        0 => println!("in all: every record is up to date"),
        n => println!(
            "in all: {n} to compute, {}, expected {} (threads: {})",
            cost_in_words(&cost),
            time_in_words(time),
            threads.count()
        ),
    }
    println!("dry run: nothing was run, nothing written");
    Ok(())
}
