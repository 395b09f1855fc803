//! Do classifiers err on the same images?

use crate::Bits;

/// The correlation of two classifiers' errors, 0 or 1 for each image, as a mean over all
/// pairs of classifiers: Pearson's, which for such numbers is called phi,
/// `(n b - w_i w_j) / sqrt(w_i (n - w_i) w_j (n - w_j))` with `w_i` and `w_j` images wrong,
/// `b` of them for both. A classifier that is always or never wrong correlates with
/// nothing, so its pairs are left out; `None` without another pair.
///
/// # Panics
/// If the classifiers answer different numbers of images.
pub fn error_correlation(right: &[Bits]) -> Option<f64> {
    let varies = |bits: &&Bits| (1..bits.len()).contains(&bits.count_ones());
    let right: Vec<(&Bits, f64)> =
        right.iter().filter(varies).map(|bits| (bits, bits.count_ones() as f64)).collect();
    let (mut sum, mut pairs) = (0.0, 0_u64);
    for (place, (a, of_a)) in right.iter().enumerate() {
        let n = a.len() as f64;
        for (b, of_b) in &right[place + 1..] {
            // Being right correlates as being wrong does.
            let both = of_a - a.count_and_not(b) as f64;
            let spread = of_a * (n - of_a) * of_b * (n - of_b);
            sum += (n * both - of_a * of_b) / spread.sqrt();
            pairs += 1;
        }
    }
    (pairs > 0).then(|| sum / pairs as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bits(text: &str) -> Bits {
        text.chars().map(|c| c == '1').collect()
    }

    #[test]
    fn classifiers_that_err_alike_opposite_and_independently() {
        let cases: [(&[&str], Option<f64>); 6] = [
            (&["1100", "1100"], Some(1.0)),
            (&["1100", "0011"], Some(-1.0)),
            (&["1100", "1010"], Some(0.0)),
            (&["1100", "1100", "0011"], Some(-1.0 / 3.0)),
            // The first and the last are of no use.
            (&["1111", "1100", "1100", "0000"], Some(1.0)),
            (&["1100", "1111"], None),
        ];
        for (right, expected) in cases {
            let right: Vec<Bits> = right.iter().map(|text| bits(text)).collect();
            assert_eq!(error_correlation(&right), expected, "{right:?}");
        }
    }

    proptest! {
        #[test]
        fn it_is_pearsons_correlation_of_zeros_and_ones(
            answers in prop::collection::vec((any::<bool>(), any::<bool>()), 2..40),
        ) {
            let n = answers.len() as f64;
            let number = |right: bool| f64::from(u8::from(!right));
            let mean = |of: &dyn Fn(&(bool, bool)) -> f64| answers.iter().map(of).sum::<f64>() / n;
            let (a, b) = (mean(&|p| number(p.0)), mean(&|p| number(p.1)));
            let covariance = mean(&|p| (number(p.0) - a) * (number(p.1) - b));
            let spread = (a * (1.0 - a) * b * (1.0 - b)).sqrt();
            let right = [answers.iter().map(|p| p.0).collect(), answers.iter().map(|p| p.1).collect()];
            match error_correlation(&right) {
                Some(ours) => prop_assert!((ours - covariance / spread).abs() < 1e-9, "{ours}"),
                None => prop_assert!(spread == 0.0),
            }
        }
    }
}
