//! Arms of a comparison: networks trained in one way against networks trained in another.

use statrs::distribution::{ContinuousCDF as _, StudentsT};

use super::Interval;
use crate::Bits;

/// An estimate of a variance.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Variance {
    /// The estimate.
    pub value: f64,
    /// Its degrees of freedom.
    pub degrees: f64,
}

impl Variance {
    /// The variance of a multiple of what this is the variance of.
    pub fn scaled(self, factor: f64) -> Variance {
        Variance { value: factor * factor * self.value, ..self }
    }
}

/// The two-sided 95 % interval of `value`, whose variance is the sum of independent
/// estimates: `value -+ t SE` with `SE^2 = sum v_i`, and Student's t with
/// `(sum v_i)^2 / sum (v_i^2 / degrees_i)` degrees of freedom. Without any variance it is
/// `value` itself.
///
/// # Reference
/// Satterthwaite 1946, "An approximate distribution of estimates of variance components".
///
/// # Panics
/// If a variance is negative, or has degrees of freedom that are not above 0.
pub fn t_interval(value: f64, parts: &[Variance]) -> Interval {
    for part in parts {
        assert!(part.value >= 0.0 && part.degrees > 0.0, "t_interval: {part:?}");
    }
    let sum: f64 = parts.iter().map(|part| part.value).sum();
    if sum == 0.0 {
        return Interval { low: value, high: value };
    }
    let each = parts.iter().map(|part| part.value * part.value / part.degrees);
    let degrees = sum * sum / each.sum::<f64>();
    let t = StudentsT::new(0.0, 1.0, degrees).expect("degrees of freedom are above 0");
    let reach = t.inverse_cdf(0.975) * sum.sqrt();
    Interval { low: value - reach, high: value + reach }
}

/// The variance within groups, pooled: `sum (x - mean of its group)^2` over the number of
/// values less that of groups. `None` where no group has two values.
pub fn pooled_variance(groups: &[&[f64]]) -> Option<Variance> {
    let (mut squares, mut degrees) = (0.0, 0);
    for group in groups {
        let mean = group.iter().sum::<f64>() / group.len() as f64;
        squares += group.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>();
        degrees += group.len().saturating_sub(1);
    }
    (degrees > 0).then(|| Variance { value: squares / degrees as f64, degrees: degrees as f64 })
}

/// The mean error of the `after` networks minus that of the `before` networks, on the same
/// images, and its variance over images: that of the mean of
/// `x_i = (share of after that err on i) - (share of before that err on i)`.
///
/// # Panics
/// If an arm has no network, or the networks were not asked about the same number of
/// images, at least two.
pub fn paired_arms(before: &[&Bits], after: &[&Bits]) -> (f64, Variance) {
    assert!(!before.is_empty() && !after.is_empty(), "paired_arms: an arm without networks");
    let images = before[0].len();
    let same = before.iter().chain(after).all(|bits| bits.len() == images);
    assert!(images > 1 && same, "paired_arms: not the same images for all networks");
    let mut shifts = vec![0.0; images];
    for (arm, sign) in [(before, 1.0), (after, -1.0)] {
        let share = sign / arm.len() as f64;
        for bits in arm {
            for (shift, right) in shifts.iter_mut().zip(bits.iter()) {
                *shift += if right { share } else { 0.0 };
            }
        }
    }
    let mean = shifts.iter().sum::<f64>() / images as f64;
    let squares: f64 = shifts.iter().map(|x| (x - mean) * (x - mean)).sum();
    let degrees = (images - 1) as f64;
    (mean, Variance { value: squares / degrees / images as f64, degrees })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bits(text: &str) -> Bits {
        text.chars().map(|c| c == '1').collect()
    }

    /// Quantiles from tables of Student's t.
    #[test]
    fn intervals_use_students_t() {
        for (degrees, t) in [(1.0, 12.706), (4.0, 2.776), (10.0, 2.228), (1e6, 1.960)] {
            let Interval { low, high } = t_interval(1.0, &[Variance { value: 4.0, degrees }]);
            assert!((high - (1.0 + 2.0 * t)).abs() < 2e-3, "{degrees}: {high}");
            assert!((low + high - 2.0).abs() < 1e-9, "{low} and {high} are not around 1");
        }
    }

    /// Welch's example: equal parts with equal degrees have twice the degrees; a part that
    /// dominates has its own.
    #[test]
    fn parts_share_their_degrees_of_freedom() {
        let part = |value, degrees| Variance { value, degrees };
        let one = t_interval(0.0, &[part(2.0, 10.0)]);
        let two = t_interval(0.0, &[part(1.0, 5.0), part(1.0, 5.0)]);
        assert!((one.high - two.high).abs() < 1e-9, "{one:?} {two:?}");
        let alone = t_interval(0.0, &[part(2.0, 3.0)]);
        let beside = t_interval(0.0, &[part(2.0, 3.0), part(0.0, 9.0)]);
        assert!((alone.high - beside.high).abs() < 1e-9, "{alone:?} {beside:?}");
        assert_eq!(t_interval(0.5, &[part(0.0, 3.0)]), Interval { low: 0.5, high: 0.5 });
    }

    #[test]
    fn the_pooled_variance_is_that_within_the_groups() {
        let pooled = pooled_variance(&[&[1.0, 2.0, 3.0], &[11.0, 13.0]]).unwrap();
        assert_eq!(pooled, Variance { value: (2.0 + 2.0) / 3.0, degrees: 3.0 });
        assert_eq!(pooled_variance(&[&[1.0], &[2.0]]), None);
        assert_eq!(pooled.scaled(3.0).value, 9.0 * pooled.value);
    }

    #[test]
    fn paired_arms_differ_by_their_mean_errors() {
        let (a, b, c) = (bits("11110000"), bits("11100000"), bits("10101010"));
        let (difference, variance) = paired_arms(&[&a], &[&b]);
        assert_eq!(difference, 1.0 / 8.0);
        // One image of eight differs: variance of a share of 1/8.
        let expected = (7.0 * (1.0 / 64.0) + 49.0 / 64.0) / 7.0 / 8.0;
        assert!((variance.value - expected).abs() < 1e-15, "{variance:?}");
        let (difference, _) = paired_arms(&[&a, &c], &[&b]);
        assert!((difference - 1.0 / 8.0).abs() < 1e-15, "{difference}");
        let (same, none) = paired_arms(&[&a, &c], &[&c, &a]);
        assert_eq!((same, none.value), (0.0, 0.0));
    }
}
