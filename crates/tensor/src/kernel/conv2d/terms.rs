//! What the fused kernels read and write. [`fused`](super::fused) checks these values,
//! and `winograd` computes with them.

use crate::Tensor;

/// The inputs of the forward pass.
#[derive(Clone, Copy)]
pub struct Forward<'a> {
    /// `[n, h, w, c_in]`.
    pub x: &'a [f32],
    /// What happens to `x` first, if anything.
    pub norm_relu: Option<NormRelu<'a>>,
    /// The weights.
    pub weights: &'a TransformedWeights,
    /// `[n, h, w, c_out]`, added to the result.
    pub skip: Option<&'a [f32]>,
}

/// The inputs of the backward pass.
#[derive(Clone, Copy)]
pub struct Backward<'a> {
    /// The input of the forward pass.
    pub x: &'a [f32],
    /// What happened to it first.
    pub norm_relu: Option<NormRelu<'a>>,
    /// The gradient in the output.
    pub dy: Cotangent<'a>,
}

/// The outputs of the backward pass.
pub struct Gradients<'a> {
    /// The gradient in `x scale + shift`, or in `x` where nothing happened to it, if it
    /// is wanted; with the weights, [transposed](TransformedWeights::transposed).
    pub dz: Option<(&'a mut [f32], &'a TransformedWeights)>,
    /// The gradient in the weights, if it is wanted.
    pub dw: Option<&'a mut [f32]>,
    /// Sums over `dz`, if they are wanted: `[2, c_in]`, `sum dz` and
    /// `sum dz (x - mean)`; with the means.
    pub sums: Option<(&'a mut [f64], &'a [f32])>,
}

/// Batch norm as an affine map, then ReLU: `relu(x scale[c] + shift[c])`.
#[derive(Debug, Clone, Copy)]
pub struct NormRelu<'a> {
    /// `[c]`.
    pub scale: &'a [f32],
    /// `[c]`.
    pub shift: &'a [f32],
}

/// A gradient in an output.
#[derive(Debug, Clone, Copy)]
pub enum Cotangent<'a> {
    /// As it is.
    Whole(&'a [f32]),
    /// Still to be computed from the gradient behind a batch norm:
    /// `a[c] dz + b[c] x + d[c]`.
    Pending {
        /// The gradient in the batch norm's output.
        dz: &'a [f32],
        /// The batch norm's input.
        x: &'a [f32],
        /// `a`, `b` and `d`, `[c]` each.
        factors: [&'a [f32]; 3],
    },
}

impl Cotangent<'_> {
    /// How many numbers the gradient has.
    pub(super) fn len(&self) -> usize {
        match self {
            Cotangent::Whole(dy) => dy.len(),
            Cotangent::Pending { dz, .. } => dz.len(),
        }
    }
}

/// Weights, transformed for the fused kernels.
#[derive(Debug, Clone)]
pub struct TransformedWeights {
    /// `[36, c_in, c_out]`, the columns in panels; channels swapped if transposed.
    pub(super) u: Tensor<f32>,
}
