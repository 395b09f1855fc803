//! McNemar's test: do two classifiers err equally often on the same images?

/// Two-sided mid-p value of McNemar's test.
///
/// Of the images on which the two disagree about being right, `newly_wrong` went one
/// way and `newly_right` the other. Under the hypothesis of equal error each goes
/// either way with probability 1/2, so with `m = newly_wrong + newly_right` and
/// `k = min(newly_wrong, newly_right)`,
/// `p = 2 P(X <= k) - P(X = k)`, `X ~ Binomial(m, 1/2)`; 1 where nothing changed.
/// The mid-p version is nearly unbiased, where the exact test is too cautious.
///
/// A value below the smallest positive number is returned as 0.
///
/// # Reference
/// Fagerland, Lydersen, Laake 2013, "The McNemar test for binary matched-pairs data:
/// mid-p and asymptotic are better than exact conditional".
pub fn mcnemar_mid_p(newly_wrong: u64, newly_right: u64) -> f64 {
    if newly_wrong == newly_right {
        return 1.0;
    }
    let changed = (newly_wrong + newly_right) as f64;
    let fewer = newly_wrong.min(newly_right);
    let log_top = log_choose(changed, fewer as f64) - changed * std::f64::consts::LN_2;
    // P(X <= k) / P(X = k), summed from the largest term down to nothing.
    let (mut term, mut sum) = (1.0, 0.0);
    for hits in (0..=fewer).rev() {
        sum += term;
        term *= hits as f64 / (changed - hits as f64 + 1.0);
        if term < sum * f64::EPSILON {
            break;
        }
    }
    (libm::exp(log_top) * (2.0 * sum - 1.0)).min(1.0)
}

/// Natural logarithm of "n choose k".
fn log_choose(n: f64, k: f64) -> f64 {
    libm::lgamma(n + 1.0) - libm::lgamma(k + 1.0) - libm::lgamma(n - k + 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// (7, 1) is the airway data of Fagerland et al. 2013, whose table gives .039; the
    /// others are small enough to count: (5, 0): 2/32 - 1/32, (15, 5):
    /// (2 * 21,700 - 15,504) / 2^20.
    #[test]
    fn mid_p_agrees_with_the_paper_and_with_counting() {
        let cases = [
            (7, 1, 10.0 / 256.0),
            (5, 0, 1.0 / 32.0),
            (15, 5, (2.0 * 21_700.0 - 15_504.0) / 1_048_576.0),
            (1, 0, 0.5),
            (0, 0, 1.0),
            (300, 300, 1.0),
        ];
        for (wrong, right, expected) in cases {
            let ours = mcnemar_mid_p(wrong, right);
            assert!((ours - expected).abs() < 1e-12, "({wrong}, {right}): {ours}");
        }
        assert!((mcnemar_mid_p(7, 1) - 0.039).abs() < 5e-4);
    }

    #[test]
    fn hopeless_disagreement_underflows_to_zero_and_not_to_nan() {
        assert_eq!(mcnemar_mid_p(9_000, 10), 0.0);
    }

    proptest! {
        #[test]
        fn mid_p_is_symmetric_and_falls_as_the_disagreement_grows(
            fewer in 0_u64..2_000, more in 1_u64..200,
        ) {
            let larger = fewer + more;
            let p = mcnemar_mid_p(larger, fewer);
            prop_assert_eq!(p, mcnemar_mid_p(fewer, larger));
            prop_assert!(p > 0.0 && p < 1.0);
            prop_assert!(mcnemar_mid_p(larger + 1, fewer) < p);
        }
    }
}
