//! From which lengths the gradient comes before training, and after.

use record::Record;

use super::fig6b::mean_row;
use super::fig6c::{Parts, effective_range, product_points, share_points};
use super::gradients::{Gradients, batches};
use super::quantities::centre;
use crate::figure::{Figure, Key, Lines, Point, Series};
use crate::study::damage;
use crate::study::path_lengths::length_axis;
use crate::{ReportError, words};

/// Figure 6c of a network as its training found it, beside that of the trained one.
pub(super) fn figure(records: &[&Record]) -> Result<Figure, ReportError> {
    let [of_before, of_after] = records else {
        return Err(ReportError::Networks { expected: "one network", given: records.len() / 2 });
    };
    damage::same(records)?;
    let (before, after) = (Gradients::of(of_before)?, Gradients::of(of_after)?);
    for (record, found, expected) in
        [(of_before, before.initial, true), (of_after, after.initial, false)]
    {
        if found != expected {
            let what = "expected the initial network first, then the trained one".into();
            return Err(ReportError::Unfit { name: record.name.clone(), what });
        }
    }
    let curves = |gradients: &Gradients, when: &str| {
        [
            (format!("{when}: paths x mean norm"), product_points(gradients)),
            (format!("{when}: exact share"), share_points(gradients)),
        ]
    };
    let curves = [curves(&before, "before training"), curves(&after, "after training")].concat();
    let parts = Parts::of(curves.iter().flat_map(|(_, points)| points));
    let series = |(label, points): (String, Vec<Point>)| Series {
        label,
        runs: vec![points],
        band: Vec::new(),
    };
    let name = &after.network.name;
    Lines {
        title: format!("Are short paths there from the start? {name}"),
        subtitle: format!(
            "before: {}; after: {}; {}",
            before.about(),
            batches(after.answer.paths.len()),
            after.statistics
        ),
        x: length_axis(after.n()),
        y: parts.axis,
        series: curves.into_iter().filter(|(_, points)| !points.is_empty()).map(series).collect(),
        levels: parts.zero,
        keys: vec![(Key::Interval, "95 % interval".into())],
        caption: format!(
            "The two curves of figure 6c for {name}: with the weights that its training started \
             from, on {}, and with the trained ones, on {}: {}; {}. Bars: the bootstrap's \
             95 % intervals over batches.",
            before.about(),
            after.about(),
            in_words(&before, "before"),
            in_words(&after, "after")
        ),
    }
    .draw("fig6c-initial-path-gradients")
}

/// For instance `before training, 95 % of the product lies at 2 to 7 branches (centre 4.4)`.
fn in_words(gradients: &Gradients, when: &str) -> String {
    let norms = mean_row(gradients);
    let (from, to) = effective_range(&norms);
    match centre(&norms) {
        Some(centre) => {
            let centre = words::decimal(centre, 1);
            format!(
                "{when} training, 95 % of the product lies at {from} to {to} branches (centre {centre})"
            )
        }
        None => format!("{when} training, all norms are 0"),
    }
}
