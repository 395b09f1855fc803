//! Plots of several records of one network, such as with one term deleted and with the
//! other.

use record::stats::Interval;

use super::deletions::{Deletions, Effect};
use crate::figure::{Axis, Dot, Key, Level, Plot};
use crate::words;

/// Test error against the unit, the records as series in their order; dashed each intact
/// network, dotted chance.
///
/// # Panics
/// If there is no record.
pub(in crate::study) fn plot(title: String, all: &[&Deletions]) -> Plot {
    let (word, units) = (all[0].unit_word(), all[0].answer.units.len());
    let dots = all.iter().enumerate().flat_map(|(series, deletions)| {
        let effects = deletions.effects();
        effects.iter().map(|effect| dot(series, effect)).collect::<Vec<_>>()
    });
    let level = |y: f64, series| Level { y: 100.0 * y, label: String::new(), series };
    let intact = all.iter().enumerate();
    let intact = intact.map(|(series, one)| level(one.answer.intact.error(), Some(series)));
    Plot {
        title,
        x: Axis::counting(format!("{word} (1-based)"), units),
        y: Axis::new("test error (%)", 0.0, 100.0),
        dots: dots.collect(),
        levels: intact.chain([level(all[0].data.chance(), None)]).collect(),
        joined: true,
    }
}

fn dot(series: usize, effect: &Effect) -> Dot {
    let Interval { low, high } = effect.error_interval();
    Dot {
        series,
        x: (effect.unit.index + 1) as f64,
        y: 100.0 * effect.error(),
        interval: Some(Interval { low: 100.0 * low, high: 100.0 * high }),
        diamond: effect.unit.boundary,
        label: String::new(),
    }
}

/// The legend entries that such plots share.
pub(in crate::study) fn keys(all: &[&Deletions]) -> Vec<(Key, String)> {
    let has_boundary = all.iter().any(|one| one.effects().iter().any(|e| e.unit.boundary));
    let diamonds = (Key::Diamond, "boundary: changes resolution or channels".to_owned());
    let chance = all.first().map(|one| format!("chance, {:.0} %", 100.0 * one.data.chance()));
    has_boundary
        .then_some(diamonds)
        .into_iter()
        .chain([(Key::Interval, "95 % interval".to_owned())])
        .chain(chance.map(|text| (Key::Level, text)))
        .collect()
}

/// On how many test images these records are: `2,000`, or `500 and 2,000` where they differ.
pub(in crate::study) fn images(all: &[&Deletions]) -> String {
    let mut each: Vec<usize> = all.iter().map(|one| one.answer.images).collect();
    each.sort_unstable();
    each.dedup();
    let each: Vec<String> = each.into_iter().map(|n| words::count(n as u64)).collect();
    words::list(&each)
}
