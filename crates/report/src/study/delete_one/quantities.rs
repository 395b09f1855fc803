//! What claims can name: errors, D and their distribution over units.
//!
//! D is the error of the lesioned network minus that of the intact one, in points; B and
//! NB are the boundary and the other units that can be deleted; P90 is the 90th
//! percentile.

use record::stats::{Interval, median, quantile};
use record::{DeleteOneOptions, Record};

use super::deletions::{Deletions, Effect};
use crate::ReportError;
use crate::study::spread::Spread;
use crate::study::{Estimate, Quantity};

/// All of them. Those over several networks take them in the claim's order.
pub(super) const ALL: &[Quantity] = &[
    Quantity { name: "intact error", unit: "%", measure: intact_error },
    Quantity { name: "min error", unit: "%", measure: |records| error(records, 0.0) },
    Quantity { name: "median error", unit: "%", measure: |records| error(records, 0.5) },
    Quantity { name: "median D", unit: "points", measure: median_damage },
    Quantity { name: "blocks with D <= 2", unit: "%", measure: |records| harmless(records, 2.0) },
    Quantity { name: "blocks with D <= 5", unit: "%", measure: |records| harmless(records, 5.0) },
    Quantity { name: "B with D > P90 of NB", unit: "", measure: peaks },
    Quantity { name: "largest B error", unit: "%", measure: largest_boundary_error },
    Quantity { name: "rules that hold", unit: "", measure: rules },
    Quantity { name: "falling steps", unit: "", measure: falling_steps },
    Quantity { name: "networks above the last", unit: "", measure: above_the_last },
];

fn intact_error(records: &[&Record]) -> Result<Estimate, ReportError> {
    let deletions = one(records)?;
    Ok(scaled(deletions.answer.intact.error(), deletions.intact_interval()))
}

/// A quantile of the error over all units that can be deleted.
fn error(records: &[&Record], p: f64) -> Result<Estimate, ReportError> {
    Ok(spread(records, Units::All, error_of)?.statistic(|values| quantile(values, p)))
}

fn median_damage(records: &[&Record]) -> Result<Estimate, ReportError> {
    Ok(spread(records, Units::NonBoundary, damage_of)?.statistic(median))
}

/// Part of the NB whose D does not exceed `limit`.
fn harmless(records: &[&Record], limit: f64) -> Result<Estimate, ReportError> {
    let share = |values: &[f64]| {
        let hits = values.iter().filter(|value| **value <= limit).count();
        Some(100.0 * hits as f64 / values.len() as f64)
    };
    Ok(spread(records, Units::NonBoundary, damage_of)?.statistic(share))
}

/// P90 of D over the NB.
fn top(records: &[&Record]) -> Result<Estimate, ReportError> {
    let p90 = |values: &[f64]| quantile(values, 0.9);
    Ok(spread(records, Units::NonBoundary, damage_of)?.statistic(p90))
}

/// Number of B whose D exceeds the P90 of D over the NB.
fn peaks(records: &[&Record]) -> Result<Estimate, ReportError> {
    let top = top(records)?;
    let boundary = spread(records, Units::Boundary, damage_of)?;
    let above = |limit: f64| {
        let count = move |values: &[f64]| values.iter().filter(|value| **value > limit).count();
        boundary.statistic(|values| Some(count(values) as f64))
    };
    Ok(Estimate {
        value: above(top.value).value,
        low: above(top.high).low,
        high: above(top.low).high,
    })
}

fn largest_boundary_error(records: &[&Record]) -> Result<Estimate, ReportError> {
    let largest = |values: &[f64]| quantile(values, 1.0);
    Ok(spread(records, Units::Boundary, error_of)?.statistic(largest))
}

/// How many of two rules hold: the median D of the NB is at most 1 point and the D of
/// 90 % of them at most 2; the mean D of the B is above the P90 of the NB.
fn rules(records: &[&Record]) -> Result<Estimate, ReportError> {
    let (middle, share, top) = (median_damage(records)?, harmless(records, 2.0)?, top(records)?);
    let mean = |values: &[f64]| Some(values.iter().sum::<f64>() / values.len() as f64);
    let peak = spread(records, Units::Boundary, damage_of)?.statistic(mean);
    let hold = |middle: f64, share: f64, peak: f64, top: f64| {
        f64::from(u8::from(middle <= 1.0 && share >= 90.0) + u8::from(peak > top))
    };
    Ok(Estimate {
        value: hold(middle.value, share.value, peak.value, top.value),
        low: hold(middle.high, share.low, peak.low, top.high),
        high: hold(middle.low, share.high, peak.high, top.low),
    })
}

/// Number of networks whose median D is below that of the one before.
fn falling_steps(records: &[&Record]) -> Result<Estimate, ReportError> {
    let medians = medians(records)?;
    Ok(count_falls(medians.windows(2).map(|pair| (pair[0], pair[1]))))
}

/// Number of networks whose median D is above that of the last.
fn above_the_last(records: &[&Record]) -> Result<Estimate, ReportError> {
    let medians = medians(records)?;
    let last = medians[medians.len() - 1];
    Ok(count_falls(medians[..medians.len() - 1].iter().map(|other| (*other, last))))
}

/// In how many pairs the first is above the second: by the values, whatever the values
/// within the intervals, for some of them.
fn count_falls(pairs: impl Iterator<Item = (Estimate, Estimate)> + Clone) -> Estimate {
    let count = |falls: fn(&(Estimate, Estimate)) -> bool| pairs.clone().filter(falls).count();
    Estimate {
        value: count(|(first, second)| first.value > second.value) as f64,
        low: count(|(first, second)| first.low > second.high) as f64,
        high: count(|(first, second)| first.high > second.low) as f64,
    }
}

fn medians(records: &[&Record]) -> Result<Vec<Estimate>, ReportError> {
    if records.len() < 2 {
        return Err(ReportError::Networks { expected: "several networks", given: records.len() });
    }
    records.iter().map(|record| median_damage(&[record])).collect()
}

fn one<'a>(records: &[&'a Record]) -> Result<Deletions<'a>, ReportError> {
    match records {
        [record] => Deletions::with(DeleteOneOptions::default(), record),
        _ => Err(ReportError::Networks { expected: "one network", given: records.len() }),
    }
}

/// Units that can be deleted.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Units {
    All,
    Boundary,
    NonBoundary,
}

/// A number of each of these units, with its interval.
fn spread(
    records: &[&Record],
    units: Units,
    of: fn(&Effect) -> Estimate,
) -> Result<Spread, ReportError> {
    let deletions = one(records)?;
    let chosen = |effect: &Effect| match units {
        Units::All => true,
        Units::Boundary => effect.unit.boundary,
        Units::NonBoundary => !effect.unit.boundary,
    };
    let effects = deletions.effects();
    Spread::of(effects.iter().filter(|effect| chosen(effect)).map(of)).ok_or_else(|| {
        let kind = match units {
            Units::All => "",
            Units::Boundary => "boundary ",
            Units::NonBoundary => "non-boundary ",
        };
        let (label, word) = (&deletions.label, deletions.unit_word());
        ReportError::Lacking(format!("the record of {label} has no deletable {kind}{word}"))
    })
}

fn error_of(effect: &Effect) -> Estimate {
    scaled(effect.error(), effect.error_interval())
}

fn damage_of(effect: &Effect) -> Estimate {
    scaled(effect.change.difference(), effect.change.interval())
}

/// Fractions as percent or points.
fn scaled(value: f64, interval: Interval) -> Estimate {
    Estimate { value: 100.0 * value, low: 100.0 * interval.low, high: 100.0 * interval.high }
}
