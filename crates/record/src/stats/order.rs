//! Medians and quantiles.

use super::Interval;
use super::interval::Z;

/// The median: [`quantile`] at 1/2.
pub fn median(values: &[f64]) -> Option<f64> {
    quantile(values, 0.5)
}

/// The `p`-quantile, linear between order statistics; `None` where there is no value.
///
/// With the n values sorted as x_0 .. x_(n-1) and `h = (n - 1) p`, it is
/// `x_i + (h - i) (x_(i+1) - x_i)`, `i = floor(h)`: definition 7 of Hyndman and Fan
/// 1996, "Sample quantiles in statistical packages", the default of R and NumPy.
///
/// # Panics
/// If a value is NaN or `p` lies outside [0, 1].
pub fn quantile(values: &[f64], p: f64) -> Option<f64> {
    assert!((0.0..=1.0).contains(&p), "quantile: p is {p}, expected 0 to 1");
    assert!(values.iter().all(|value| !value.is_nan()), "quantile: a value is NaN");
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let position = sorted.len().checked_sub(1)? as f64 * p;
    let below = position.floor();
    let (low, high) = (sorted[below as usize], sorted[position.ceil() as usize]);
    Some(if low == high { low } else { low + (position - below) * (high - low) })
}

/// A 95 % interval of the median of the distribution that the values are drawn from,
/// whatever that is: the order statistics `l` and `n + 1 - l` of the n values, counted from
/// 1, with `l = floor(n / 2 - z sqrt(n) / 2)`, z = 1.96, and at least 1. `None` without a
/// value.
///
/// # Panics
/// If a value is NaN.
///
/// # Reference
/// Conover 1999, "Practical nonparametric statistics", section 3.2.
pub fn median_interval(values: &[f64]) -> Option<Interval> {
    assert!(values.iter().all(|value| !value.is_nan()), "median_interval: a value is NaN");
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let n = sorted.len();
    let last = n.checked_sub(1)?;
    let below = (n as f64 / 2.0 - Z * (n as f64).sqrt() / 2.0).floor();
    let place = (below.max(1.0) as usize) - 1;
    Some(Interval { low: sorted[place], high: sorted[last - place] })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of 100 values the 40th and the 61st, which Conover's table has too; of few values the
    /// smallest and the largest.
    #[test]
    fn the_interval_of_a_median_is_between_order_statistics() {
        let values = |n: usize| (1..=n).rev().map(|v| v as f64).collect::<Vec<_>>();
        for (n, low, high) in
            [(100, 40.0, 61.0), (1000, 469.0, 532.0), (5, 1.0, 5.0), (1, 1.0, 1.0)]
        {
            assert_eq!(median_interval(&values(n)).unwrap(), Interval { low, high }, "{n}");
        }
        assert_eq!(median_interval(&[]), None);
    }

    /// The first row is the example of NumPy's documentation of `percentile`; the
    /// others are R's `quantile(c(1, 2, 4, 8, 16), p)`.
    #[test]
    fn quantiles_agree_with_numpy_and_r() {
        let doubling = [16.0, 1.0, 4.0, 2.0, 8.0];
        let cases: [(&[f64], f64, f64); 6] = [
            (&[10.0, 7.0, 4.0, 3.0, 2.0, 1.0], 0.5, 3.5),
            (&doubling, 0.0, 1.0),
            (&doubling, 0.25, 2.0),
            (&doubling, 0.9, 12.8),
            (&doubling, 1.0, 16.0),
            (&[7.0], 0.9, 7.0),
        ];
        for (values, p, expected) in cases {
            let ours = quantile(values, p).unwrap();
            assert!((ours - expected).abs() < 1e-12, "{values:?} at {p}: {ours}");
        }
    }

    #[test]
    fn nothing_has_no_median() {
        assert_eq!(median(&[]), None);
    }

    #[test]
    #[should_panic(expected = "a value is NaN")]
    fn a_median_of_nan_is_a_mistake() {
        median(&[1.0, f64::NAN]);
    }
}
