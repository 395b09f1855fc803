//! From which lengths the gradient comes before, during and after training.

use record::Record;

use super::fig6b::mean_row;
use super::fig6c::{Parts, effective_range, product_points, share_points};
use super::gradients::{Gradients, batches};
use super::quantities::centre;
use crate::figure::{Figure, Pair, Panel, Point, Shaded};
use crate::study::damage;
use crate::study::path_lengths::length_axis;
use crate::{ReportError, words};

/// Figure 6c of a network as its training found it, of the same training after some of its
/// epochs, and of the trained network.
pub(super) fn figure(records: &[&Record]) -> Result<Figure, ReportError> {
    let (of_before, of_after) = match records {
        [before, .., after] => (*before, *after),
        _ => return Err(ReportError::Networks { expected: "one network", given: records.len() }),
    };
    damage::same(&[of_before, of_after])?;
    let states: Vec<State> = records.iter().map(|r| State::of(r)).collect::<Result<_, _>>()?;
    for (place, (state, record)) in states.iter().zip(records).enumerate() {
        if state.gradients.initial != (place == 0)
            || record.key.images != of_after.key.images
            || state.gradients.network.model != states[0].gradients.network.model
        {
            let what = "expected the initial network, then later states of the same one, all \
                        on the same images";
            return Err(ReportError::Unfit { name: record.name.clone(), what: what.into() });
        }
    }
    let curves = |points: fn(&Gradients) -> Vec<Point>| -> Vec<Shaded> {
        let last = (states.len() - 1) as f64;
        let shaded = states.iter().enumerate().map(|(place, state)| Shaded {
            label: state.when.clone(),
            shade: 0.3 + 0.7 * place as f64 / last,
            points: points(&state.gradients),
            marked: true,
        });
        shaded.collect()
    };
    let after = &states[states.len() - 1].gradients;
    let panel = |name: &str, curves: Vec<Shaded>| {
        let Parts { mut axis, zero } = Parts::of(curves.iter().flat_map(|curve| &curve.points));
        axis.name = name.to_owned();
        Panel { x: length_axis(after.n()), y: axis, curves, levels: zero }
    };
    let name = &after.network.name;
    let ranges: Vec<String> = states.iter().map(State::range).collect();
    let tried: Vec<String> = states
        .iter()
        .map(|state| format!("{} {}", batches(state.gradients.answer.paths.len()), state.when))
        .collect();
    Pair {
        title: format!("Are short paths there from the start? {name}"),
        subtitle: format!("{}, {}", after.about(), after.statistics),
        panels: [
            panel("number of paths x mean norm (%)", curves(product_points)),
            panel("exact share (%)", curves(share_points)),
        ],
        caption: format!(
            "The two curves of figure 6c for {name} over its training. Left, number of paths \
             times mean norm, as parts of the sum: {}. Right, the exact share of all paths of a \
             length in the whole gradient. Seen: {}. Bars: the bootstrap's 95 % intervals over \
             batches.",
            ranges.join("; "),
            words::list(&tried)
        ),
    }
    .draw("fig6c-training-path-gradients")
}

/// A network at some time of its training.
struct State<'a> {
    gradients: Gradients<'a>,
    /// For instance `after 32 of 64 epochs`.
    when: String,
}

impl<'a> State<'a> {
    fn of(record: &'a Record) -> Result<Self, ReportError> {
        let gradients = Gradients::of(record)?;
        let weights = &gradients.network.weights;
        let when = match (weights.epochs, weights.of_epochs) {
            _ if gradients.initial => "before training".to_owned(),
            (Some(epochs), Some(of)) => format!("after {epochs} of {of} epochs"),
            _ => "after training".to_owned(),
        };
        Ok(State { gradients, when })
    }

    /// For instance `before training, 95 % lie at 2 to 7 branches (centre 4.4)`.
    fn range(&self) -> String {
        let norms = mean_row(&self.gradients);
        let (from, to) = effective_range(&norms);
        match centre(&norms) {
            Some(centre) => {
                let centre = words::decimal(centre, 1);
                format!("{}, 95 % lie at {from} to {to} branches (centre {centre})", self.when)
            }
            None => format!("{}, all norms are 0", self.when),
        }
    }
}
