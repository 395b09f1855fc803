//! Intervals of any statistic, by drawing the draws again.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};

use super::{Interval, quantile};

/// Times that the draws are drawn again.
const RESAMPLES: usize = 2_000;

/// The percentile bootstrap's 95 % interval of a statistic of random draws.
///
/// A draw is whatever is drawn: a number, or a unit's pair of numbers. The draws come in
/// groups, for instance one for each number of deleted blocks. Each
/// group is drawn again from itself, with replacement, 2,000 times; the interval holds
/// the middle 95 % of the statistic's values. Always the same draws are made, so that
/// the same groups give the same interval. Where the statistic is `None` for a resample,
/// that resample is left out; `None` where it is for all.
///
/// # Panics
/// If a group is empty.
///
/// # Reference
/// Efron 1979, "Bootstrap methods: another look at the jackknife".
pub fn bootstrap<T: Copy>(
    groups: &[Vec<T>],
    statistic: impl Fn(&[Vec<T>]) -> Option<f64>,
) -> Option<Interval> {
    assert!(groups.iter().all(|group| !group.is_empty()), "bootstrap: a group has no draws");
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let mut drawn = groups.to_vec();
    let mut values = Vec::with_capacity(RESAMPLES);
    for _ in 0..RESAMPLES {
        for (drawn, group) in drawn.iter_mut().zip(groups) {
            drawn.iter_mut().for_each(|value| *value = group[below(&mut rng, group.len())]);
        }
        values.extend(statistic(&drawn));
    }
    Some(Interval { low: quantile(&values, 0.025)?, high: quantile(&values, 0.975)? })
}

/// The mean of the draws.
pub fn mean(draws: &[f64]) -> Option<f64> {
    (!draws.is_empty()).then(|| draws.iter().sum::<f64>() / draws.len() as f64)
}

/// A number below `n`, each as likely as the others up to one part in 2^32 / n.
pub(super) fn below(rng: &mut ChaCha8Rng, n: usize) -> usize {
    ((u64::from(rng.next_u32()) * n as u64) >> 32) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_mean(draws: &[f64]) -> Interval {
        bootstrap(&[draws.to_vec()], |groups| mean(&groups[0])).unwrap()
    }

    /// For many draws the interval is the normal one, mean -+ 1.96 sd / sqrt(n).
    #[test]
    fn the_interval_of_a_mean_is_that_of_the_normal_approximation() {
        let draws: Vec<f64> = (0..400).map(|i| f64::from(i % 20)).collect();
        // Of the numbers 0 to 19: mean 9.5, variance 399 / 12.
        let half = 1.96 * (399.0_f64 / 12.0 / 400.0).sqrt();
        let Interval { low, high } = of_mean(&draws);
        assert!((low - (9.5 - half)).abs() < 0.06, "{low}");
        assert!((high - (9.5 + half)).abs() < 0.06, "{high}");
        assert_eq!(of_mean(&draws), of_mean(&draws));
    }

    #[test]
    fn groups_are_drawn_from_themselves() {
        let groups = [vec![1.0, 2.0], vec![10.0, 30.0], vec![5.0]];
        let in_place = |groups: &[Vec<f64>]| {
            let holds = |i: usize, allowed: &[f64]| groups[i].iter().all(|v| allowed.contains(v));
            Some(f64::from(holds(0, &[1.0, 2.0]) && holds(1, &[10.0, 30.0]) && holds(2, &[5.0])))
        };
        assert_eq!(bootstrap(&groups, in_place), Some(Interval { low: 1.0, high: 1.0 }));
        assert_eq!(bootstrap(&groups, |_| None), None);
    }

    /// What belongs to one unit stays together.
    #[test]
    fn pairs_are_drawn_whole() {
        let pairs: Vec<(f64, f64)> = (0..9).map(|i| (f64::from(i), -2.0 * f64::from(i))).collect();
        let whole = |groups: &[Vec<(f64, f64)>]| {
            Some(f64::from(groups[0].iter().all(|pair| pair.1 == -2.0 * pair.0)))
        };
        assert_eq!(bootstrap(&[pairs], whole), Some(Interval { low: 1.0, high: 1.0 }));
    }
}
