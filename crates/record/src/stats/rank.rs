//! Rank correlation, and how far an order is from another.

/// Spearman's rank correlation of pairs: Pearson's correlation of their ranks, equal
/// values sharing the mean of their ranks. `None` where one side has no two different
/// values.
///
/// # Panics
/// If a value is NaN.
///
/// # Reference
/// Spearman 1904, "The proof and measurement of association between two things".
pub fn spearman(pairs: &[(f64, f64)]) -> Option<f64> {
    let side = |of: fn(&(f64, f64)) -> f64| ranks(&pairs.iter().map(of).collect::<Vec<_>>());
    let (x, y) = (side(|pair| pair.0), side(|pair| pair.1));
    // Ranks of any n values have this mean.
    let mean = (pairs.len() as f64 + 1.0) / 2.0;
    let product = |a: &[f64], b: &[f64]| -> f64 {
        a.iter().zip(b).map(|(a, b)| (a - mean) * (b - mean)).sum()
    };
    let spread = (product(&x, &x) * product(&y, &y)).sqrt();
    (spread > 0.0).then(|| product(&x, &y) / spread)
}

/// The rank of each value, from 1; equal values share the mean of their ranks.
fn ranks(values: &[f64]) -> Vec<f64> {
    assert!(values.iter().all(|value| !value.is_nan()), "spearman: a value is NaN");
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut ranks = vec![0.0; values.len()];
    let mut before = 0;
    for equal in order.chunk_by(|&a, &b| values[a] == values[b]) {
        let rank = before as f64 + (equal.len() as f64 + 1.0) / 2.0;
        equal.iter().for_each(|&place| ranks[place] = rank);
        before += equal.len();
    }
    ranks
}

/// Kendall's tau between an order of 0 to n - 1 and the natural one:
/// `1 - 4 inversions / (n (n - 1))`. 1 is the natural order, -1 its reverse.
///
/// # Panics
/// If there are fewer than two items.
///
/// # Reference
/// Kendall 1938, "A new measure of rank correlation".
pub fn kendall_tau(order: &[usize]) -> f64 {
    let n = order.len();
    assert!(n > 1, "kendall_tau: {n} items have no order");
    let inversions: usize = order
        .iter()
        .enumerate()
        .map(|(place, item)| order[place + 1..].iter().filter(|later| *later < item).count())
        .sum();
    1.0 - 4.0 * inversions as f64 / (n * (n - 1)) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The first rows are SciPy's `spearmanr`; the last follow from the definition.
    #[test]
    fn spearman_agrees_with_scipy() {
        let cases: [(&[f64], &[f64], Option<f64>); 5] = [
            (&[1.0, 2.0, 3.0, 4.0, 5.0], &[5.0, 6.0, 7.0, 8.0, 7.0], Some(0.820_782_681_668_123_3)),
            (&[1.0, 2.0, 3.0, 4.0], &[10.0, 9.0, 2.5, 2.0], Some(-1.0)),
            (&[3.0, 1.0, 2.0], &[0.3, 0.1, 0.2], Some(1.0)),
            (&[1.0, 2.0], &[4.0, 4.0], None),
            (&[], &[], None),
        ];
        for (x, y, expected) in cases {
            let pairs: Vec<_> = x.iter().copied().zip(y.iter().copied()).collect();
            match (spearman(&pairs), expected) {
                (Some(ours), Some(expected)) => {
                    assert!((ours - expected).abs() < 1e-12, "{x:?}, {y:?}: {ours}");
                }
                (ours, expected) => assert_eq!(ours, expected, "{x:?}, {y:?}"),
            }
        }
    }

    #[test]
    fn tau_of_known_orders() {
        let cases: [(&[usize], f64); 4] = [
            (&[0, 1, 2, 3], 1.0),
            (&[3, 2, 1, 0], -1.0),
            // One pair of neighbours exchanged: one of six pairs is inverted.
            (&[0, 2, 1, 3], 1.0 - 2.0 / 6.0),
            // The ends exchanged: five of six.
            (&[3, 1, 2, 0], 1.0 - 10.0 / 6.0),
        ];
        for (order, expected) in cases {
            assert!((kendall_tau(order) - expected).abs() < 1e-15, "{order:?}");
        }
    }

    proptest! {
        #[test]
        fn reversing_an_order_changes_the_sign_of_tau(
            order in Just((0..9_usize).collect::<Vec<_>>()).prop_shuffle(),
        ) {
            let reversed: Vec<usize> = order.iter().rev().copied().collect();
            prop_assert!((kendall_tau(&order) + kendall_tau(&reversed)).abs() < 1e-15);
        }

        #[test]
        fn spearman_sees_ranks_alone(values in prop::collection::vec(-50_i32..50, 2..20)) {
            let pairs = |map: fn(f64) -> f64| -> Vec<(f64, f64)> {
                let values = values.iter().enumerate();
                values.map(|(i, &value)| (i as f64, map(f64::from(value)))).collect()
            };
            let (plain, cubed) = (spearman(&pairs(|v| v)), spearman(&pairs(|v| v * v * v)));
            prop_assert_eq!(plain, cubed);
            let mirrored = spearman(&pairs(|v| -v));
            match (plain, mirrored) {
                (Some(plain), Some(mirrored)) => prop_assert!((plain + mirrored).abs() < 1e-12),
                (plain, mirrored) => prop_assert_eq!(plain, mirrored),
            }
        }
    }
}
