//! Convolution in groups: output channels see the input channels of their own group.
//!
//! With few channels a group there is little to multiply in any matrix, so registers hold
//! the channels of as many whole groups as fit, or a part of one. In `f32`, for kernels of
//! 1x1 and 3x3 at strides 1 and 2 with the padding that keeps the size, each output channel
//! is the plain sum in its lane, with the inputs permuted to the lanes that need them
//! ([`Blocks`]). All other geometries, and `f64`, are computed group by group as ordinary
//! convolutions.

mod blocks;
mod by_group;
mod input_grad;
mod line;
mod rows;
mod weight_grad;

use super::{Conv2dGeom, Path, path};
use crate::scratch::with_scratch;
use crate::simd::{dispatch, lanes};
use crate::{Scalar, threads};

use blocks::Blocks;

/// Whether the kernels of this module compute the geometry.
fn fits(g: &Conv2dGeom) -> bool {
    let is_covered = matches!((g.kernel, g.stride), (1 | 3, 1 | 2)) && g.padding == g.kernel / 2;
    path() == Path::Fastest && is_covered
}

/// `y = x * w`.
pub(super) fn forward<T: Scalar>(y: &mut [T], x: &[T], w: &[T], g: &Conv2dGeom) {
    if fits(g)
        && let (Some(y), Some(x), Some(w)) = (T::as_f32_mut(y), T::as_f32(x), T::as_f32(w))
    {
        let blocks = Blocks::new(lanes(), g.groups, [g.group_in(), g.group_out()]);
        let packed = blocks.packed(g.kernel, |tap, i, o| w[(tap * blocks.from + i) * g.c_out + o]);
        convolve(y, x, &packed, &blocks, g);
    } else {
        by_group::forward(y, x, w, g);
    }
}

/// `dx` = the gradient of `<dy, x * w>` in `x`.
pub(super) fn input_grad<T: Scalar>(dx: &mut [T], dy: &[T], w: &[T], g: &Conv2dGeom) {
    if fits(g)
        && let (Some(dx), Some(dy), Some(w)) = (T::as_f32_mut(dx), T::as_f32(dy), T::as_f32(w))
    {
        input_grad::input_grad(dx, dy, w, g);
    } else {
        by_group::input_grad(dx, dy, w, g);
    }
}

/// `dw` = the gradient of `<dy, x * w>` in `w`.
pub(super) fn weight_grad<T: Scalar>(dw: &mut [T], x: &[T], dy: &[T], g: &Conv2dGeom) {
    if fits(g)
        && let (Some(dw), Some(x), Some(dy)) = (T::as_f32_mut(dw), T::as_f32(x), T::as_f32(dy))
    {
        weight_grad::weight_grad(dw, x, dy, g);
    } else {
        by_group::weight_grad(dw, x, dy, g);
    }
}

/// `y = x * w`, image by image, with packed weights.
fn convolve(y: &mut [f32], x: &[f32], packed: &[f32], blocks: &Blocks, g: &Conv2dGeom) {
    let one = g.with_batch(1);
    let image = one.in_shape().len();
    threads::for_chunks(y, one.out_shape().len(), |n, y| {
        with_padded(&x[n * image..(n + 1) * image], g, |padded| {
            dispatch(rows::Image { y, padded, packed, blocks, g });
        });
    });
}

/// Calls `f` with an image in its margin of zeros, and a register's length of zeros behind.
fn with_padded<R>(x: &[f32], g: &Conv2dGeom, f: impl FnOnce(&[f32]) -> R) -> R {
    let len = super::direct::padded_len(g);
    with_scratch(len + blocks::LANES, |padded| {
        super::direct::pad(&mut padded[..len], x, g);
        padded[len..].fill(0.0);
        f(padded)
    })
}
