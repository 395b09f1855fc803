//! The products over channels, with accumulators in registers.

use super::BLOCK;
use crate::simd::Vector;

/// `out[BLOCK, n] = a[BLOCK, k] b[k, n]`, all row-major.
///
/// # Safety
/// The slices behind the pointers must have these sizes, `out` for this call
/// alone; `n` is a multiple of the lanes; the processor must have the
/// instructions of `V`.
#[inline(always)]
pub(super) unsafe fn rows<V: Vector>(
    out: *mut f32,
    a: *const f32,
    b: *const f32,
    n: usize,
    k: usize,
) {
    let step = Step { a_row: k, a_inner: 1, b_inner: n, out_row: n, k, adds: false };
    // SAFETY: the same sizes, in other words.
    unsafe { panels::<V>(out, a, b, BLOCK, n, &step) }
}

/// `out[m, n] += a[BLOCK, m]^T b[BLOCK, n]`, all row-major.
///
/// # Safety
/// As [`rows`]; `m` is a multiple of 16.
#[inline(always)]
pub(super) unsafe fn outer<V: Vector>(
    out: *mut f32,
    a: *const f32,
    b: *const f32,
    m: usize,
    n: usize,
) {
    let step = Step { a_row: 1, a_inner: m, b_inner: n, out_row: n, k: BLOCK, adds: true };
    // SAFETY: the same sizes, in other words.
    unsafe { panels::<V>(out, a, b, m, n, &step) }
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

/// Cuts the columns into panels of 4, 2 or 1 registers, the rows so that the
/// accumulators of a panel fit the registers.
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
    // SAFETY: panels lie side by side inside the matrices.
    unsafe {
        while column < n {
            let registers = (n - column) / V::LANES;
            let (out, b) = (out.add(column), b.add(column));
            column += V::LANES
                * match (registers, V::ACCUMULATORS) {
                    (4.., 16) => panel::<V, 4, 4>(out, a, b, m, step),
                    (2.., 16) => panel::<V, 8, 2>(out, a, b, m, step),
                    (_, 16) if m % 16 == 0 => panel::<V, 16, 1>(out, a, b, m, step),
                    (_, 16) => panel::<V, 8, 1>(out, a, b, m, step),
                    (2.., 8) => panel::<V, 4, 2>(out, a, b, m, step),
                    (_, 8) => panel::<V, 8, 1>(out, a, b, m, step),
                    _ => panel::<V, 4, 1>(out, a, b, m, step),
                };
        }
    }
}

/// All rows of one panel of `C` registers, `R` rows at a time; returns `C`.
#[inline(always)]
unsafe fn panel<V: Vector, const R: usize, const C: usize>(
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
