//! Statistics over units, each of which has its own 95 % interval.

use super::Estimate;

/// One value for each unit, with the ends of its interval.
///
/// A statistic that never falls when a unit's value grows (minimum, median, quantile,
/// maximum, count above a limit) gets as interval the same statistic of the lower and of
/// the upper ends. As the sampling errors of the units are shared only in part, this is
/// wider than needed, so a verdict without "borderline" is safe.
#[derive(Clone, Debug)]
pub(super) struct Spread {
    values: Vec<f64>,
    lows: Vec<f64>,
    highs: Vec<f64>,
}

impl Spread {
    /// `None` without a unit.
    pub(super) fn of(units: impl Iterator<Item = Estimate>) -> Option<Spread> {
        let units: Vec<Estimate> = units.collect();
        let each = |part: fn(&Estimate) -> f64| units.iter().map(part).collect();
        (!units.is_empty()).then(|| Spread {
            values: each(|unit| unit.value),
            lows: each(|unit| unit.low),
            highs: each(|unit| unit.high),
        })
    }

    /// The statistic and its ends, in either order.
    ///
    /// # Panics
    /// If it has no value though there are units.
    pub(super) fn statistic(&self, of: impl Fn(&[f64]) -> Option<f64>) -> Estimate {
        let of = |values: &[f64]| of(values).expect("there are units");
        let (value, one, other) = (of(&self.values), of(&self.lows), of(&self.highs));
        Estimate { value, low: one.min(other), high: one.max(other) }
    }
}
