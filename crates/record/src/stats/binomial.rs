//! Numbers of choices.

/// The number of sets of `k` out of `n` things, `n! / (k! (n - k)!)`; 0 if `k > n`.
///
/// Exact below `2^53` as far as the products on the way are, else to some units in the last
/// place; finite up to `n = 1000`.
pub fn choose(n: usize, k: usize) -> f64 {
    if k > n {
        return 0.0;
    }
    let step = |ways: f64, i: usize| ways * (n - i) as f64 / (i + 1) as f64;
    (0..k.min(n - k)).fold(1.0, step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices_are_pascals_triangle() {
        let mut row = vec![1.0];
        for n in 0..200_usize {
            for (k, expected) in row.iter().enumerate() {
                let found = choose(n, k);
                assert!((found - expected).abs() <= 1e-14 * expected, "{n} over {k}: {found}");
                assert!(n > 40 || found == *expected, "{n} over {k}: {found}");
            }
            assert_eq!(choose(n, n + 1), 0.0);
            let inner = row.windows(2).map(|pair| pair[0] + pair[1]);
            row = [1.0].into_iter().chain(inner).chain([1.0]).collect();
        }
    }

    /// 54 over 27, from the tables.
    #[test]
    fn a_large_one_is_as_published() {
        assert_eq!(choose(54, 27), 1_946_939_425_648_112.0);
        assert!(choose(1000, 500).is_finite());
    }
}
