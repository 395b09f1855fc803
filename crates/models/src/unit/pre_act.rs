//! The pre-activation block of He et al. 2016 ("Identity Mappings").
//!
//! ```text
//! same shape:   pre = identity            boundary:  pre = relu bn1
//!               skip = x                             skip = P c   (1x1, no norm)
//!               branch = conv2 relu bn2              branch = conv2 relu bn2 conv1 c
//!                        conv1 relu bn1 x
//! ```

use nn::layer::{BatchNorm, Builder, Conv2d};
use nn::{Pass, Var};
use tensor::Scalar;

use super::UnitShape;

/// A pre-activation block; a boundary block if it has a projection.
#[derive(Debug, Clone, PartialEq)]
pub struct PreActBlock {
    /// Before the first convolution.
    pub bn1: BatchNorm,
    /// The first convolution, with the block's stride.
    pub conv1: Conv2d,
    /// Between the convolutions.
    pub bn2: BatchNorm,
    /// The second convolution.
    pub conv2: Conv2d,
    /// The skip of a boundary block, 1x1.
    pub projection: Option<Conv2d>,
}

impl PreActBlock {
    pub(crate) fn new<T: Scalar>(
        b: &mut Builder<T>,
        name: &str,
        [c_in, c_out]: [usize; 2],
        stride: usize,
    ) -> Self {
        let is_boundary = stride != 1 || c_in != c_out;
        PreActBlock {
            bn1: BatchNorm::new(b, &format!("{name}.bn1"), c_in),
            conv1: Conv2d::new(b, &format!("{name}.conv1"), [c_in, c_out], 3, stride),
            bn2: BatchNorm::new(b, &format!("{name}.bn2"), c_out),
            conv2: Conv2d::new(b, &format!("{name}.conv2"), [c_out, c_out], 3, 1),
            projection: is_boundary
                .then(|| Conv2d::new(b, &format!("{name}.shortcut"), [c_in, c_out], 1, stride)),
        }
    }

    /// The activation before both terms, if they share one.
    pub(super) fn pre<T: Scalar>(&self, pass: &mut Pass<'_, T>, x: &Var<T>) -> Var<T> {
        match self.projection {
            Some(_) => self.bn1.forward_relu(pass, x),
            None => x.clone(),
        }
    }

    pub(super) fn skip<T: Scalar>(&self, pass: &mut Pass<'_, T>, x: &Var<T>, c: &Var<T>) -> Var<T> {
        match &self.projection {
            Some(projection) => projection.forward(pass, c),
            None => x.clone(),
        }
    }

    /// The branch; with `skip`, the other term and the name of the unit, the sum.
    pub(super) fn branch<T: Scalar>(
        &self,
        pass: &mut Pass<'_, T>,
        c: &Var<T>,
        skip: Option<(&Var<T>, usize)>,
    ) -> Var<T> {
        let h = match self.projection {
            Some(_) => self.conv1.forward(pass, c),
            None => self.conv1.forward_normed(pass, &self.bn1, c, None),
        };
        self.conv2.forward_normed(pass, &self.bn2, &h, skip)
    }

    pub(super) fn skip_macs(&self, output: UnitShape) -> u64 {
        self.projection.as_ref().map_or(0, |projection| projection.macs(output.pixels()))
    }

    pub(super) fn branch_macs(&self, output: UnitShape) -> u64 {
        self.conv1.macs(output.pixels()) + self.conv2.macs(output.pixels())
    }
}
