//! The gradient of a grouped convolution in its input.
//!
//! At stride 1 it is a grouped convolution of `dy` with the kernel turned by 180 degrees.
//! At stride 2 every second row and column of the input saw the kernel's middle tap, the
//! others its outer taps: four kinds of pixels, each a convolution of `dy` at stride 1 with
//! its own taps.

use super::blocks::Blocks;
use super::line::{Line, Operands, line};
use super::{convolve, with_padded};
use crate::kernel::conv2d::{Conv2dGeom, direct};
use crate::simd::{Task, Vector, dispatch, lanes};
use crate::threads;

/// `dx` = the gradient of `<dy, x * w>` in `x`.
pub(super) fn input_grad(dx: &mut [f32], dy: &[f32], w: &[f32], g: &Conv2dGeom) {
    let [group_in, group_out] = [g.group_in(), g.group_out()];
    let blocks = Blocks::new(lanes(), g.groups, [group_out, group_in]);
    let last = g.kernel * g.kernel - 1;
    let turned = blocks.packed(g.kernel, |tap, o, i| {
        let (group, i) = (i / group_in, i % group_in);
        w[((last - tap) * group_in + i) * g.c_out + group * group_out + o]
    });
    // The images that it convolves: those of `dy`.
    let [h, w] = [g.out_h(), g.out_w()];
    let adjoint = Conv2dGeom { h, w, c_in: g.c_out, c_out: g.c_in, stride: 1, ..*g };
    if g.stride == 1 {
        return convolve(dx, dy, &turned, &blocks, &adjoint);
    }
    let one = g.with_batch(1);
    let image = one.out_shape().len();
    threads::for_chunks(dx, one.in_shape().len(), |n, dx| {
        with_padded(&dy[n * image..(n + 1) * image], &adjoint, |dy| {
            let packed = &turned;
            dispatch(Spread { dx, dy, packed, blocks: &blocks, g, adjoint: &adjoint });
        });
    });
}

/// One image at stride 2.
struct Spread<'a> {
    dx: &'a mut [f32],
    /// In its margin, and a register's length behind it.
    dy: &'a [f32],
    packed: &'a [f32],
    blocks: &'a Blocks,
    g: &'a Conv2dGeom,
    adjoint: &'a Conv2dGeom,
}

/// The taps of the turned kernel that reach input pixels at an even or odd place, and how
/// far from the output pixel at half that place, rounded down.
fn taps(kernel: usize, is_odd: bool) -> &'static [[usize; 2]] {
    match (kernel, is_odd) {
        (1, false) => &[[0, 0]],
        (1, true) => &[],
        (_, false) => &[[1, 0]],
        (_, true) => &[[0, 0], [2, 1]],
    }
}

impl Task for Spread<'_> {
    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        let Spread { dx, dy, packed, blocks, g, adjoint } = self;
        dx.fill(0.0);
        let kernel = g.kernel;
        let (row, margin) = (direct::padded_row(adjoint), adjoint.padding);
        let mut on = Operands { y: dx, x: dy, c: g.c_out, packed, blocks, kernel };
        for (iy, ix) in (0..g.h).flat_map(|iy| [(iy, 0), (iy, 1)]) {
            let [down, across] = [iy, ix].map(|place| taps(kernel, place % 2 == 1));
            let (Some(&[first, _]), true) = (across.first(), ix < g.w) else { continue };
            let mut rows = [[0; 2]; 2];
            let rows = &mut rows[..down.len()];
            for (to, &[ty, far]) in rows.iter_mut().zip(down) {
                let x = (iy / 2 + far + margin) * row + margin * g.c_out;
                *to = [x, ty * kernel + first];
            }
            let of_kind = Line {
                y: (iy * g.w + ix) * g.c_in,
                y_step: 2 * g.c_in,
                pixels: (g.w - ix).div_ceil(2),
                stride: 1,
                rows,
                columns: across.len(),
                tap_step: 2,
            };
            // SAFETY: the caller vouches for the instructions.
            unsafe { line::<V>(&mut on, &of_kind) };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `i + padding = stride o + k` for the output `o` and the tap `k` that meet at input
    /// `i`; the turned tap is `kernel - 1 - k`.
    #[test]
    fn taps_are_those_that_meet_at_the_pixel() {
        for kernel in [1usize, 3] {
            for i in 0..6usize {
                let meets = |k: usize| {
                    let at = (i + kernel / 2).checked_sub(k)?;
                    (at % 2 == 0).then(|| [kernel - 1 - k, at / 2])
                };
                let mut expected: Vec<_> = (0..kernel).filter_map(meets).collect();
                expected.reverse();
                let far = |&[tap, far]: &[usize; 2]| [tap, i / 2 + far];
                let found: Vec<_> = taps(kernel, i % 2 == 1).iter().map(far).collect();
                assert_eq!(found, expected, "input {i}, kernel {kernel}");
            }
        }
    }
}
