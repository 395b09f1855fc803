//! A layer without a skip: convolution or linear, norm, ReLU, perhaps a pool.

use nn::layer::{BatchNorm, Conv2d, Linear};
use nn::{Pass, Var, op};
use tensor::Scalar;

use super::UnitShape;

/// A plain layer. `pre` flattens for a linear layer, `post` pools; deleting
/// the layer leaves both in place.
#[derive(Debug, Clone, PartialEq)]
pub struct PlainLayer {
    /// The linear map.
    pub op: PlainOp,
    /// The norm after it.
    pub norm: Option<BatchNorm>,
    /// Max pooling, 2 x 2, after the ReLU.
    pub pools: bool,
    /// The part of the inputs that is dropped in training.
    pub dropout: Option<f64>,
}

/// The linear map of a plain layer.
#[derive(Debug, Clone, PartialEq)]
pub enum PlainOp {
    /// A convolution.
    Conv(Conv2d),
    /// A fully connected layer on the mean over the pixels.
    Linear(Linear),
}

impl PlainLayer {
    /// Whether the identity can stand in for the layer.
    pub(super) fn keeps_channels(&self) -> bool {
        match &self.op {
            PlainOp::Conv(conv) => conv.c_in == conv.c_out && conv.stride == 1,
            PlainOp::Linear(linear) => linear.c_in == linear.c_out,
        }
    }

    /// Whether its norm sees features, which have no pixels to take a variance over.
    pub(super) fn norms_features(&self) -> bool {
        matches!(self.op, PlainOp::Linear(_)) && self.norm.is_some()
    }

    pub(super) fn pre<T: Scalar>(&self, pass: &mut Pass<'_, T>, x: &Var<T>) -> Var<T> {
        match self.op {
            PlainOp::Conv(_) => x.clone(),
            PlainOp::Linear(_) => op::global_average(&mut pass.tape, x),
        }
    }

    pub(super) fn branch<T: Scalar>(&self, pass: &mut Pass<'_, T>, x: &Var<T>) -> Var<T> {
        let dropped = self.dropout.map(|p| pass.dropout(x, p));
        let x = dropped.as_ref().unwrap_or(x);
        let h = match &self.op {
            PlainOp::Conv(conv) => conv.forward(pass, x),
            PlainOp::Linear(linear) => linear.forward(pass, x),
        };
        match &self.norm {
            Some(norm) => norm.forward_relu(pass, &h),
            None => op::relu(&mut pass.tape, &h),
        }
    }

    pub(super) fn post<T: Scalar>(&self, pass: &mut Pass<'_, T>, y: Var<T>) -> Var<T> {
        if self.pools { op::max_pool(&mut pass.tape, &y, 2, 2) } else { y }
    }

    pub(super) fn macs(&self, input: UnitShape) -> u64 {
        match &self.op {
            PlainOp::Conv(conv) => conv.macs(input.pixels()),
            PlainOp::Linear(linear) => linear.macs(),
        }
    }
}
