//! Figure 6b: the gradient's norm against the length of its path.

use record::Record;
use record::stats::Interval;

use super::gradients::{Fit, Gradients, at_images, at_stem, over_batches};
use super::quantities::FITTED;
use crate::figure::{Axis, Figure, Key, Lines, Point, Series};
use crate::study::path_lengths::length_axis;
use crate::{ReportError, words};

/// Mean, median and quartiles of the norms, of the primary record; the mean of the second,
/// if it is given.
pub(super) fn fig6b(records: &[&Record]) -> Result<Figure, ReportError> {
    let Some((first, others)) = records.split_first() else {
        return Err(ReportError::Networks { expected: "one network", given: 0 });
    };
    let gradients = Gradients::of(first)?;
    let mut series = vec![
        means(&gradients, "mean at the images", at_images),
        Series { label: "median at the images".into(), ..medians(&gradients) },
        means(&gradients, "mean at the stem's output", at_stem),
    ];
    let mut beside = String::new();
    for other in others {
        let other = Gradients::of(other)?;
        beside += &format!(" With {}: {}.", other.statistics, other.about());
        let label = format!("mean at the images, {}", other.statistics);
        series.push(means(&other, &label, at_images));
    }
    let (low, high) = ends(&series)?;
    // What reaches down to 0 ends at the axis.
    for (_, band) in series.iter_mut().flat_map(|series| &mut series.band) {
        band.low = band.low.max(low);
    }
    let n = gradients.n();
    let zeros = gradients.zeros_in_words();
    // The lengths of the claim, in a short network as great a part of it.
    let to = if n >= FITTED.1 { FITTED.1 } else { n * FITTED.1 / 54 };
    let norms = mean_row(&gradients);
    let fit = Fit::of(&norms, (FITTED.0, to)).map_or_else(String::new, |fit| {
        let (factor, r2) = (words::decimal(fit.factor(), 3), words::decimal(fit.r2, 3));
        format!(
            " A line through log10 of the means of lengths {} to {to} has R2 = {r2}; by it one more \
             branch multiplies the norm with {factor}.",
            FITTED.0
        )
    });
    Lines {
        title: format!("The gradient along a path of {}", gradients.network.name),
        subtitle: format!("{}, {}; {zeros}", gradients.about(), gradients.statistics),
        x: length_axis(n),
        y: Axis::new("log10 of the gradient's norm", low, high),
        series,
        levels: Vec::new(),
        keys: vec![
            (Key::Band, "quartiles of the paths".into()),
            (Key::Interval, "95 % interval of the mean".into()),
        ],
        caption: format!(
            "Frobenius norm of the gradient of the mean cross-entropy along single paths of {} ({}, \
             batch norm with {}; our choices, the paper states neither). Band: quartiles over paths \
             and batches, zeros included. Bars: the bootstrap's 95 % intervals over batches. Of all paths tried, \
             {zeros}.{fit}{beside}",
            gradients.network.name,
            gradients.about(),
            gradients.statistics
        ),
    }
    .draw("fig6b-path-gradients")
}

/// The mean norm of each length over all batches, at the images.
pub(super) fn mean_row(gradients: &Gradients) -> Vec<f64> {
    let rows = gradients.mean_norms(at_images);
    let sum = |k: usize| rows.iter().map(|row| row[k]).sum::<f64>() / rows.len() as f64;
    (0..=gradients.n()).map(sum).collect()
}

/// log10 of the means, where they are above 0.
fn means(gradients: &Gradients, label: &str, of: fn(&record::PathNorms) -> &[f64]) -> Series {
    let rows = gradients.mean_norms(of);
    let point = |k: usize| {
        let column: Vec<Vec<f64>> = rows.iter().map(|row| vec![row[k]]).collect();
        let mean = column.iter().map(|row| row[0]).sum::<f64>() / column.len() as f64;
        let estimate = over_batches(&column, |row| Some(row[0]));
        let interval = estimate
            .filter(|e| e.low > 0.0)
            .map(|e| Interval { low: libm::log10(e.low), high: libm::log10(e.high) });
        let y = libm::log10(mean);
        (mean > 0.0).then_some(Point { x: k as f64, y, interval, diamond: false })
    };
    let points: Vec<Option<Point>> = (0..=gradients.n()).map(point).collect();
    Series { label: label.into(), runs: runs(&points), band: Vec::new() }
}

/// log10 of the medians, where they are above 0, and of the quartiles.
fn medians(gradients: &Gradients) -> Series {
    let log = |k: usize, p: f64| {
        let norm = gradients.quantile(k, p);
        if norm > 0.0 { libm::log10(norm) } else { f64::NEG_INFINITY }
    };
    let point = |k: usize| {
        let y = log(k, 0.5);
        y.is_finite().then_some(Point { x: k as f64, y, interval: None, diamond: false })
    };
    let points: Vec<Option<Point>> = (0..=gradients.n()).map(point).collect();
    let band =
        (0..=gradients.n()).map(|k| (k as f64, Interval { low: log(k, 0.25), high: log(k, 0.75) }));
    let band = band.filter(|(_, band)| band.high.is_finite()).collect();
    Series { label: String::new(), runs: runs(&points), band }
}

/// Points without gaps in runs of their own.
fn runs(points: &[Option<Point>]) -> Vec<Vec<Point>> {
    let runs = points.split(|point| point.is_none());
    runs.filter(|run| !run.is_empty()).map(|run| run.iter().flatten().copied().collect()).collect()
}

/// Halves around all that is drawn.
fn ends(series: &[Series]) -> Result<(f64, f64), ReportError> {
    let points = series.iter().flat_map(|series| series.runs.iter().flatten());
    let bars = points.flat_map(|point| {
        let ends = point.interval.unwrap_or(Interval { low: point.y, high: point.y });
        [point.y, ends.low, ends.high]
    });
    let bands = series.iter().flat_map(|series| &series.band);
    let bands = bands.flat_map(|(_, band)| [band.low, band.high]);
    let all: Vec<f64> = bars.chain(bands).filter(|y| y.is_finite()).collect();
    let low = all.iter().copied().reduce(f64::min);
    let high = all.iter().copied().reduce(f64::max);
    match (low, high) {
        (Some(low), Some(high)) => {
            let (low, high) = ((2.0 * low).floor() / 2.0, (2.0 * high).ceil() / 2.0);
            Ok((low, high.max(low + 1.0)))
        }
        _ => Err(ReportError::Lacking("every path gives a gradient of 0".into())),
    }
}
