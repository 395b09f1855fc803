//! The quantities that criteria speak of, measured on records, with intervals.
//!
//! Each unit has its own 95 % interval. A statistic over units that never falls when a
//! unit's value grows (minimum, median, quantile, maximum) gets as interval the same
//! statistic of the lower and of the upper ends. As the units' sampling errors are
//! shared only in part, this is wider than needed, so a verdict without "borderline" is
//! safe.

use record::stats::{median, quantile};

use crate::sweep::{Effect, Sweep};

/// A measured quantity and its 95 % interval, in the unit of the claims file.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Estimate {
    pub(super) quantity: &'static str,
    pub(super) value: f64,
    pub(super) low: f64,
    pub(super) high: f64,
}

/// The quantities of claim `id` in a delete-one sweep, or why there are none.
pub(super) fn quantities(id: &str, sweep: &Sweep) -> Result<Vec<Estimate>, String> {
    let effects = sweep.effects();
    let (boundary, others): (Vec<_>, Vec<_>) =
        effects.iter().partition(|effect| effect.unit.boundary);
    let lacks = |what| move || format!("the record of {} has no {what}", sweep.model());
    match id {
        "c02" => any_layer(&effects.iter().collect::<Vec<_>>()).ok_or_else(lacks("deletable unit")),
        "c04" => ordinary_blocks(&others).ok_or_else(lacks("deletable non-boundary block")),
        "c05" => peaks(&boundary, &others).ok_or_else(lacks("deletable boundary block")),
        _ => Err("this version does not judge it".into()),
    }
}

pub(super) fn find<'a>(estimates: &'a [Estimate], quantity: &str) -> Option<&'a Estimate> {
    estimates.iter().find(|estimate| estimate.quantity == quantity)
}

/// A number as claims show it: two decimals, and none for a count.
pub(super) fn number(value: f64, unit: &str) -> String {
    let count = unit.is_empty() && value.fract() == 0.0;
    crate::words::decimal(value, if count { 0 } else { 2 })
}

fn any_layer(effects: &[&Effect]) -> Option<Vec<Estimate>> {
    let errors = Values::errors(effects);
    Some(vec![
        errors.statistic("min error", |values| quantile(values, 0.0))?,
        errors.statistic("median error", median)?,
    ])
}

fn ordinary_blocks(effects: &[&Effect]) -> Option<Vec<Estimate>> {
    let damage = Values::damage(effects);
    let below = |limit: f64| {
        move |values: &[f64]| {
            let hits = values.iter().filter(|value| **value <= limit).count();
            (!values.is_empty()).then(|| 100.0 * hits as f64 / values.len() as f64)
        }
    };
    Some(vec![
        damage.statistic("median D", median)?,
        damage.statistic("blocks with D <= 2", below(2.0))?,
        damage.statistic("blocks with D <= 5", below(5.0))?,
    ])
}

fn peaks(boundary: &[&Effect], others: &[&Effect]) -> Option<Vec<Estimate>> {
    let top = Values::damage(others).statistic("P90", |values| quantile(values, 0.9))?;
    let damage = Values::damage(boundary);
    let above =
        |values: &[f64], limit: f64| values.iter().filter(|value| **value > limit).count() as f64;
    Some(vec![
        Estimate {
            quantity: "B with D > P90 of NB",
            value: above(&damage.points, top.value),
            low: above(&damage.lows, top.high),
            high: above(&damage.highs, top.low),
        },
        Values::errors(boundary).statistic("largest B error", |values| quantile(values, 1.0))?,
    ])
}

/// One value for each unit, with the ends of its interval.
struct Values {
    points: Vec<f64>,
    lows: Vec<f64>,
    highs: Vec<f64>,
}

impl Values {
    /// Errors, in percent.
    fn errors(effects: &[&Effect]) -> Self {
        Values {
            points: effects.iter().map(|e| 100.0 * e.error).collect(),
            lows: effects.iter().map(|e| 100.0 * e.error_interval.low).collect(),
            highs: effects.iter().map(|e| 100.0 * e.error_interval.high).collect(),
        }
    }

    /// D: lesioned minus intact error, in points.
    fn damage(effects: &[&Effect]) -> Self {
        Values {
            points: effects.iter().map(|e| 100.0 * e.difference).collect(),
            lows: effects.iter().map(|e| 100.0 * e.difference_interval.low).collect(),
            highs: effects.iter().map(|e| 100.0 * e.difference_interval.high).collect(),
        }
    }

    /// A statistic of the values, and its ends in either order.
    fn statistic(
        &self,
        quantity: &'static str,
        of: impl Fn(&[f64]) -> Option<f64>,
    ) -> Option<Estimate> {
        let (value, one, other) = (of(&self.points)?, of(&self.lows)?, of(&self.highs)?);
        Some(Estimate { quantity, value, low: one.min(other), high: one.max(other) })
    }
}
