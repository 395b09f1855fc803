//! Figure 6a: how many paths have each length.

use record::Record;
use record::stats::choose;

use super::{BLOCKS, COMMON, EFFECTIVE, length_axis, share};
use crate::figure::{Axis, Figure, Lines, Point, Series};
use crate::{ReportError, words};

/// The part of all paths that has each length, for the paper's network.
pub(super) fn fig6a(_: &[&Record]) -> Result<Figure, ReportError> {
    let all = 2.0_f64.powi(BLOCKS as i32);
    let point = |k: usize| {
        let y = 100.0 * choose(BLOCKS, k) / all;
        Point { x: k as f64, y, interval: None, diamond: false }
    };
    let run = |(from, to): (usize, usize)| (from..=to).map(point).collect::<Vec<_>>();
    let series = |range: (usize, usize), digits| Series {
        label: format!(
            "{} to {} blocks: {} % of the paths",
            range.0,
            range.1,
            words::decimal(100.0 * share(BLOCKS, range), digits)
        ),
        runs: vec![run(range)],
        band: Vec::new(),
    };
    let others = [(0, EFFECTIVE.0 - 1), (EFFECTIVE.1 + 1, COMMON.0 - 1), (COMMON.1 + 1, BLOCKS)];
    let others = Series {
        label: "other lengths".into(),
        runs: others.into_iter().map(run).collect(),
        band: Vec::new(),
    };
    Lines {
        title: format!("Lengths of the paths through {BLOCKS} residual blocks"),
        subtitle: format!("exact: C({BLOCKS}, k) of 2^{BLOCKS} paths pass k branches"),
        x: length_axis(BLOCKS),
        y: Axis::new("part of all paths (%)", 0.0, 12.0),
        series: vec![series(COMMON, 1), series(EFFECTIVE, 2), others],
        levels: Vec::new(),
        keys: Vec::new(),
        caption: format!(
            "The binomial distribution of path lengths in a network of {BLOCKS} blocks, as ResNet-110 \
             has. Exact arithmetic; no network was run."
        ),
    }
    .draw("fig6a-path-lengths")
}
