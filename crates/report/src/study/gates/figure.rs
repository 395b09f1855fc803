//! Gates, norms and what closing the gates costs, unit by unit.

use record::stats::Interval;
use record::{GateUse, Record};

use super::{Closed, FAVOURS_SKIP};
use crate::ReportError;
use crate::figure::{Axis, Dot, Figure, Key, Level, Plot, Scatter};
use crate::study::damage::correlation_in_words;
use crate::words;

/// Three plots over the units: T before and after training, the ratio of the norms of the
/// two terms, the rise of cross-entropy when the gate is closed.
pub(super) fn fig_gates(records: &[&Record]) -> Result<Figure, ReportError> {
    let closed = Closed::of_pair(records)?;
    let units = &closed.answer.units;
    let Some(last) = units.last() else {
        return Err(ReportError::NothingToShow {
            figure: "fig-gates".into(),
            needed: "a network with gated units".into(),
            given: records.len(),
        });
    };
    let word = &closed.network.model.unit;
    let mut x = Axis::counting(format!("gated {word} (1-based)"), last.index + 1);
    if x.ticks.len() > 10 {
        x.ticks.retain(|tick| *tick == 1.0 || tick % 5.0 == 0.0);
    }
    // After training in the first colour, before it in the second.
    let dots = |of: &dyn Fn(&GateUse) -> (f64, Option<Interval>)| -> Vec<Dot> {
        let before = units.iter().map(|unit| (1, unit.index, unit.before.as_ref()));
        let after = units.iter().map(|unit| (0, unit.index, Some(&unit.after)));
        let seen = before.chain(after).filter_map(|(series, index, seen)| {
            let (y, interval) = of(seen?);
            let interval = interval.filter(|_| series == 0);
            Some(dot(series, index, y, interval))
        });
        seen.collect()
    };
    let gate = |gate: &GateUse| {
        let middle = Interval { low: gate.quantile(0.1), high: gate.quantile(0.9) };
        (gate.gate.mean, Some(middle))
    };
    let ratio = |gate: &GateUse| (gate.ratio.mean, None);
    let ratios = dots(&ratio);
    let rises = || closed.damages.iter().map(|damage| damage.rise);
    let costs = units.iter().zip(rises()).map(|(unit, rise)| dot(0, unit.index, rise, None));
    let plot = |title: &str, y: Axis, dots: Vec<Dot>| {
        let (title, x) = (title.to_owned(), x.clone());
        Plot { title, x, y, dots, levels: Vec::new(), joined: true }
    };
    let level = |y: f64| vec![Level { y, label: String::new(), series: None }];
    let has_before = units.iter().any(|unit| unit.before.is_some());
    let before = has_before.then(|| "before training".to_owned());
    let (name, n) = (&closed.network.name, words::count(closed.answer.images as u64));
    let factors =
        Axis::log("|T h| / |(1 \u{2212} T) x|", ratios.iter().map(|dot| dot.y).chain([1.0]));
    Scatter {
        title: format!("Do the gates of {name} favour the skip?"),
        subtitle: format!("n = {n} test images; y = T h + (1 \u{2212} T) x"),
        series: ["after training".to_owned()].into_iter().chain(before).collect(),
        plots: vec![
            Plot {
                levels: level(FAVOURS_SKIP),
                ..plot("How far gates are open", Axis::new("mean T", 0.0, 1.0), dots(&gate))
            },
            Plot { levels: level(1.0), ..plot("What they let through", factors, ratios) },
            plot(
                &format!("With T: {}", correlation_in_words(&closed.correlation())),
                Axis::around("rise of cross-entropy, gate closed (nats)", rises().chain([0.0])),
                costs.collect(),
            ),
        ],
        keys: vec![
            (Key::Interval, "10 to 90 % of T after training".to_owned()),
            (Key::Level, format!("T = {FAVOURS_SKIP}; equal norms")),
        ],
        caption: format!(
            "Gated units of {name}. Left: the mean gate T over {n} test images, positions and \
             channels, with the 10 and 90 % quantiles of T after training; dotted: 0.45, up to \
             which a unit counts as favouring the skip. Middle: the norm of T h over that of \
             (1 \u{2212} T) x, the mean over images. Right: the rise of cross-entropy when the gate \
             is closed (T = 0), and its correlation with T over the units, in brackets the 95 % \
             interval from drawing the units again.{}",
            match closed.answer.batches {
                0 => String::new(),
                batches => format!(
                    " Before training: the initial weights, batch-norm statistics from training \
                     images (batches: {batches})."
                ),
            }
        ),
    }
    .draw("fig-gates-highway")
}

fn dot(series: usize, index: usize, y: f64, interval: Option<Interval>) -> Dot {
    let x = (index + 1) as f64;
    Dot { series, x, y, interval, diamond: false, label: String::new() }
}
