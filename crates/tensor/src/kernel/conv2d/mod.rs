//! Two-dimensional convolution (as in deep learning: cross-correlation).
//!
//! `y[n, oy, ox, o] = sum_{ky, kx, i} x[n, oy s + ky - p, ox s + kx - p, i] w[ky, kx, i, o]`
//!
//! Images are NHWC, weights `[kernel, kernel, c_in, c_out]`; pixels outside
//! the image are 0. In groups, weights are `[kernel, kernel, c_in / groups, c_out]`, and `i`
//! counts the input channels of the group that `o` belongs to, `o / (c_out / groups)`. Three functions: [`forward`], [`input_grad`] and
//! [`weight_grad`]; each has its plain loops in [`mod@reference`].
//!
//! There are three ways to compute them. In `f32`, a 3x3 kernel at stride 1 and padding
//! 1 goes through Winograd's transform if both numbers of channels are multiples of 16
//! and the image has at least 16 pixels. Any other forward pass in `f32` to a multiple of
//! 16 channels is the plain sum in registers. Everything else, and `f64`, goes through
//! patch matrices and GEMM. Convolutions in [groups](Conv2dGeom::groups) have kernels of
//! their own for the usual geometries in `f32`, and are else computed group by group. The choice depends on the geometry of one image, never on
//! the batch, the threads or the SIMD level; [`set_path`] forces the general way for
//! comparisons.

mod direct;
pub mod fused;
mod geom;
mod grouped;
mod im2col;
mod input_grad;
mod path;
pub mod reference;
mod terms;
mod weight_grad;
mod winograd;

use crate::Scalar;

pub use geom::Conv2dGeom;
pub use input_grad::input_grad;
pub use path::{Path, path, set_path};
pub use weight_grad::weight_grad;

/// `y = x * w`.
///
/// # Panics
/// If the kernel does not fit into the padded image, anything except for the batch is 0,
/// the groups do not divide the channels, or a slice does not fit.
#[track_caller]
pub fn forward<T: Scalar>(y: &mut [T], x: &[T], w: &[T], g: &Conv2dGeom) {
    g.check("conv2d", x.len(), w.len(), y.len());
    if g.groups > 1 {
        return grouped::forward(y, x, w, g);
    }
    if winograd::fits(g)
        && let (Some(y), Some(x), Some(w)) = (T::as_f32_mut(y), T::as_f32(x), T::as_f32(w))
    {
        let weights = fused::TransformedWeights::new(w, g);
        let plain = fused::Forward { x, norm_relu: None, weights: &weights, skip: None };
        fused::forward(y, &plain, g, false);
        return;
    }
    if direct::fits(g)
        && let (Some(y), Some(x), Some(w)) = (T::as_f32_mut(y), T::as_f32(x), T::as_f32(w))
    {
        return direct::forward(y, x, w, g);
    }
    im2col::forward(y, x, w, g);
}

/// `to[o, i] = from[i, o]` for the weights between two channels, `[c_in, c_out]`, of one
/// pixel of the kernel.
fn swap_channels<T: Copy>(to: &mut [T], from: &[T], [c_in, c_out]: [usize; 2]) {
    for (o, to) in to.chunks_exact_mut(c_in).enumerate() {
        for (i, to) in to.iter_mut().enumerate() {
            *to = from[i * c_out + o];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "the kernel must fit into the padded image")]
    fn a_kernel_larger_than_the_image_is_refused() {
        let g = Conv2dGeom::valid([1, 2, 2, 1], 1, 5).with_padding(1);
        forward(&mut [0.0f32; 1], &[0.0; 4], &[0.0; 25], &g);
    }
}
