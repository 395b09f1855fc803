//! Two-dimensional convolution (as in deep learning: cross-correlation).
//!
//! `y[n, oy, ox, o] = sum_{ky, kx, i} x[n, oy s + ky - p, ox s + kx - p, i] w[ky, kx, i, o]`
//!
//! Images are NHWC, weights `[kernel, kernel, c_in, c_out]`; pixels outside
//! the image are 0. Three functions: [`forward`], [`input_grad`] and
//! [`weight_grad`]; each has its plain loops in [`mod@reference`].
//!
//! Three ways to compute them: in `f32`, 3x3 kernels at stride 1 and padding 1 between
//! multiples of 16 channels, over at least 16 pixels, go through Winograd's transform,
//! and all others forward to a multiple of 16 channels through the plain sum in
//! registers; everything else, and `f64`, through patch
//! matrices and GEMM. The choice depends on the geometry of one image, never on
//! the batch, the threads or the SIMD level; [`set_path`] forces the general way for
//! comparisons.

mod direct;
pub mod fused;
mod im2col;
mod input_grad;
mod path;
pub mod reference;
mod weight_grad;
mod winograd;

use crate::{Scalar, Shape};

pub use input_grad::input_grad;
pub use path::{Path, path, set_path};
pub use weight_grad::weight_grad;

/// The geometry of a convolution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Conv2dGeom {
    /// Images.
    pub batch: usize,
    /// Input height.
    pub h: usize,
    /// Input width.
    pub w: usize,
    /// Input channels.
    pub c_in: usize,
    /// Output channels.
    pub c_out: usize,
    /// Side of the square kernel.
    pub kernel: usize,
    /// Step between output pixels.
    pub stride: usize,
    /// Rows and columns of zeros on each side.
    pub padding: usize,
}

impl Conv2dGeom {
    /// Output height: `(h + 2 padding - kernel) / stride + 1`, rounded down.
    ///
    /// # Panics
    /// If the kernel does not fit into the padded image, or kernel or stride are 0.
    #[track_caller]
    pub fn out_h(&self) -> usize {
        self.windows(self.h)
    }

    /// Output width, likewise.
    ///
    /// # Panics
    /// As [`Conv2dGeom::out_h`].
    #[track_caller]
    pub fn out_w(&self) -> usize {
        self.windows(self.w)
    }

    #[track_caller]
    fn windows(&self, extent: usize) -> usize {
        let padded = self.padded(extent);
        assert!(
            self.kernel > 0 && self.stride > 0 && self.kernel <= padded,
            "conv2d: kernel and stride must not be 0, and the kernel must fit into the padded \
             image: {self:?}"
        );
        (padded - self.kernel) / self.stride + 1
    }

    /// `extent + 2 padding`.
    #[track_caller]
    fn padded(&self, extent: usize) -> usize {
        let padded = self.padding.checked_mul(2).and_then(|margins| margins.checked_add(extent));
        padded
            .unwrap_or_else(|| panic!("conv2d: the padding is more than can be counted: {self:?}"))
    }

    /// `[batch, h, w, c_in]`.
    pub fn in_shape(&self) -> Shape {
        Shape::from([self.batch, self.h, self.w, self.c_in])
    }

    /// `[batch, out_h, out_w, c_out]`.
    ///
    /// # Panics
    /// As [`Conv2dGeom::out_h`].
    #[track_caller]
    pub fn out_shape(&self) -> Shape {
        Shape::from([self.batch, self.out_h(), self.out_w(), self.c_out])
    }

    /// `[kernel, kernel, c_in, c_out]`.
    pub fn weight_shape(&self) -> Shape {
        Shape::from([self.kernel, self.kernel, self.c_in, self.c_out])
    }

    /// Multiplications of one forward pass, zeros of the padding included.
    ///
    /// # Panics
    /// As [`Conv2dGeom::out_h`].
    #[track_caller]
    pub fn macs(&self) -> u64 {
        (self.out_shape().len() * self.patch()) as u64
    }

    /// Inputs that one output pixel sees: `kernel^2 c_in`.
    fn patch(&self) -> usize {
        self.kernel * self.kernel * self.c_in
    }

    /// Rows of output pixels, over all images.
    fn out_rows(&self) -> usize {
        self.batch * self.out_h()
    }

    /// # Panics
    /// If the kernel does not fit into the padded image, anything but the batch is 0, or
    /// a slice does not fit its shape.
    #[track_caller]
    fn check(&self, what: &str, x: usize, w: usize, y: usize) {
        let Conv2dGeom { h, w: width, c_in, c_out, .. } = *self;
        assert!(
            h > 0 && width > 0 && c_in > 0 && c_out > 0,
            "{what}: height, width and channels must not be 0: {self:?}"
        );
        // Kernels that copy an image into its margin reckon with its length.
        let _ = Shape::from([self.padded(h), self.padded(width), c_in]).len();
        let expected = (self.in_shape().len(), self.weight_shape().len(), self.out_shape().len());
        assert!(
            (x, w, y) == expected,
            "{what}: lengths of input, weight and output must be {expected:?}, got {:?}; {self:?}",
            (x, w, y)
        );
    }
}

/// `y = x * w`.
///
/// # Panics
/// If the kernel does not fit into the padded image, anything but the batch is 0, or a
/// slice does not fit.
#[track_caller]
pub fn forward<T: Scalar>(y: &mut [T], x: &[T], w: &[T], g: &Conv2dGeom) {
    g.check("conv2d", x.len(), w.len(), y.len());
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
    fn the_output_size_follows_the_formula() {
        let g = |h, kernel, stride, padding| Conv2dGeom {
            batch: 2,
            h,
            w: h,
            c_in: 3,
            c_out: 5,
            kernel,
            stride,
            padding,
        };
        for (geom, out) in
            [(g(32, 3, 1, 1), 32), (g(32, 3, 2, 1), 16), (g(7, 3, 2, 1), 4), (g(32, 1, 2, 0), 16)]
        {
            assert_eq!(geom.out_shape(), Shape::from([2, out, out, 5]), "{geom:?}");
        }
        assert_eq!(g(32, 3, 1, 1).macs(), 2 * 32 * 32 * 5 * 27);
    }

    #[test]
    #[should_panic(expected = "the kernel must fit into the padded image")]
    fn a_kernel_larger_than_the_image_is_refused() {
        let g = Conv2dGeom {
            batch: 1,
            h: 2,
            w: 2,
            c_in: 1,
            c_out: 1,
            kernel: 5,
            stride: 1,
            padding: 1,
        };
        forward(&mut [0.0f32; 1], &[0.0; 4], &[0.0; 25], &g);
    }
}
