//! How well each predictor does.

use record::Record;
use record::stats::Interval;

use super::contest::{Contest, PREDICTORS};
use crate::ReportError;
use crate::figure::{Axis, Figure, Key, Lines, Point, Series};
use crate::study::Estimate;
use crate::words;

/// R2 of each predictor in both forms, and within sets of equal size, with intervals.
pub(super) fn fig_contest(records: &[&Record]) -> Result<Figure, ReportError> {
    let contest = Contest::of(records)?;
    let rows = contest.rows()?;
    let lowest = rows.iter().flatten().map(|estimate| estimate.low).fold(0.0, f64::min);
    let labels =
        ["straight line", "any function that never falls", "the same, among sets of equal size"];
    let series = labels.iter().enumerate().map(|(column, label)| {
        let point = |(place, row): (usize, &[Estimate; 3])| {
            let Estimate { value, low, high } = row[column];
            let x = (place + 1) as f64 + 0.12 * (column as f64 - 1.0);
            let interval = Some(Interval { low, high });
            vec![Point { x, y: value, interval, diamond: false }]
        };
        let runs = rows.iter().enumerate().map(point).collect();
        Series { label: (*label).to_owned(), runs, band: Vec::new() }
    });
    let names = PREDICTORS.iter().map(|predictor| predictor.label.to_owned());
    let (name, word) = (&contest.network.name, &contest.network.model.unit);
    let (sets, n) = (contest.draws.len(), words::count(contest.images as u64));
    Lines {
        title: format!("What predicts the error of {name} without some {word}s?"),
        subtitle: format!(
            "{} of deleted {word}s, {n} test images; each predicted by a fit on other sets",
            words::plural(sets, "random set")
        ),
        x: Axis::named("predictor", names.collect()),
        y: Axis::around("R\u{b2}, cross-validated", [lowest, 1.0]),
        series: series.collect(),
        levels: Vec::new(),
        keys: vec![(Key::Interval, "95 % interval".into())],
        caption: format!(
            "The part of the variance of the test error over {} of deleted {word}s of {name} that \
             each number of the set explains, cross-validated over five folds of draws: by a \
             straight line, by any function that never falls, and by the latter among sets of \
             equal size, of which k explains nothing. A value below 0 is worse than the mean. \
             Bars: 95 % intervals, the sets drawn again within their sizes, the fits held fixed.",
            words::plural(sets, "random set")
        ),
    }
    .draw("fig-contest-predictions")
}
