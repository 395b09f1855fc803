//! Matrix products. The only file that calls faer.
//!
//! Products run on the calling thread: the callers cut their work into chunks
//! and spread those. faer always uses the best instructions of the processor;
//! when a lower level is forced, the plain product below is used, so that a
//! forced level is what it says.

use faer::linalg::matmul::matmul;
use faer::mat::{MatMut, MatRef};
use faer::{Accum, Par};

use crate::scratch::with_scratch;
use crate::simd::{self, Level};
use crate::{Scalar, Shape};

/// The geometry of `out = op(a) op(b)`, all row-major and contiguous.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gemm {
    /// Rows of the output.
    pub m: usize,
    /// Columns of the output.
    pub n: usize,
    /// The length of the inner sum.
    pub k: usize,
    /// `a` is stored as `[k, m]` and used transposed; else it is `[m, k]`.
    pub a_transposed: bool,
    /// `b` is stored as `[n, k]` and used transposed; else it is `[k, n]`.
    pub b_transposed: bool,
    /// Add to `out` instead of replacing it.
    pub accumulate: bool,
}

impl Gemm {
    /// `out[m, n] = a[m, k] b[k, n]`.
    pub fn new(m: usize, n: usize, k: usize) -> Self {
        Gemm { m, n, k, a_transposed: false, b_transposed: false, accumulate: false }
    }

    /// The same with `a` stored as `[k, m]`.
    pub fn a_transposed(self) -> Self {
        Gemm { a_transposed: true, ..self }
    }

    /// The same with `b` stored as `[n, k]`.
    pub fn b_transposed(self) -> Self {
        Gemm { b_transposed: true, ..self }
    }

    /// The same, adding to the output.
    pub fn accumulate(self) -> Self {
        Gemm { accumulate: true, ..self }
    }

    #[track_caller]
    fn check<T>(&self, out: &[T], a: &[T], b: &[T]) {
        let Gemm { m, n, k, .. } = *self;
        let found = [out.len(), a.len(), b.len()];
        let expected = [[m, n], [m, k], [k, n]].map(|matrix| Shape::from(matrix).len());
        assert!(
            found == expected,
            "gemm {m}x{k}x{n}: lengths of out, a, b must be {expected:?}, got {found:?}"
        );
    }
}

/// `out = op(a) op(b)`, or `out += op(a) op(b)` if `g.accumulate`.
///
/// # Panics
/// If a slice has another length than its matrix.
#[track_caller]
pub fn gemm<T: Scalar>(out: &mut [T], a: &[T], b: &[T], g: &Gemm) {
    g.check(out, a, b);
    if simd::level() == Level::best() {
        with_faer(out, a, b, g);
    } else {
        plain(out, a, b, g);
    }
}

/// The same product, but every row of the output has the same bits however many rows
/// there are. [`gemm`] takes other paths for one or a few rows, so the result for an
/// image would depend on how many images it shares the batch with. This is slower; it is
/// for products that are small against the rest.
///
/// # Panics
/// If a slice has another length than its matrix.
#[track_caller]
pub fn gemm_by_rows<T: Scalar>(out: &mut [T], a: &[T], b: &[T], g: &Gemm) {
    g.check(out, a, b);
    plain(out, a, b, g);
}

fn with_faer<T: Scalar>(out: &mut [T], a: &[T], b: &[T], g: &Gemm) {
    let stored = |elements, rows, columns, transposed| {
        if transposed {
            MatRef::from_row_major_slice(elements, columns, rows).transpose()
        } else {
            MatRef::from_row_major_slice(elements, rows, columns)
        }
    };
    let accum = if g.accumulate { Accum::Add } else { Accum::Replace };
    matmul(
        MatMut::from_row_major_slice_mut(out, g.m, g.n),
        accum,
        stored(a, g.m, g.k, g.a_transposed),
        stored(b, g.k, g.n, g.b_transposed),
        T::ONE,
        Par::Seq,
    );
}

/// The product as row updates `out[i] += a[i, p] b[p]`, vectorised along `n`.
/// Also the oracle of the tests.
fn plain<T: Scalar>(out: &mut [T], a: &[T], b: &[T], g: &Gemm) {
    let Gemm { m, n, k, .. } = *g;
    if g.b_transposed {
        return with_scratch(k * n, |turned| {
            turned.iter_mut().enumerate().for_each(|(i, v)| *v = b[(i % n) * k + i / n]);
            plain(out, a, turned, &Gemm { b_transposed: false, ..*g });
        });
    }
    if !g.accumulate {
        out.fill(T::ZERO);
    }
    simd::vectorised(|| {
        for (i, row) in out.chunks_exact_mut(n.max(1)).enumerate() {
            for p in 0..k {
                let factor = if g.a_transposed { a[p * m + i] } else { a[i * k + p] };
                for (o, &v) in row.iter_mut().zip(&b[p * n..][..n]) {
                    *o += factor * v;
                }
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Stream;
    use proptest::prelude::*;

    fn random(len: usize, place: u64) -> Vec<f64> {
        let mut rng = Stream::new(5, "gemm").at(place, 0);
        (0..len).map(|_| rng.normal()).collect()
    }

    proptest! {
        #[test]
        fn faer_and_the_plain_product_agree(
            m in 1usize..40, n in 1usize..40, k in 1usize..80,
            a_transposed: bool, b_transposed: bool, accumulate: bool,
        ) {
            let g = Gemm { m, n, k, a_transposed, b_transposed, accumulate };
            let (a, b) = (random(m * k, 0), random(k * n, 1));
            let mut fast = random(m * n, 2);
            let mut slow = fast.clone();
            with_faer(&mut fast, &a, &b, &g);
            plain(&mut slow, &a, &b, &g);
            for (i, (x, y)) in fast.iter().zip(&slow).enumerate() {
                prop_assert!((x - y).abs() < 1e-12 * k as f64, "at {i}: {x} and {y}");
            }
        }
    }

    #[test]
    fn by_rows_a_row_does_not_depend_on_its_neighbours() {
        for (n, k, b_transposed) in [(10, 64, true), (10, 128, true), (128, 128, false)] {
            let (a, b) = (random(9 * k, 0), random(k * n, 1));
            let product = |m: usize| {
                let mut out = vec![f64::NAN; m * n];
                let g = Gemm { b_transposed, ..Gemm::new(m, n, k) };
                gemm_by_rows(&mut out, &a[..m * k], &b, &g);
                out
            };
            let whole = product(9);
            for m in 1..9 {
                assert_eq!(product(m), whole[..m * n], "{m} rows of {n}, inner {k}");
            }
        }
    }

    #[test]
    #[should_panic(
        expected = "gemm 2x3x4: lengths of out, a, b must be [8, 6, 12], got [8, 6, 11]"
    )]
    fn lengths_are_checked() {
        gemm(&mut [0.0f32; 8], &[0.0; 6], &[0.0; 11], &Gemm::new(2, 4, 3));
    }
}
