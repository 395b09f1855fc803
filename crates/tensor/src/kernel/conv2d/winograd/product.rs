//! The products over channels, with accumulators in registers.

use super::PANEL;
use crate::simd::{Vector, with_widest_run};

/// `out[m, n] = a[m, k] b[k, n]`, the sizes being `[m, n, k]`; `out` and `a` are
/// row-major, `b` in panels of [`PANEL`] columns.
///
/// # Safety
/// The slices behind the pointers must have these sizes, `out` for this call alone; `m`
/// is a multiple of 16, `n` of the lanes; the processor must have the instructions of
/// `V`.
///
/// `out` may be `a` if `n = k` is [one run](crate::simd::is_one_run): rows of `a` are
/// then read for the last time before the same rows of the output are written.
#[inline(always)]
pub(super) unsafe fn rows<V: Vector>(
    out: *mut f32,
    a: *const f32,
    b: *const f32,
    [m, n, k]: [usize; 3],
) {
    for column in (0..n).step_by(PANEL) {
        let width = PANEL.min(n - column);
        let step = Step { a_row: k, a_inner: 1, b_inner: width, out_row: n, k, adds: false };
        // SAFETY: a panel of `width` columns lies behind `column` shorter ones.
        unsafe { panels::<V>(out.add(column), a, b.add(column * k), m, width, &step) };
    }
}

/// `out[m, n] = a[k, m]^T b[k, n]`, or `+=` if it `adds`, the sizes being `[k, m, n]`;
/// `a` and `b` are row-major, `out` in panels of [`PANEL`] columns.
///
/// # Safety
/// As [`rows`].
#[inline(always)]
pub(super) unsafe fn outer<V: Vector>(
    out: *mut f32,
    a: *const f32,
    b: *const f32,
    [k, m, n]: [usize; 3],
    adds: bool,
) {
    for column in (0..n).step_by(PANEL) {
        let width = PANEL.min(n - column);
        let step = Step { a_row: 1, a_inner: m, b_inner: n, out_row: width, k, adds };
        // SAFETY: a panel of `width` columns lies behind `column` shorter ones.
        unsafe { panels::<V>(out.add(column * m), a, b.add(column), m, width, &step) };
    }
}

/// Strides of a product `out[r, j] = sum_p a[r a_row + p a_inner] b[p b_inner + j]`.
struct Step {
    a_row: usize,
    a_inner: usize,
    b_inner: usize,
    out_row: usize,
    /// Terms of the sum.
    k: usize,
    /// Add to `out` rather than replace it.
    adds: bool,
}

/// Cuts the columns into runs of 4, 2 or 1 registers, the rows so that the
/// accumulators of a run fit the registers.
///
/// # Safety
/// As [`rows`], with the strides of `step`.
#[inline(always)]
unsafe fn panels<V: Vector>(
    out: *mut f32,
    a: *const f32,
    b: *const f32,
    m: usize,
    n: usize,
    step: &Step,
) {
    let mut column = 0;
    // SAFETY: the runs lie side by side inside the matrices.
    unsafe {
        while column < n {
            let registers = (n - column) / V::LANES;
            let (out, b) = (out.add(column), b.add(column));
            column += V::LANES * with_widest_run!(registers, run::<V>(out, a, b, m, step));
        }
    }
}

/// All rows of one run of `C` registers, `R` rows at a time; returns `C`.
///
/// # Safety
/// As [`panels`]; `R` divides `m`.
#[inline(always)]
unsafe fn run<V: Vector, const R: usize, const C: usize>(
    out: *mut f32,
    a: *const f32,
    b: *const f32,
    m: usize,
    step: &Step,
) -> usize {
    for row in (0..m).step_by(R) {
        // SAFETY: `R` divides `m`, so the rows exist.
        unsafe {
            let out = out.add(row * step.out_row);
            let a = a.add(row * step.a_row);
            let mut sums = [[V::splat(0.0); C]; R];
            if step.adds {
                for (r, sums) in sums.iter_mut().enumerate() {
                    for (c, sum) in sums.iter_mut().enumerate() {
                        *sum = V::load(out.add(r * step.out_row + c * V::LANES));
                    }
                }
            }
            for p in 0..step.k {
                let b = b.add(p * step.b_inner);
                let b: [V; C] = std::array::from_fn(|c| V::load(b.add(c * V::LANES)));
                for (r, sums) in sums.iter_mut().enumerate() {
                    let a = V::splat(*a.add(r * step.a_row + p * step.a_inner));
                    for (sum, &b) in sums.iter_mut().zip(&b) {
                        *sum = a.mul_add(b, *sum);
                    }
                }
            }
            for (r, sums) in sums.into_iter().enumerate() {
                for (c, sum) in sums.into_iter().enumerate() {
                    sum.store(out.add(r * step.out_row + c * V::LANES));
                }
            }
        }
    }
    C
}
