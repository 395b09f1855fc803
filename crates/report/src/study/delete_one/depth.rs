//! What a deletion costs in networks of several depths, one plot for each.

use record::Record;
use record::stats::{Interval, median};

use super::curves::sample_sizes;
use super::deletions::{Deletions, Effect};
use crate::ReportError;
use crate::figure::{Axis, Dot, Figure, Key, Level, Plot, Scatter};
use crate::words;

const NAME: &str = "fig3-depth";

/// D of each unit against its place, in the order of the records; all plots share the scale
/// of D, and each has its own number of units.
///
/// # Errors
/// [`ReportError::NothingToShow`] without a record of units deleted from a network as it was
/// trained; [`ReportError::Data`] with more than six.
pub(super) fn draw(records: &[&Record]) -> Result<Figure, ReportError> {
    let mut all = Deletions::all(records)?;
    all.retain(|deletions| deletions.is_plain() && !deletions.effects().is_empty());
    let Some(first) = all.first() else {
        return Err(ReportError::NothingToShow {
            figure: NAME.into(),
            needed: "a record of the experiment delete-one".into(),
            given: records.len(),
        });
    };
    let word = first.unit_word();
    let intervals = all.iter().flat_map(|deletions| {
        let effects = deletions.effects();
        effects.iter().map(|effect| effect.change.interval()).collect::<Vec<_>>()
    });
    let (low, high) = intervals.fold((0.0, 0.0), |(low, high): (f64, f64), ends: Interval| {
        (low.min(100.0 * ends.low), high.max(100.0 * ends.high))
    });
    // A little more than they take, for marks at the edge.
    let room = 0.03 * (high - low).max(1.0);
    let y = Axis::new("D: points of test error added", low - room, high + room);
    let has_boundary = |deletions: &Deletions| deletions.effects().iter().any(|e| e.unit.boundary);
    let diamonds = (Key::Diamond, "boundary: changes resolution or channels".to_owned());
    let keys = [
        (Key::Interval, "paired 95 % interval".to_owned()),
        (Key::Level, format!("median over non-boundary {word}s")),
    ];
    Scatter {
        title: format!("What one {word} is worth in networks of several depths"),
        subtitle: sample_sizes(&all),
        series: vec![format!("one {word} deleted")],
        plots: all.iter().map(|deletions| plot(deletions, &y)).collect(),
        keys: all.iter().any(has_boundary).then_some(diamonds).into_iter().chain(keys).collect(),
        caption: caption(&all),
    }
    .draw(NAME)
}

fn plot(deletions: &Deletions, y: &Axis) -> Plot {
    let dot = |effect: &Effect| {
        let Interval { low, high } = effect.change.interval();
        Dot {
            series: 0,
            x: (effect.unit.index + 1) as f64,
            y: 100.0 * effect.change.difference(),
            interval: Some(Interval { low: 100.0 * low, high: 100.0 * high }),
            diamond: effect.unit.boundary,
            label: String::new(),
        }
    };
    let middle = middle(deletions);
    let told = middle.map(|d| format!(": median D {} points", words::points(d)));
    let name = format!("deleted {} (1-based)", deletions.unit_word());
    Plot {
        title: deletions.label.clone() + &told.unwrap_or_default(),
        x: Axis::counting(name, deletions.answer.units.len()),
        y: y.clone(),
        dots: deletions.effects().iter().map(dot).collect(),
        levels: middle
            .map(|d| Level { y: 100.0 * d, label: String::new(), series: None })
            .into_iter()
            .collect(),
        joined: true,
    }
}

/// The median D over the non-boundary units, as a fraction.
fn middle(deletions: &Deletions) -> Option<f64> {
    let effects = deletions.effects();
    let inner = effects.iter().filter(|effect| !effect.unit.boundary);
    median(&inner.map(|effect| effect.change.difference()).collect::<Vec<_>>())
}

fn caption(all: &[Deletions]) -> String {
    let trained = all.iter().map(|deletions| {
        let units = words::plural(deletions.answer.units.len(), deletions.unit_word());
        match deletions.network.weights.epochs {
            Some(epochs) => format!("{} ({units}, {epochs} epochs)", deletions.label),
            None => format!("{} ({units})", deletions.label),
        }
    });
    format!(
        "D, the error of the lesioned network minus that of the intact one, with each unit \
         deleted in turn ({}), and as trained: {}. Bars: paired 95 % intervals of Agresti and \
         Min. Dotted: the median over the units that are not boundaries.",
        sample_sizes(all),
        words::list(&trained.collect::<Vec<_>>())
    )
}
