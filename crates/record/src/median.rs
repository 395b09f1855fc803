//! The median of a number over images.

use serde::{Deserialize, Serialize};

use crate::check::expect;
use crate::stats::{Interval, median, median_interval};

/// The median of a number over images, with its 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Median {
    /// The median.
    pub value: f64,
    /// Lower end of the interval, from order statistics ([`median_interval`]).
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Median {
    /// Of these values; `None` where there are none.
    ///
    /// # Panics
    /// If a value is NaN.
    pub fn of(values: &[f64]) -> Option<Median> {
        let Interval { low, high } = median_interval(values)?;
        Some(Median { value: median(values)?, low, high })
    }

    /// Whether the three are finite and in order, and not below 0, as norms are.
    ///
    /// # Errors
    /// What is not; `field` names the number.
    pub(crate) fn check_norm(&self, field: &str) -> Result<(), String> {
        let Median { value, low, high } = self;
        let fits = *low >= 0.0 && low <= value && value <= high && high.is_finite();
        expect(fits, || {
            format!(
                "{field} is {value} between {low} and {high}, expected 0 <= low <= value <= high"
            )
        })
    }
}
