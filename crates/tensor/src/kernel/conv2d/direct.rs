//! The plain sum, with accumulators in registers and no patch matrix.
//!
//! In NHWC the pixels that a row of the kernel sees lie side by side. So for each
//! row of the kernel a row of output pixels is a matrix product whose left factor
//! is the padded image itself, with rows that overlap:
//!
//! ```text
//! y[oy] += A W[ky]     A[ox, (kx, i)] = x[oy s + ky, ox s + kx, i]
//! ```

use super::{Conv2dGeom, Path, path};
use crate::scratch::with_scratch;
use crate::simd::{Task, Vector, dispatch, with_widest_run};
use crate::threads;

/// Output channels come in multiples of this, a register of the widest level, so that
/// the choice of the path is the same at every level.
const CHANNEL_STEP: usize = 16;

/// Whether this path computes the geometry.
pub(super) fn fits(g: &Conv2dGeom) -> bool {
    path() == Path::Fastest && g.groups == 1 && g.c_out.is_multiple_of(CHANNEL_STEP)
}

/// `y = x * w`.
pub(super) fn forward(y: &mut [f32], x: &[f32], w: &[f32], g: &Conv2dGeom) {
    let one = g.with_batch(1);
    let [image, padded] = [one.in_shape().len(), padded_len(g)];
    threads::for_chunks(y, one.out_shape().len(), |n, y| {
        with_scratch(padded, |padded| {
            pad(padded, &x[n * image..(n + 1) * image], g);
            dispatch(Image { y, padded, w, g });
        });
    });
}

/// Numbers from a row of the padded image to the next.
pub(super) fn padded_row(g: &Conv2dGeom) -> usize {
    (g.w + 2 * g.padding) * g.c_in
}

pub(super) fn padded_len(g: &Conv2dGeom) -> usize {
    (g.h + 2 * g.padding) * padded_row(g)
}

/// Copies an image into its margin of zeros.
pub(super) fn pad(padded: &mut [f32], x: &[f32], g: &Conv2dGeom) {
    let (row, inside) = (g.w * g.c_in, g.padding * g.c_in);
    padded.fill(0.0);
    let rows = padded.chunks_exact_mut(padded_row(g)).skip(g.padding);
    for (to, from) in rows.zip(x.chunks_exact(row)) {
        to[inside..inside + row].copy_from_slice(from);
    }
}

/// One image.
struct Image<'a> {
    y: &'a mut [f32],
    padded: &'a [f32],
    w: &'a [f32],
    g: &'a Conv2dGeom,
}

impl Task for Image<'_> {
    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        let Image { y, padded, w, g } = self;
        assert!(
            y.len() == g.out_h() * g.out_w() * g.c_out
                && padded.len() == padded_len(g)
                && w.len() == g.patch() * g.c_out
                && g.c_out.is_multiple_of(V::LANES)
        );
        let out_w = g.out_w();
        for oy in 0..g.out_h() {
            let mut o = 0;
            while o < g.c_out {
                let registers = (g.c_out - o) / V::LANES;
                // SAFETY: the sizes are those asserted; a window of the kernel at any
                // output pixel lies in the padded image; the caller vouches for the
                // instructions.
                o += V::LANES
                    * unsafe {
                        let y = y.as_mut_ptr().add(oy * out_w * g.c_out + o);
                        let x = padded.as_ptr().add(oy * g.stride * padded_row(g));
                        let w = w.as_ptr().add(o);
                        with_widest_run!(registers, row::<V>(y, x, w, g))
                    };
            }
        }
    }
}

/// `C` registers of channels of a row of output pixels, `R` pixels at a time; returns
/// `C`.
///
/// # Safety
/// `y` is the first of the row's channels, `x` the row of the padded image where the
/// kernel begins, `w` the first weight of the channels; the processor must have the
/// instructions of `V`.
#[inline(always)]
unsafe fn row<V: Vector, const R: usize, const C: usize>(
    y: *mut f32,
    x: *const f32,
    w: *const f32,
    g: &Conv2dGeom,
) -> usize {
    let (mut ox, out_w) = (0, g.out_w());
    // SAFETY: `ox` stays below the output's width.
    unsafe {
        while ox < out_w {
            let (y, x) = (y.add(ox * g.c_out), x.add(ox * g.stride * g.c_in));
            if ox + R <= out_w {
                pixels::<V, R, C>(y, x, w, g);
                ox += R;
            } else {
                pixels::<V, 1, C>(y, x, w, g);
                ox += 1;
            }
        }
    }
    C
}

/// `R` neighbouring output pixels.
///
/// # Safety
/// As [`row`].
#[inline(always)]
unsafe fn pixels<V: Vector, const R: usize, const C: usize>(
    y: *mut f32,
    x: *const f32,
    w: *const f32,
    g: &Conv2dGeom,
) {
    let window = g.kernel * g.c_in;
    // SAFETY: the caller vouches for the pixels.
    unsafe {
        let mut sums = [[V::splat(0.0); C]; R];
        for ky in 0..g.kernel {
            let (x, w) = (x.add(ky * padded_row(g)), w.add(ky * window * g.c_out));
            for p in 0..window {
                let mut weights = [V::splat(0.0); C];
                for (c, weight) in weights.iter_mut().enumerate() {
                    *weight = V::load(w.add(p * g.c_out + c * V::LANES));
                }
                for (r, sums) in sums.iter_mut().enumerate() {
                    let x = V::splat(*x.add(r * g.stride * g.c_in + p));
                    for (sum, &weight) in sums.iter_mut().zip(&weights) {
                        *sum = x.mul_add(weight, *sum);
                    }
                }
            }
        }
        for (r, sums) in sums.into_iter().enumerate() {
            for (c, sum) in sums.into_iter().enumerate() {
                sum.store(y.add(r * g.c_out + c * V::LANES));
            }
        }
    }
}
