//! Curves: the error of the probes against the unit.

use record::ProbedNetwork;

use super::Probing;
use super::curve::percent;
use crate::ReportError;
use crate::figure::{Axis, Figure, Key, Level, Lines, Point, Series};
use crate::words;

/// What a figure of curves says.
pub(in crate::study) struct View {
    /// Its name, and that of its file.
    pub(in crate::study) name: &'static str,
    pub(in crate::study) title: String,
    /// The end of its caption.
    pub(in crate::study) about: String,
}

/// A curve for each network of each record, up to four; the error of the first record's
/// network itself is a level.
pub(in crate::study) fn draw(
    probings: &[(Probing<'_>, String)],
    view: View,
) -> Result<Figure, ReportError> {
    let mut series = Vec::new();
    let mut levels = Vec::new();
    let mut told = Vec::new();
    let first = &probings[0].0;
    for (probing, label) in probings {
        for network in &probing.answer.networks {
            let label = match network.deleted {
                Some(id) => format!("without {} {}", probing.word, id + 1),
                None => label.clone(),
            };
            if let Some(own) = &network.own {
                if levels.is_empty() {
                    let (y, series) = (100.0 * own.error(), Some(series.len()));
                    let label = format!("{} itself", probing.name);
                    levels.push(Level { y, label, series });
                }
                let name = network.deleted.map_or(probing.name, |_| label.as_str());
                told.push(format!("{name} {}", words::percent(own.error())));
            }
            let runs = vec![points(network)];
            series.push(Series { label, runs, band: Vec::new() });
        }
    }
    let ends = probings.iter().filter_map(|(probing, _)| probing.units().last());
    let last = ends.map(|unit| unit.index + 1).max().unwrap_or(0);
    let has_image = probings.iter().any(|(probing, _)| probing.network().image.is_some());
    let mut x = Axis::counting(format!("{} (1-based)", first.word), last);
    if has_image {
        x.name = format!("{} (1-based; 0: the image)", first.word);
        x.from = -0.6;
        x.ticks.insert(0, 0.0);
    }
    let ends = series.iter().flat_map(|curve| curve.runs.iter().flatten());
    let ends = ends.flat_map(|point| [point.y, point.interval.map_or(point.y, |i| i.high)]);
    let y = Axis::around("error of the probe (%)", ends.chain([0.0]));
    let (n, training) = (first.images().images, first.answer.training);
    let cells = |pool: u64| format!("{pool} x {pool}");
    let mut pools: Vec<u64> = probings.iter().map(|(probing, _)| probing.pool).collect();
    pools.dedup();
    let pools: Vec<String> = pools.into_iter().map(cells).collect();
    let is_sparse = probings.iter().any(|(probing, _)| probing.every > 1);
    let note = if is_sparse { " Not every unit has a probe." } else { "" };
    Lines {
        title: view.title,
        subtitle: format!(
            "n = {} test images; probes fitted on {} training images",
            words::count(n as u64),
            words::count(training as u64)
        ),
        x,
        y,
        series,
        levels,
        keys: vec![
            (Key::Diamond, "boundary: changes resolution or channels".into()),
            (Key::Interval, "95 % interval".into()),
        ],
        caption: format!(
            "Test error of a linear classifier on the raw output of each {word}, averaged to {} \
             and standardised (n = {} test images): multinomial logistic regression, fitted to \
             convergence on {} training images, with the penalty that errs least on the last {} of \
             them. 0 is the image itself, averaged in the same way. Bars: Wilson 95 % intervals \
             over images. Errors of the networks themselves: {}.{note} {}",
            words::list(&pools),
            words::count(n as u64),
            words::count(training as u64),
            words::count(first.answer.held_out as u64),
            words::list(&told),
            view.about,
            word = first.word,
        ),
    }
    .draw(view.name)
}

fn points(network: &ProbedNetwork) -> Vec<Point> {
    let point = |x: f64, diamond: bool, probe: &record::Probe| {
        let (y, interval) = percent(probe);
        Point { x, y, interval: Some(interval), diamond }
    };
    let image = network.image.iter().map(|probe| point(0.0, false, probe));
    let units = network.units.iter();
    let units = units.map(|unit| point((unit.index + 1) as f64, unit.boundary, &unit.probe));
    image.chain(units).collect()
}
