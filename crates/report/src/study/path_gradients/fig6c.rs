//! Figure 6c: from which lengths the gradient comes.

use record::Record;
use record::stats::Interval;

use super::fig6b::mean_row;
use super::gradients::{Gradients, at_images, batches, over_batches, product};
use super::quantities::centre;
use crate::figure::{Axis, Figure, Key, Level, Lines, Point, Series};
use crate::study::Estimate;
use crate::study::path_lengths::length_axis;
use crate::{ReportError, words};

/// The number of paths times their mean norm, normalised, and the exact share of each
/// length in the whole gradient.
pub(super) fn fig6c(records: &[&Record]) -> Result<Figure, ReportError> {
    let gradients = Gradients::one(records)?;
    let (n, name) = (gradients.n(), gradients.name());
    let curves = [
        ("number of paths x mean norm, normalised", product_points(&gradients)),
        ("exact share of all paths of a length", share_points(&gradients)),
    ];
    let parts = Parts::of(curves.iter().flat_map(|(_, points)| points));
    let centre = centre(&mean_row(&gradients)).map_or_else(String::new, |centre| {
        let effective = effective_range(&mean_row(&gradients));
        format!(
            "; product: centre {}, 95 % at {} to {} branches",
            words::decimal(centre, 1),
            effective.0,
            effective.1
        )
    });
    Lines {
        title: format!("From which path lengths the gradient of {name} comes"),
        subtitle: format!("{}, {}{centre}", gradients.about(), gradients.statistics),
        x: length_axis(n),
        y: parts.axis,
        series: curves
            .into_iter()
            .map(|(label, points)| Series { label: label.into(), runs: vec![points], band: Vec::new() })
            .filter(|series| !series.runs[0].is_empty())
            .collect(),
        levels: parts.zero,
        keys: vec![(Key::Interval, "95 % interval".into())],
        caption: format!(
            "Two different things for {name}. Circles: the number of paths of a length times their \
             mean norm, as parts of the sum, as in the paper; it ignores that paths cancel. Squares: \
             <g_k, g> / |g|^2, where g_k is the total gradient of all paths of length k, computed \
             exactly, and g the whole gradient; these sum to 100 % and may be negative or above it. \
             Bars: the bootstrap's 95 % intervals over batches ({} and {}).",
            batches(gradients.answer.paths.len()),
            batches(gradients.answer.exact.len())
        ),
    }
    .draw("fig6c-path-gradients")
}

/// The number of paths of each length times their mean norm, normalised.
pub(super) fn product_points(gradients: &Gradients) -> Vec<Point> {
    let norms = gradients.mean_norms(at_images);
    points(gradients.n(), |k| over_batches(&norms, |row| Some(product(row)?[k])))
}

/// The exact share of all paths of each length in the whole gradient.
pub(super) fn share_points(gradients: &Gradients) -> Vec<Point> {
    let products = gradients.products();
    points(gradients.n(), |k| over_batches(&products, |row| Some(row[k] / row[row.len() - 1])))
}

/// The axis of parts of a whole, in percent.
pub(super) struct Parts {
    pub(super) axis: Axis,
    /// A line at 0, where parts are clearly below it.
    pub(super) zero: Vec<Level>,
}

impl Parts {
    pub(super) fn of<'p>(points: impl Iterator<Item = &'p Point>) -> Parts {
        let ends = points.flat_map(|point| {
            let ends = point.interval.unwrap_or(Interval { low: point.y, high: point.y });
            [ends.low, ends.high]
        });
        let (low, high) = ends.fold((0.0, 10.0), |(low, high), y: f64| (y.min(low), y.max(high)));
        let step = if high - low > 100.0 { 50.0 } else { 10.0 };
        let is_below = low < -2.5;
        let zero = Level { y: 0.0, label: String::new(), series: None };
        // A little below 0 needs no tick of its own.
        let low = if is_below { step * (low / step).floor() } else { (2.0 * low).floor() / 2.0 };
        Parts {
            axis: Axis::new("part (%)", low, step * (high / step).ceil()),
            zero: if is_below { vec![zero] } else { Vec::new() },
        }
    }
}

/// In percent, where there is a value.
fn points(n: usize, of: impl Fn(usize) -> Option<Estimate>) -> Vec<Point> {
    let point = |k: usize| {
        let Estimate { value, low, high } = of(k)?;
        let interval = Some(Interval { low: 100.0 * low, high: 100.0 * high });
        Some(Point { x: k as f64, y: 100.0 * value, interval, diamond: false })
    };
    (0..=n).filter_map(point).collect()
}

/// The lengths between the 2.5 % and the 97.5 % quantile of the product.
pub(super) fn effective_range(norms: &[f64]) -> (usize, usize) {
    let parts = product(norms).unwrap_or_default();
    let quantile = |p: f64| {
        let mut sum = 0.0;
        let reached = parts.iter().position(|part| {
            sum += part;
            sum >= p
        });
        reached.unwrap_or(parts.len().saturating_sub(1))
    };
    (quantile(0.025), quantile(0.975))
}
