//! Plots beside each other: of several records of one network, such as with one term deleted
//! and with the other, or of several networks.

use record::stats::Interval;

use super::deletions::{Deletions, Effect};
use crate::figure::{Axis, Dot, Key, Level, Plot};
use crate::words;

/// Test error against the unit, with each record the place of its series; dashed each intact
/// network, dotted chance where the axis of errors reaches it.
///
/// # Panics
/// If there is no record.
pub(in crate::study) fn plot(title: String, y: Axis, all: &[(usize, &Deletions)]) -> Plot {
    let (_, first) = all[0];
    let dots = all.iter().flat_map(|(series, deletions)| {
        let effects = deletions.effects();
        effects.iter().map(|effect| dot(*series, effect)).collect::<Vec<_>>()
    });
    let level = |y: f64, series| Level { y: 100.0 * y, label: String::new(), series };
    let intact = all.iter().map(|(series, one)| level(one.answer.intact.error(), Some(*series)));
    // Records of one network share a line, in the colour of the first.
    let mut levels: Vec<Level> = intact.collect();
    levels.dedup_by(|next, one| next.y == one.y);
    levels.push(level(first.data.chance(), None));
    levels.retain(|level| level.y <= y.to);
    Plot {
        title,
        x: Axis::counting(format!("{} (1-based)", first.unit_word()), first.answer.units.len()),
        y,
        dots: dots.collect(),
        levels,
        joined: true,
    }
}

/// The axis of errors up to 100 %.
pub(in crate::study) fn whole() -> Axis {
    Axis::new(ERROR, 0.0, 100.0)
}

/// The axis of errors from 0 to a round end above those of these records.
pub(in crate::study) fn around(all: &[&Deletions]) -> Axis {
    let tops = all.iter().flat_map(|one| {
        let effects = one.effects();
        let tops = effects.iter().map(|effect| effect.error_interval().high);
        tops.chain([one.answer.intact.error()]).collect::<Vec<_>>()
    });
    Axis::around(ERROR, tops.map(|top| 100.0 * top).chain([0.0]))
}

const ERROR: &str = "test error (%)";

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

/// The legend entries that such plots share, with that of chance where they show it.
pub(in crate::study) fn keys(all: &[&Deletions], shows_chance: bool) -> Vec<(Key, String)> {
    let has_boundary = all.iter().any(|one| one.effects().iter().any(|e| e.unit.boundary));
    let diamonds = (Key::Diamond, "boundary: changes resolution or channels".to_owned());
    let first = all.first().filter(|_| shows_chance);
    let chance = first.map(|one| format!("chance, {:.0} %", 100.0 * one.data.chance()));
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
