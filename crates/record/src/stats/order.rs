//! Medians and quantiles.

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

#[cfg(test)]
mod tests {
    use super::*;

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
