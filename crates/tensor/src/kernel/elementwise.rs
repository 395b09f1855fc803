//! Elementwise passes and sums over rows.

use rayon::prelude::*;

use super::whole_rows;
use crate::simd::vectorised;
use crate::threads::{self, CHUNK_ELEMENTS, chunk_rows};
use crate::{Buffer, Scalar};

/// `y = max(x, 0)`; NaN stays NaN.
///
/// # Panics
/// If the lengths differ.
#[track_caller]
pub fn relu<T: Scalar>(y: &mut [T], x: &[T]) {
    unary(y, x, |v| if v < T::ZERO { T::ZERO } else { v });
}

/// `dx = dy` where `y > 0`, else 0; `y` is the output of [`relu`].
///
/// # Panics
/// If the lengths differ.
#[track_caller]
pub fn relu_grad<T: Scalar>(dx: &mut [T], dy: &[T], y: &[T]) {
    binary(dx, dy, y, |g, v| if v > T::ZERO { g } else { T::ZERO });
}

/// `out = a + b`.
///
/// # Panics
/// If the lengths differ.
#[track_caller]
pub fn add<T: Scalar>(out: &mut [T], a: &[T], b: &[T]) {
    binary(out, a, b, |a, b| a + b);
}

/// `out = a b`, elementwise.
///
/// # Panics
/// If the lengths differ.
#[track_caller]
pub fn mul<T: Scalar>(out: &mut [T], a: &[T], b: &[T]) {
    binary(out, a, b, |a, b| a * b);
}

/// `out += a`.
///
/// # Panics
/// If the lengths differ.
#[track_caller]
pub fn add_assign<T: Scalar>(out: &mut [T], a: &[T]) {
    check(out.len(), a.len());
    let chunks = out.par_chunks_mut(CHUNK_ELEMENTS).zip(a.par_chunks(CHUNK_ELEMENTS));
    threads::share(chunks).for_each(|(out, a)| {
        vectorised(|| {
            for (o, &a) in out.iter_mut().zip(a) {
                *o += a;
            }
        })
    });
}

/// `out = factor a`.
///
/// # Panics
/// If the lengths differ.
#[track_caller]
pub fn scale<T: Scalar>(out: &mut [T], a: &[T], factor: T) {
    unary(out, a, |v| v * factor);
}

/// `out[r, c] += row[c]`: a bias on each row of `[rows, row.len()]`.
///
/// # Panics
/// If `out` is not whole rows.
#[track_caller]
pub fn add_row<T: Scalar>(out: &mut [T], row: &[T]) {
    let c = row.len();
    whole_rows("add_row", out.len(), c);
    threads::for_chunks(out, chunk_rows(c) * c, |_, out| {
        vectorised(|| {
            for out in out.chunks_exact_mut(c) {
                for (o, &v) in out.iter_mut().zip(row) {
                    *o += v;
                }
            }
        })
    });
}

/// `out[c] = sum_r x[r, c]` over the rows of `[rows, out.len()]`; chunks are
/// summed in `f64` and joined in a fixed tree.
///
/// # Panics
/// If `x` is not whole rows.
#[track_caller]
pub fn sum_rows<T: Scalar>(out: &mut [T], x: &[T]) {
    let c = out.len();
    whole_rows("sum_rows", x.len(), c);
    let chunk = chunk_rows(c) * c;
    let parts = x.len().div_ceil(chunk);
    let mut sums = Buffer::<f64>::zeros(parts.max(1) * c);
    let sums = sums.as_mut_slice();
    threads::for_pairs(sums, c, x.par_chunks(chunk), |_, sum, rows| {
        vectorised(|| {
            for row in rows.chunks_exact(c) {
                for (s, v) in sum.iter_mut().zip(row) {
                    *s += v.to_f64();
                }
            }
        });
    });
    threads::tree_sum(sums, parts);
    out.iter_mut().zip(sums).for_each(|(o, s)| *o = T::from_f64(*s));
}

#[track_caller]
fn check(a: usize, b: usize) {
    assert!(a == b, "an elementwise pass needs equal lengths, got {a} and {b}");
}

#[track_caller]
pub(super) fn unary<T: Scalar>(out: &mut [T], a: &[T], f: impl Fn(T) -> T + Copy + Send + Sync) {
    check(out.len(), a.len());
    let chunks = out.par_chunks_mut(CHUNK_ELEMENTS).zip(a.par_chunks(CHUNK_ELEMENTS));
    threads::share(chunks).for_each(|(out, a)| {
        vectorised(|| {
            for (o, &a) in out.iter_mut().zip(a) {
                *o = f(a);
            }
        })
    });
}

#[track_caller]
pub(super) fn binary<T: Scalar>(
    out: &mut [T],
    a: &[T],
    b: &[T],
    f: impl Fn(T, T) -> T + Copy + Send + Sync,
) {
    check(out.len(), a.len());
    check(out.len(), b.len());
    let inputs = a.par_chunks(CHUNK_ELEMENTS).zip(b.par_chunks(CHUNK_ELEMENTS));
    threads::share(out.par_chunks_mut(CHUNK_ELEMENTS).zip(inputs)).for_each(|(out, (a, b))| {
        vectorised(|| {
            for ((o, &a), &b) in out.iter_mut().zip(a).zip(b) {
                *o = f(a, b);
            }
        })
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::wave;

    /// Longer than a chunk and not a multiple of anything.
    const LEN: usize = 2 * CHUNK_ELEMENTS + 37;

    #[test]
    fn every_pass_is_its_formula_at_each_element() {
        let [a, b] = [0, 5].map(|shift| wave::<f32>(LEN, shift));
        let mut out = vec![f32::NAN; LEN];
        relu(&mut out, &a);
        assert!((0..LEN).all(|i| out[i] == a[i].max(0.0)));
        relu_grad(&mut out, &b, &a);
        assert!((0..LEN).all(|i| out[i] == if a[i] > 0.0 { b[i] } else { 0.0 }));
        add(&mut out, &a, &b);
        assert!((0..LEN).all(|i| out[i] == a[i] + b[i]));
        add_assign(&mut out, &a);
        assert!((0..LEN).all(|i| out[i] == a[i] + b[i] + a[i]));
        mul(&mut out, &a, &b);
        assert!((0..LEN).all(|i| out[i] == a[i] * b[i]));
        scale(&mut out, &a, 3.0);
        assert!((0..LEN).all(|i| out[i] == 3.0 * a[i]));
    }

    #[test]
    fn relu_lets_nan_through() {
        let mut out = [0.0f32; 2];
        relu(&mut out, &[f32::NAN, -0.5]);
        assert!(out[0].is_nan() && out[1] == 0.0);
    }

    #[test]
    fn rows_are_summed_and_a_row_is_added_to_each() {
        for c in [1, 3, 16, 100] {
            let rows = 5000;
            let x: Vec<f32> = (0..rows * c).map(|i| (i % 11) as f32).collect();
            let mut sums = vec![0.0; c];
            sum_rows(&mut sums, &x);
            for (j, &s) in sums.iter().enumerate() {
                let expected: f32 = (0..rows).map(|r| x[r * c + j]).sum();
                assert_eq!(s, expected, "column {j} of {c}");
            }
            let mut y = x.clone();
            add_row(&mut y, &sums);
            assert!((0..rows * c).all(|i| y[i] == x[i] + sums[i % c]));
        }
    }
}
