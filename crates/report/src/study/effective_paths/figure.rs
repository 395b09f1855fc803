//! Test errors of networks trained in full and in part, under each rule for inference.

use record::stats::{Interval, wilson};
use record::{BranchScales, Record};

use super::shown::rule;
use crate::ReportError;
use crate::figure::{Axis, Figure, Forest, ForestRow, RowMark};
use crate::words;

/// One row for each network. Where no branch is scaled, scaled and unscaled are one.
pub(super) fn draw(records: &[&Record]) -> Result<Figure, ReportError> {
    let rows = records.iter().map(|record| row(record));
    let rows = rows.collect::<Result<Vec<ForestRow>, ReportError>>()?;
    let ends = rows.iter().flat_map(|row| &row.marks).map(|mark| mark.interval.high);
    let most = ends.fold(10.0, f64::max);
    let images = records.first().and_then(|record| record.key.images.first());
    let images = images.map_or(0, |images| images.images);
    Forest {
        title: "Training all blocks, or a few of them at a time".into(),
        subtitle: format!("n = {} test images; bars: 95 % intervals", words::count(images as u64)),
        x: Axis::new("test error (%)", 0.0, (1.05 * most).min(100.0)),
        series: BranchScales::RULES.map(|(scaled, reestimated)| rule(scaled, reestimated)).into(),
        rows,
        caption: "Test error of networks of which every batch trained all blocks, and of networks \
                  of which every batch trained a random part (\"-short\"; the same number of \
                  epochs). All blocks are present in the test. Which scale the paper gave the \
                  branches there is not known, so both are shown; the claims are about scaled \
                  branches with the running statistics. Bars: Wilson 95 % intervals, which leave \
                  out the variance between seeds."
            .into(),
    }
    .draw("fig-effective-paths")
}

fn row(record: &Record) -> Result<ForestRow, ReportError> {
    let answer = record.answer::<BranchScales>()?;
    let network = &record.key.networks[0];
    let is_scaled = network.branch_scale.iter().any(|scale| *scale != 1.0);
    let arms = answer.arms.iter().enumerate().filter(|(_, arm)| arm.scaled || is_scaled);
    let marks = arms.map(|(series, arm)| {
        let Interval { low, high } = wilson(arm.score.wrong.into(), answer.images as u64);
        let interval = Interval { low: 100.0 * low, high: 100.0 * high };
        RowMark { series, x: 100.0 * arm.score.error(), interval }
    });
    Ok(ForestRow { label: network.name.clone(), marks: marks.collect() })
}
