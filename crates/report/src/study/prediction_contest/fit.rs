//! Fits of one number by another, and what they predict of draws they have not seen.

/// What is fitted: the same for every predictor.
#[derive(Clone, Copy, Debug)]
pub(super) enum Form {
    /// A straight line, by least squares.
    Line,
    /// Any function that never falls, by least squares.
    Monotone,
}

/// A fitted function.
#[derive(Clone, Debug)]
enum Fit {
    /// `at_zero + slope x`.
    Line { at_zero: f64, slope: f64 },
    /// The value at some x, rising; linear between them and constant beyond.
    Monotone(Vec<(f64, f64)>),
}

/// For each pair (x, y) what a fit on the pairs of all other folds says at x. `None` if a
/// fold has all pairs.
pub(super) fn predictions(pairs: &[(f64, f64)], folds: &[usize], form: Form) -> Option<Vec<f64>> {
    let mut found = vec![f64::NAN; pairs.len()];
    let last = folds.iter().copied().max()?;
    for fold in 0..=last {
        let others = pairs.iter().zip(folds).filter(|(_, other)| **other != fold);
        let others: Vec<_> = others.map(|(pair, _)| *pair).collect();
        if others.is_empty() {
            return None;
        }
        let fit = form.fit(&others);
        let own = found.iter_mut().zip(pairs).zip(folds).filter(|(_, other)| **other == fold);
        own.for_each(|((found, pair), _)| *found = fit.at(pair.0));
    }
    Some(found)
}

impl Form {
    /// To at least one pair.
    fn fit(self, pairs: &[(f64, f64)]) -> Fit {
        match self {
            Form::Line => {
                let n = pairs.len() as f64;
                let mean = |of: fn(&(f64, f64)) -> f64| pairs.iter().map(of).sum::<f64>() / n;
                let (x, y) = (mean(|pair| pair.0), mean(|pair| pair.1));
                let product: f64 = pairs.iter().map(|pair| (pair.0 - x) * (pair.1 - y)).sum();
                let square: f64 = pairs.iter().map(|pair| (pair.0 - x) * (pair.0 - x)).sum();
                let slope = if square > 0.0 { product / square } else { 0.0 };
                Fit::Line { at_zero: y - slope * x, slope }
            }
            Form::Monotone => Fit::Monotone(isotonic(pairs)),
        }
    }
}

impl Fit {
    fn at(&self, x: f64) -> f64 {
        match self {
            Fit::Line { at_zero, slope } => at_zero + slope * x,
            Fit::Monotone(knots) => {
                let above = knots.partition_point(|knot| knot.0 < x);
                match (above.checked_sub(1).map(|below| knots[below]), knots.get(above)) {
                    (Some(below), Some(above)) => {
                        let part = (x - below.0) / (above.0 - below.0);
                        below.1 + part * (above.1 - below.1)
                    }
                    (Some(below), None) => below.1,
                    (None, Some(above)) => above.1,
                    (None, None) => unreachable!("a fit has at least one knot"),
                }
            }
        }
    }
}

/// The function that never falls and is nearest to the pairs in least squares, at each of
/// their x: neighbours that fall are pooled into their mean until none do.
///
/// # Reference
/// Ayer, Brunk, Ewing, Reid and Silverman 1955, "An empirical distribution function for
/// sampling with incomplete information".
fn isotonic(pairs: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let mut sorted = pairs.to_vec();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    // Blocks of equal value: the x in them, the sum and the number of their y.
    let mut blocks: Vec<(Vec<f64>, f64, f64)> = Vec::new();
    for equal in sorted.chunk_by(|a, b| a.0 == b.0) {
        let sum: f64 = equal.iter().map(|pair| pair.1).sum();
        let mut block = (vec![equal[0].0], sum, equal.len() as f64);
        while let Some(before) = blocks.pop_if(|before| before.1 / before.2 >= block.1 / block.2) {
            let xs = [before.0, block.0].concat();
            block = (xs, before.1 + block.1, before.2 + block.2);
        }
        blocks.push(block);
    }
    let values =
        blocks.into_iter().flat_map(|(xs, sum, n)| xs.into_iter().map(move |x| (x, sum / n)));
    values.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_line_is_found_again_from_draws_that_were_not_seen() {
        let pairs: Vec<_> = (0..20).map(|i| (f64::from(i), 3.0 - 0.5 * f64::from(i))).collect();
        let folds: Vec<usize> = (0..20).map(|i| i % 5).collect();
        let found = predictions(&pairs, &folds, Form::Line).unwrap();
        for ((_, y), found) in pairs.iter().zip(found) {
            assert!((y - found).abs() < 1e-12, "{y} {found}");
        }
        assert_eq!(predictions(&pairs, &[0; 20], Form::Line), None);
        assert_eq!(predictions(&[], &[], Form::Line), None);
    }

    /// Whatever comes out for a fold, its own predictions are the same.
    #[test]
    fn no_draw_has_a_part_in_its_own_prediction() {
        let mut pairs: Vec<_> = (0..20).map(|i| (f64::from(i), f64::from(i * i % 7))).collect();
        let folds: Vec<usize> = (0..20).map(|i| i % 5).collect();
        for form in [Form::Line, Form::Monotone] {
            let before = predictions(&pairs, &folds, form).unwrap();
            for (pair, _) in pairs.iter_mut().zip(&folds).filter(|(_, fold)| **fold == 2) {
                pair.1 += 100.0;
            }
            let after = predictions(&pairs, &folds, form).unwrap();
            let mut each = before.iter().zip(&after).zip(&folds);
            assert!({ each.clone() }.all(|((a, b), fold)| *fold != 2 || a == b), "{form:?}");
            assert!(each.any(|((a, b), _)| a != b), "{form:?}: the others have one");
        }
    }

    /// Pooled by hand: 3 and 1 fall, their mean is 2; the two values at 4 are one, 6.
    #[test]
    fn neighbours_that_fall_are_pooled() {
        let pairs = [(2.0, 3.0), (1.0, 0.0), (3.0, 1.0), (4.0, 5.0), (4.0, 7.0)];
        assert_eq!(isotonic(&pairs), [(1.0, 0.0), (2.0, 2.0), (3.0, 2.0), (4.0, 6.0)]);
        let fit = Form::Monotone.fit(&pairs);
        let cases = [(0.0, 0.0), (1.0, 0.0), (1.5, 1.0), (2.5, 2.0), (3.5, 4.0), (9.0, 6.0)];
        for (x, expected) in cases {
            assert_eq!(fit.at(x), expected, "at {x}");
        }
    }

    proptest! {
        /// Never falling, and no other such function is nearer: here, a straight line that
        /// rises and any constant.
        #[test]
        fn isotonic_regression_is_the_nearest_that_never_falls(
            pairs in prop::collection::vec((0..9_i32, -5.0..5.0_f64), 1..30),
            slope in 0.0..2.0_f64, at_zero in -5.0..5.0_f64,
        ) {
            let pairs: Vec<_> = pairs.iter().map(|&(x, y)| (f64::from(x), y)).collect();
            let knots = isotonic(&pairs);
            prop_assert!(knots.is_sorted_by(|a, b| a.0 < b.0 && a.1 <= b.1));
            let missed = |fit: &Fit| -> f64 {
                pairs.iter().map(|&(x, y)| (y - fit.at(x)) * (y - fit.at(x))).sum()
            };
            let own = missed(&Fit::Monotone(knots));
            for slope in [slope, 0.0] {
                let other = missed(&Fit::Line { at_zero, slope });
                prop_assert!(own <= other + 1e-9, "{} {}", own, other);
            }
        }

        /// It sees the order of the predictor alone: at its own pairs.
        #[test]
        fn isotonic_regression_does_not_change_with_the_scale(
            ys in prop::collection::vec(-5.0..5.0_f64, 1..20),
        ) {
            let at = |of: fn(f64) -> f64| -> Vec<f64> {
                let pairs: Vec<_> =
                    ys.iter().enumerate().map(|(i, &y)| (of(i as f64), y)).collect();
                isotonic(&pairs).into_iter().map(|knot| knot.1).collect()
            };
            prop_assert_eq!(at(|x| x), at(|x| x * x * x + 7.0));
        }
    }
}
