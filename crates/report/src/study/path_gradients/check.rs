//! A check of the sampling: random paths against all of them, on the same batches.

use record::Record;
use record::stats::Interval;

use super::gradients::{Gradients, at_images, over_batches};
use crate::figure::{Axis, Figure, Key, Level, Lines, Point, Series};
use crate::study::path_lengths::length_axis;
use crate::{ReportError, words};

/// The mean norm of random paths over that of all paths, by length.
pub(super) fn figure(records: &[&Record]) -> Result<Figure, ReportError> {
    let [random, all] = records else {
        return Err(ReportError::Networks { expected: "several networks", given: records.len() });
    };
    let (random, all) = (Gradients::of(random)?, Gradients::of(all)?);
    let is_same = random.network == all.network
        && random.answer.batch == all.answer.batch
        && random.answer.paths.len() == all.answer.paths.len()
        && random.statistics == all.statistics;
    if !is_same {
        let what = "random paths and all paths of other batches or networks".to_owned();
        return Err(ReportError::Unfit { name: records[1].name.clone(), what });
    }
    let rows = random.mean_norms(at_images).into_iter().zip(all.mean_norms(at_images));
    let rows: Vec<Vec<f64>> = rows.map(|(random, all)| [random, all].concat()).collect();
    let n = random.n();
    let point = |k: usize| {
        let ratio = over_batches(&rows, |row| Some(row[k] / row[n + 1 + k]))?;
        let interval = Some(Interval { low: ratio.low, high: ratio.high });
        Some(Point { x: k as f64, y: ratio.value, interval, diamond: false })
    };
    let points: Vec<Point> = (0..=n).filter_map(point).collect();
    let bars = || points.iter().filter_map(|point| point.interval);
    let low = bars().map(|bar| bar.low).fold(0.8, f64::min);
    let high = bars().map(|bar| bar.high).fold(1.2, f64::max);
    let name = &random.network.name;
    let paths = words::count(1_u64 << n);
    Lines {
        title: format!("Random paths of {name} against all {paths}"),
        subtitle: format!("{}, {}", random.about(), random.statistics),
        x: length_axis(n),
        y: Axis::new(
            "mean norm of random paths / of all paths",
            (10.0 * low).floor() / 10.0,
            (10.0 * high).ceil() / 10.0,
        ),
        series: vec![Series {
            label: "ratio of the means".into(),
            runs: vec![points],
            band: Vec::new(),
        }],
        levels: vec![Level { y: 1.0, label: "equal".into(), series: None }],
        keys: vec![(Key::Interval, "95 % interval".into())],
        caption: format!(
            "A check of figure 6b where it can be made: the mean norm of the random paths of {name} \
             over that of all its {paths} paths, on the same batches. Where all paths of a length \
             were among the random ones the ratio is 1. Bars: the bootstrap's 95 % intervals over \
             batches, which are too narrow where norms are skewed and paths are few."
        ),
    }
    .draw("fig6b-check-all-paths")
}
