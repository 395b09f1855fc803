//! Figure 3 of Veit et al. 2016: test error after deleting each unit in turn.

mod plot;

use plotters::prelude::RGBColor;
use record::Record;

use super::palette::{Mark, SERIES};
use super::{Figure, render};
use crate::ReportError;
use crate::sweep::{self, Effect, Sweep};
use crate::words;

const FIGURE: &str = "figure 3";

/// Draws test error against the deleted unit, one curve for each delete-one record.
///
/// The unit's index (1-based) is the horizontal axis that all networks share, so a
/// shallower network's curve ends earlier. Bars are Wilson's 95 % intervals, diamonds
/// boundary units, dashed lines the intact networks, and the dotted line is chance. A
/// unit that cannot be deleted leaves a gap. Records of other experiments are skipped.
///
/// # Errors
/// [`ReportError::NothingToShow`] without a delete-one record that has units,
/// [`ReportError::TooMany`] with more than four, [`ReportError::Draw`] if the plotting
/// library fails.
pub fn fig3(records: &[&Record]) -> Result<Figure, ReportError> {
    let sweeps: Vec<Sweep> = records
        .iter()
        .filter_map(|record| Sweep::of(record))
        .filter(|sweep| !sweep.units().is_empty())
        .collect();
    if sweeps.is_empty() {
        let needed = "a record of the experiment delete-one";
        return Err(ReportError::NothingToShow { figure: FIGURE, needed, given: records.len() });
    }
    if sweeps.len() > SERIES.len() {
        let (limit, given) = (SERIES.len(), sweeps.len());
        return Err(ReportError::TooMany { figure: FIGURE, limit, given });
    }
    let labels = sweep::labels(&sweeps);
    let series = sweeps.iter().zip(&labels).zip(SERIES);
    let series = series.map(|((sweep, label), (color, mark))| Series {
        sweep: *sweep,
        effects: sweep.effects(),
        label: label.clone(),
        color,
        mark,
    });
    let drawing = Deletions { series: series.collect() };
    let title = drawing.title();
    let caption = drawing.caption();
    render(&drawing, "fig3-delete-one", &title, caption)
}

struct Series<'a> {
    sweep: Sweep<'a>,
    effects: Vec<Effect<'a>>,
    label: String,
    color: RGBColor,
    mark: Mark,
}

struct Deletions<'a> {
    series: Vec<Series<'a>>,
}

impl Deletions<'_> {
    fn title(&self) -> String {
        if let [first, second, third @ ..] = self.series.as_slice()
            && !third.is_empty()
        {
            return format!("Deleting one unit of {}, {} and others", first.label, second.label);
        }
        let what = self.series.iter().map(|series| {
            let word = series.sweep.unit_word();
            format!("one {word} of {}", series.label)
        });
        format!("Deleting {}", what.collect::<Vec<_>>().join(" or "))
    }

    /// `n = 2,000 test images`, or each network's n where they differ.
    fn sample_sizes(&self) -> String {
        let size = |series: &Series| words::count(series.sweep.images() as u64);
        let first = size(&self.series[0]);
        if self.series.iter().all(|series| size(series) == first) {
            return format!("n = {first} test images");
        }
        let each = self.series.iter().map(|s| format!("{} for {}", size(s), s.label));
        format!("n = {} test images", words::list(&each.collect::<Vec<_>>()))
    }

    fn caption(&self) -> String {
        let mut text = format!(
            "Test error after deleting one unit at a time ({}). Bars: Wilson 95 % intervals. \
             Dashed: the intact networks. Dotted: chance.",
            self.sample_sizes()
        );
        for series in &self.series {
            let (sweep, word) = (&series.sweep, series.sweep.unit_word());
            let number = |unit: &record::UnitDeletion| (unit.index + 1).to_string();
            let boundary: Vec<_> = series
                .effects
                .iter()
                .filter(|effect| effect.unit.boundary)
                .map(|effect| number(effect.unit))
                .collect();
            let gaps: Vec<_> =
                sweep.units().iter().filter(|unit| unit.deleted.is_none()).map(number).collect();
            text += &format!(" {}: {}", series.label, words::plural(sweep.units().len(), word));
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
        text
    }
}
