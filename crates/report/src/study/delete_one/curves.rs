//! Test error after deleting each unit in turn, as curves along the network: figure 3 of Veit
//! et al. 2016, and the figures of other networks in the same view.

use record::Record;
use record::UnitDeletion;
use record::stats::Interval;

use super::deletions::{Deletions, Effect};
use crate::ReportError;
use crate::figure::{Axis, Figure, Key, Level, Lines, Point, Series};
use crate::words;

/// What a figure has of its own.
pub(super) struct View {
    /// Its name, and its file's.
    pub(super) name: &'static str,
    /// What its caption says at the end; nothing where it is empty.
    pub(super) about: &'static str,
}

/// Draws test error against the deleted unit, one curve for each delete-one record.
///
/// The unit's index (1-based) is the horizontal axis that all networks share, so a
/// shallower network's curve ends earlier. Bars are Wilson's 95 % intervals, diamonds
/// boundary units, dashed lines the intact networks, and the dotted line is chance. A
/// unit that cannot be deleted leaves a gap. Records of other experiments are skipped, and
/// those of deleted skips or re-estimated statistics.
///
/// # Errors
/// [`ReportError::NothingToShow`] without a delete-one record that has units,
/// [`ReportError::TooMany`] with more than four, [`ReportError::Draw`] if the plotting
/// library fails.
pub(super) fn draw(records: &[&Record], view: &View) -> Result<Figure, ReportError> {
    let View { name, about } = *view;
    let mut all = Deletions::all(records)?;
    all.retain(|deletions| deletions.is_plain() && !deletions.answer.units.is_empty());
    if all.is_empty() {
        return Err(ReportError::NothingToShow {
            figure: name.into(),
            needed: "a record of the experiment delete-one".into(),
            given: records.len(),
        });
    }
    let longest = all.iter().map(|deletions| deletions.answer.units.len()).max().unwrap_or(1);
    let mut kinds: Vec<_> = all.iter().map(Deletions::unit_word).collect();
    kinds.sort_unstable();
    kinds.dedup();
    let has_boundary = |deletions: &Deletions| deletions.effects().iter().any(|e| e.unit.boundary);
    let diamonds = (Key::Diamond, "boundary: changes resolution or channels".to_string());
    let bars = (Key::Interval, "95 % interval".to_string());
    let chart = Lines {
        title: title(&all),
        subtitle: sample_sizes(&all),
        x: Axis::counting(format!("deleted {} (1-based)", kinds.join(" / ")), longest),
        y: Axis::new("test error (%)", 0.0, 100.0),
        series: all.iter().map(series).collect(),
        levels: levels(&all),
        keys: all.iter().any(has_boundary).then_some(diamonds).into_iter().chain([bars]).collect(),
        caption: caption(&all, about),
    };
    chart.draw(name)
}

/// One curve, broken where a unit cannot be deleted.
fn series(deletions: &Deletions) -> Series {
    let effects = deletions.effects();
    let runs = effects.chunk_by(|a, b| a.unit.index + 1 == b.unit.index);
    Series {
        label: format!("{}, {}", deletions.label, deletions.lesion()),
        runs: runs.map(|run| run.iter().map(point).collect()).collect(),
        band: Vec::new(),
    }
}

fn point(effect: &Effect) -> Point {
    let Interval { low, high } = effect.error_interval();
    Point {
        x: (effect.unit.index + 1) as f64,
        y: 100.0 * effect.error(),
        interval: Some(Interval { low: 100.0 * low, high: 100.0 * high }),
        diamond: effect.unit.boundary,
    }
}

/// Chance, once for each number of classes, and the intact networks.
fn levels(all: &[Deletions]) -> Vec<Level> {
    let mut chances: Vec<f64> = all.iter().map(|deletions| deletions.data.chance()).collect();
    chances.sort_by(f64::total_cmp);
    chances.dedup();
    let chances = chances.into_iter().map(|chance| Level {
        y: 100.0 * chance,
        label: format!("chance {:.0} %", 100.0 * chance),
        series: None,
    });
    let intact = all.iter().enumerate().map(|(place, deletions)| {
        let error = deletions.answer.intact.error();
        let label = format!("{} intact {}", deletions.label, words::percent(error));
        Level { y: 100.0 * error, label, series: Some(place) }
    });
    chances.chain(intact).collect()
}

fn title(all: &[Deletions]) -> String {
    if let [first, second, third @ ..] = all
        && !third.is_empty()
    {
        return format!("Deleting one unit of {}, {} and others", first.label, second.label);
    }
    let what = all.iter().map(|one| format!("one {} of {}", one.unit_word(), one.label));
    format!("Deleting {}", what.collect::<Vec<_>>().join(" or "))
}

/// `n = 2,000 test images`, or each network's n where they differ.
pub(super) fn sample_sizes(all: &[Deletions]) -> String {
    let size = |deletions: &Deletions| words::count(deletions.data.images as u64);
    let first = size(&all[0]);
    if all.iter().all(|deletions| size(deletions) == first) {
        return format!("n = {first} test images");
    }
    let each = all.iter().map(|one| format!("{} for {}", size(one), one.label));
    format!("n = {} test images", words::list(&each.collect::<Vec<_>>()))
}

fn caption(all: &[Deletions], about: &str) -> String {
    let mut text = format!(
        "Test error after deleting one unit at a time ({}). Bars: Wilson 95 % intervals. \
         Dashed: the intact networks. Dotted: chance.",
        sample_sizes(all)
    );
    for deletions in all {
        let (units, word) = (&deletions.answer.units, deletions.unit_word());
        let numbers = |is: fn(&UnitDeletion) -> bool| {
            let numbers = units.iter().filter(|unit| is(unit)).map(|unit| unit.index + 1);
            numbers.map(|number| number.to_string()).collect::<Vec<_>>()
        };
        let boundary = numbers(|unit| unit.boundary && unit.deleted.is_some());
        let gaps = numbers(|unit| unit.deleted.is_none());
        text += &format!(" {}: {}", deletions.label, words::plural(units.len(), word));
        if !boundary.is_empty() {
            text += &format!("; diamonds: boundary {}", words::list(&boundary));
        }
        if !gaps.is_empty() {
            text += &format!(
                "; no mark for {}, whose input and output shapes differ and which cannot be \
                 deleted",
                words::list(&gaps)
            );
        }
        text.push('.');
    }
    if !about.is_empty() {
        text.push(' ');
        text += about;
    }
    text
}
