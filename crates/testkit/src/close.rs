//! Closeness of tensors, with a message that says where and by how much.

use tensor::{Scalar, Tensor};

/// How far apart two values may lie: `abs + rel * scale`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tolerance {
    /// Allowed in any case.
    pub abs: f64,
    /// Allowed in proportion to the largest expected magnitude.
    pub rel: f64,
}

impl Tolerance {
    /// Equal bits, except that 0 equals -0.
    pub const EXACT: Tolerance = Tolerance { abs: 0.0, rel: 0.0 };

    /// `rel` of the largest expected magnitude. The absolute part only matters where
    /// everything expected is 0: there it allows rounding.
    pub fn scaled(rel: f64) -> Self {
        Tolerance { abs: rel * 1e-3, rel }
    }
}

/// Checks that `got` is close to `expected` everywhere.
///
/// # Panics
/// If shapes differ, or a value is off or not finite: with `what`, the worst
/// index, both values, and the tolerance.
#[track_caller]
pub fn check_close<T: Scalar>(what: &str, got: &Tensor<T>, expected: &Tensor<T>, tol: Tolerance) {
    assert!(
        got.shape() == expected.shape(),
        "{what}: shape {} where {} is expected",
        got.shape(),
        expected.shape()
    );
    let pairs = || got.as_slice().iter().zip(expected.as_slice());
    let scale = expected.as_slice().iter().fold(0.0f64, |m, v| m.max(v.to_f64().abs()));
    let allowed = tol.abs + tol.rel * scale;
    // A NaN on either side counts as infinitely far.
    let distance = |(a, b): (&T, &T)| {
        let d = (a.to_f64() - b.to_f64()).abs();
        if d.is_nan() { f64::INFINITY } else { d }
    };
    let worst = pairs().map(distance).enumerate().max_by(|a, b| a.1.total_cmp(&b.1));
    if let Some((index, distance)) = worst
        && distance > allowed
    {
        panic!(
            "{what}: worst at {:?} (flat {index}): got {}, expected {}; off by {distance:.3e}, \
             allowed {allowed:.3e} at scale {scale:.3e}",
            unflatten(index, expected.dims()),
            got.as_slice()[index],
            expected.as_slice()[index],
        );
    }
}

/// The bits of each element, as `f64`: the same exactly where the elements have the same
/// bits, NaN aside.
pub fn bits<T: Scalar>(t: &Tensor<T>) -> Vec<u64> {
    t.as_slice().iter().map(|v| v.to_f64().to_bits()).collect()
}

fn unflatten(mut index: usize, dims: &[usize]) -> Vec<usize> {
    let mut place: Vec<usize> = dims
        .iter()
        .rev()
        .map(|&d| {
            let i = index % d;
            index /= d;
            i
        })
        .collect();
    place.reverse();
    place
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(b: f64) -> (Tensor<f64>, Tensor<f64>) {
        (
            Tensor::from_vec([2, 2], vec![1.0, 2.0, 3.0, 4.0]),
            Tensor::from_vec([2, 2], vec![1.0, 2.0, b, 4.0]),
        )
    }

    #[test]
    fn within_the_tolerance_nothing_happens() {
        let (a, b) = pair(3.0 + 3e-9);
        check_close("near", &a, &b, Tolerance::scaled(1e-9));
        check_close("same", &a, &a, Tolerance::EXACT);
    }

    #[test]
    #[should_panic(
        expected = "far: worst at [1, 0] (flat 2): got 3, expected 3.5; off by 5.000e-1"
    )]
    fn the_worst_place_is_named() {
        let (a, b) = pair(3.5);
        check_close("far", &a, &b, Tolerance::scaled(1e-9));
    }

    #[test]
    #[should_panic(expected = "got NaN, expected 3")]
    fn nan_is_never_close() {
        let (a, b) = pair(f64::NAN);
        check_close("nan", &b, &a, Tolerance::scaled(1.0));
    }
}
