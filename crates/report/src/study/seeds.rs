//! Networks that differ in their seed alone, and the difference of two kinds of them.

use record::Bits;
use record::stats::{Interval, Variance, paired_arms, t_interval};

use super::Estimate;

/// `NAME`, `NAME-s2`, … for so many seeds.
pub(super) fn names(name: &str, seeds: usize) -> Vec<String> {
    let of_seed = |seed: usize| match seed {
        1 => name.to_owned(),
        seed => format!("{name}-s{seed}"),
    };
    (1..=seeds).map(of_seed).collect()
}

/// The mean error of the networks of `after` minus that of those of `before`, in points,
/// from which images each of them gets right:
/// `SE^2 = paired SE^2 over images + (1/n + 1/m) s^2`, with the variance `s^2` over seeds;
/// the interval is Satterthwaite's t.
pub(super) fn difference([before, after]: [&[&Bits]; 2], over_seeds: Variance) -> Estimate {
    let networks = (1.0 / before.len() as f64 + 1.0 / after.len() as f64).sqrt();
    difference_with([before, after], &[over_seeds.scaled(networks)])
}

/// The same with the parts of the variance over seeds as they are.
pub(super) fn difference_with([before, after]: [&[&Bits]; 2], seeds: &[Variance]) -> Estimate {
    let (value, images) = paired_arms(before, after);
    in_points(value, t_interval(value, &[&[images], seeds].concat()))
}

/// A fraction with its interval, in points.
pub(super) fn in_points(value: f64, Interval { low, high }: Interval) -> Estimate {
    Estimate { value: 100.0 * value, low: 100.0 * low, high: 100.0 * high }
}
