//! Mean and standard deviation of a number over images.

use serde::{Deserialize, Serialize};

use crate::check::expect;
use crate::stats::{Interval, interval_of_mean};

/// A number that each image has, over all images.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MeanSd {
    /// The mean.
    pub mean: f64,
    /// The standard deviation over the images, with `n - 1` in the denominator; 0 for one
    /// image.
    pub sd: f64,
}

impl MeanSd {
    /// Of these values, summed in their order.
    ///
    /// # Panics
    /// If there are none.
    #[track_caller]
    pub fn of(values: impl Iterator<Item = f64> + Clone) -> MeanSd {
        let n = values.clone().count();
        assert!(n > 0, "mean_sd: no value has no mean");
        let mean = values.clone().sum::<f64>() / n as f64;
        let squares: f64 = values.map(|value| (value - mean) * (value - mean)).sum();
        MeanSd { mean, sd: (squares / (n - 1).max(1) as f64).sqrt() }
    }

    /// The 95 % interval of the mean of `n` images, by the normal approximation.
    ///
    /// # Panics
    /// If `n` is 0.
    pub fn interval(&self, n: usize) -> Interval {
        interval_of_mean(self.mean, self.sd, n)
    }

    /// Whether both are finite and the deviation is not negative.
    ///
    /// # Errors
    /// What is not; `field` names the number.
    pub fn check(&self, field: &str) -> Result<(), String> {
        let MeanSd { mean, sd } = self;
        expect(mean.is_finite() && sd.is_finite() && *sd >= 0.0, || {
            format!("{field} has mean {mean} and sd {sd}, expected two numbers, sd >= 0")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_those_of_a_hand_calculation() {
        // Mean 5, squares 9 + 1 + 1 + 1 + 0 + 0 + 4 + 16 = 32.
        let values = [2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0];
        let found = MeanSd::of(values.into_iter());
        assert_eq!(found.mean, 5.0);
        assert!((found.sd - (32.0f64 / 7.0).sqrt()).abs() < 1e-15);
        let half = 1.959_963_984_540_054 * found.sd / 8f64.sqrt();
        let Interval { low, high } = found.interval(8);
        assert!((low - (5.0 - half)).abs() < 1e-14 && (high - (5.0 + half)).abs() < 1e-14);
        assert_eq!(MeanSd::of([3.0].into_iter()), MeanSd { mean: 3.0, sd: 0.0 });
    }

    #[test]
    fn what_is_not_a_number_is_refused() {
        let cases = [(f64::NAN, 0.0), (1.0, f64::INFINITY), (1.0, -0.1)];
        for (mean, sd) in cases {
            assert!(MeanSd { mean, sd }.check("it").unwrap_err().starts_with("it has mean"));
        }
        MeanSd { mean: -1.0, sd: 0.0 }.check("it").unwrap();
    }
}
