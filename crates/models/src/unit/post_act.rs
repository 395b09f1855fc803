//! The post-activation block of He et al. 2015 with option-A shortcuts.
//!
//! ```text
//! pre = identity     skip = x, or option A where the shape changes
//! post = relu        branch = bn2 conv2 relu bn1 conv1 x
//! ```
//!
//! `post` bends the sum, so the forward pass does not unravel into a sum over
//! paths here.

use nn::layer::{BatchNorm, Builder, Conv2d};
use nn::{Pass, Var, op};
use tensor::Scalar;

use super::UnitShape;

/// A post-activation block.
#[derive(Debug, Clone, PartialEq)]
pub struct PostActBlock {
    /// The first convolution, with the block's stride.
    pub conv1: Conv2d,
    /// Between the convolutions, with a ReLU.
    pub bn1: BatchNorm,
    /// The second convolution.
    pub conv2: Conv2d,
    /// At the end of the branch.
    pub bn2: BatchNorm,
}

impl PostActBlock {
    pub(crate) fn new<T: Scalar>(
        b: &mut Builder<T>,
        name: &str,
        [c_in, c_out]: [usize; 2],
        stride: usize,
    ) -> Self {
        PostActBlock {
            conv1: Conv2d::new(b, &format!("{name}.conv1"), [c_in, c_out], 3, stride),
            bn1: BatchNorm::new(b, &format!("{name}.bn1"), c_out),
            conv2: Conv2d::new(b, &format!("{name}.conv2"), [c_out, c_out], 3, 1),
            bn2: BatchNorm::new(b, &format!("{name}.bn2"), c_out),
        }
    }

    pub(super) fn skip<T: Scalar>(&self, pass: &mut Pass<'_, T>, x: &Var<T>) -> Var<T> {
        let Conv2d { c_in, c_out, stride, .. } = self.conv1;
        if stride == 1 && c_in == c_out {
            x.clone()
        } else {
            op::option_a(&mut pass.tape, x, c_out, stride)
        }
    }

    pub(super) fn branch<T: Scalar>(&self, pass: &mut Pass<'_, T>, x: &Var<T>) -> Var<T> {
        let h = self.conv1.forward(pass, x);
        let h = self.conv2.forward_normed(pass, &self.bn1, &h, None);
        self.bn2.forward(pass, &h)
    }

    pub(super) fn macs(&self, output: UnitShape) -> u64 {
        self.conv1.macs(output.pixels()) + self.conv2.macs(output.pixels())
    }
}
