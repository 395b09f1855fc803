//! Confidence intervals of rates and of differences between paired rates.

use serde::{Deserialize, Serialize};

/// The 97.5 % point of the standard normal distribution: intervals are of 95 %.
pub(super) const Z: f64 = 1.959_963_984_540_054;

/// A closed interval of numbers.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// Wilson's 95 % interval of a rate, as fractions.
///
/// `(p + z^2/2n -+ z sqrt(p (1-p) / n + z^2 / 4n^2)) / (1 + z^2/n)` with
/// `p = hits / n` and `z = 1.96`. It stays inside [0, 1] and keeps its coverage at
/// small rates, where the normal approximation does not.
///
/// # Panics
/// If `n` is 0 or `hits` exceeds `n`.
///
/// # Reference
/// Wilson 1927, "Probable inference, the law of succession, and statistical inference".
pub fn wilson(hits: u64, n: u64) -> Interval {
    assert!(n > 0 && hits <= n, "wilson: {hits} hits of {n}: expected 1 <= n and hits <= n");
    let (count, total) = (hits as f64, n as f64);
    let rate = count / total;
    let (squared, scale) = (Z * Z / total, 1.0 / (1.0 + Z * Z / total));
    let centre = (rate + squared / 2.0) * scale;
    let half = Z * (rate * (1.0 - rate) / total + squared / (4.0 * total)).sqrt() * scale;
    Interval {
        // The ends are exact where no image or every image is a hit.
        low: if hits == 0 { 0.0 } else { (centre - half).max(0.0) },
        high: if hits == n { 1.0 } else { (centre + half).min(1.0) },
    }
}

/// Agresti and Min's 95 % interval of the difference between two paired rates.
///
/// Of `n` images, `gained` are hits only of the second rate and `lost` only of the
/// first; the interval is of (second - first), as a fraction. It is the normal
/// interval after adding 1/2 to each of the four cells of the table:
/// `d -+ z sqrt((b + c) - (b - c)^2 / N) / N` with `b = gained + 1/2`,
/// `c = lost + 1/2`, `N = n + 2`, `d = (b - c) / N`.
///
/// # Panics
/// If `n` is 0 or `gained + lost` exceeds `n`.
///
/// # Reference
/// Agresti and Min 2005, "Simple improved confidence intervals for comparing matched
/// proportions".
pub fn paired_difference(gained: u64, lost: u64, n: u64) -> Interval {
    assert!(
        n > 0 && gained + lost <= n,
        "paired_difference: {gained} gained and {lost} lost of {n}: expected no more than n"
    );
    let (gained, lost, total) = (gained as f64 + 0.5, lost as f64 + 0.5, n as f64 + 2.0);
    let change = gained - lost;
    let half = Z * (gained + lost - change * change / total).max(0.0).sqrt() / total;
    let centre = change / total;
    Interval { low: (centre - half).max(-1.0), high: (centre + half).min(1.0) }
}

/// The normal approximation's 95 % interval of a mean: `mean -+ 1.96 sd / sqrt(n)`.
///
/// # Panics
/// If `n` is 0.
pub fn interval_of_mean(mean: f64, sd: f64, n: usize) -> Interval {
    assert!(n > 0, "interval_of_mean: no value has no mean");
    let half = Z * sd / (n as f64).sqrt();
    Interval { low: mean - half, high: mean + half }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Newcombe 1998, "Two-sided confidence intervals for the single proportion",
    /// table I, method 3.
    #[test]
    fn wilson_agrees_with_newcombes_table() {
        let table = [
            (81, 263, 0.2553, 0.3662),
            (15, 148, 0.0624, 0.1605),
            (0, 20, 0.0, 0.1611),
            (1, 29, 0.0061, 0.1718),
        ];
        for (hits, n, low, high) in table {
            let ours = wilson(hits, n);
            assert!((ours.low - low).abs() < 5e-5, "{hits}/{n}: {ours:?}");
            assert!((ours.high - high).abs() < 5e-5, "{hits}/{n}: {ours:?}");
        }
    }

    /// By hand: b = 40.5, c = 10.5, N = 1002, d = 30 / 1002,
    /// half = 1.95996 sqrt(51 - 900 / 1002) / 1002 = 0.013845.
    #[test]
    fn paired_difference_agrees_with_a_hand_calculation() {
        let ours = paired_difference(40, 10, 1000);
        assert!((ours.low - (0.029_940 - 0.013_845)).abs() < 2e-6, "{ours:?}");
        assert!((ours.high - (0.029_940 + 0.013_845)).abs() < 2e-6, "{ours:?}");
    }

    proptest! {
        #[test]
        fn wilson_contains_the_rate_and_mirrors(n in 1_u64..20_000, share in 0.0..=1.0_f64) {
            let hits = (share * n as f64) as u64;
            let ours = wilson(hits, n);
            let rate = hits as f64 / n as f64;
            prop_assert!(0.0 <= ours.low && ours.low <= rate);
            prop_assert!(rate <= ours.high && ours.high <= 1.0);
            let mirrored = wilson(n - hits, n);
            prop_assert!((ours.low - (1.0 - mirrored.high)).abs() < 1e-12);
        }

        #[test]
        fn paired_difference_changes_sign_when_the_pair_is_swapped(
            gained in 0_u64..500, lost in 0_u64..500, others in 1_u64..500,
        ) {
            let n = gained + lost + others;
            let (there, back) = (paired_difference(gained, lost, n), paired_difference(lost, gained, n));
            prop_assert_eq!(there.low, -back.high);
            prop_assert_eq!(there.high, -back.low);
            prop_assert!(there.low < there.high);
        }
    }
}
