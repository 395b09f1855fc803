//! The convolution layer.

use tensor::Scalar;

use super::Builder;
use crate::{ParamId, Pass, Var, init, op};

/// A convolution, `NAME.weight`, and perhaps its bias, `NAME.bias`.
#[derive(Debug, Clone, PartialEq)]
pub struct Conv2d {
    /// Input channels.
    pub c_in: usize,
    /// Output channels.
    pub c_out: usize,
    /// Side of the square kernel.
    pub kernel: usize,
    /// Step between output pixels.
    pub stride: usize,
    weight: ParamId,
    bias: Option<ParamId>,
}

impl Conv2d {
    /// A convolution without bias, padded so that stride 1 keeps the size of
    /// the image (odd kernels).
    pub fn new<T: Scalar>(
        b: &mut Builder<T>,
        name: &str,
        [c_in, c_out]: [usize; 2],
        kernel: usize,
        stride: usize,
    ) -> Self {
        let weight =
            b.random(format!("{name}.weight"), |rng| init::he_conv(kernel, c_in, c_out, rng));
        Conv2d { c_in, c_out, kernel, stride, weight, bias: None }
    }

    /// The same with a bias, which starts at 0.
    pub fn with_bias<T: Scalar>(self, b: &mut Builder<T>, name: &str) -> Self {
        let bias = b.constant(format!("{name}.bias"), self.c_out, T::ZERO);
        Conv2d { bias: Some(bias), ..self }
    }

    /// `[n, h, w, c_in]` to `[n, ceil(h / stride), ceil(w / stride), c_out]`.
    pub fn forward<T: Scalar>(&self, pass: &mut Pass<'_, T>, x: &Var<T>) -> Var<T> {
        let weight = pass.param(self.weight);
        let y = op::conv2d(&mut pass.tape, x, &weight, self.stride, self.kernel / 2);
        match self.bias {
            Some(bias) => {
                let bias = pass.param(bias);
                op::bias(&mut pass.tape, &y, &bias)
            }
            None => y,
        }
    }

    /// Multiplications for an output of `pixels` pixels.
    pub fn macs(&self, pixels: usize) -> u64 {
        (pixels * self.c_in * self.c_out * self.kernel * self.kernel) as u64
    }
}
