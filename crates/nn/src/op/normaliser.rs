//! What batch norm multiplies with and adds, and what that does to a gradient.

use std::sync::Arc;

use tensor::kernel::batch_norm::Moments;
use tensor::{Scalar, Tensor};

use crate::tape::Pending;
use crate::{Cotangent, Var};

/// Added to the variance, as in PyTorch.
pub const EPSILON: f64 = 1e-5;

/// The statistics that normalise.
#[derive(Debug, Clone, Copy)]
pub enum Statistics<'a, T: Scalar> {
    /// Those of the batch itself, through which gradients flow.
    Batch,
    /// Fixed ones, `[c]` each.
    Running {
        /// The mean of each channel.
        mean: &'a Tensor<T>,
        /// The variance of each channel.
        var: &'a Tensor<T>,
    },
}

/// Batch norm as an affine map, `y = x factor + offset`, with what its gradient
/// needs.
pub(super) struct Normaliser<T> {
    /// `scale / sqrt(var + 1e-5)`.
    pub(super) factor: Vec<T>,
    /// `shift - mean factor`.
    pub(super) offset: Vec<T>,
    /// The mean, rounded to `T`.
    pub(super) mean: Vec<T>,
    exact: Exact,
    /// The moments of the batch, if it is they that normalise.
    moments: Option<Arc<Moments>>,
}

/// The same in `f64`.
struct Exact {
    mean: Vec<f64>,
    inv_std: Vec<f64>,
    factor: Vec<f64>,
}

/// The gradients of a batch norm but that of its input.
pub(super) struct NormGrads<T: Scalar> {
    pub(super) dscale: Tensor<T>,
    pub(super) dshift: Tensor<T>,
    /// `a`, `b` and `d` of [`Pending`].
    factors: [Vec<T>; 3],
}

impl<T: Scalar> Normaliser<T> {
    /// # Panics
    /// If scale and shift do not fit the channels of `x`, or a channel has a single
    /// value in the batch, of which no variance can be taken.
    #[track_caller]
    pub(super) fn new(
        x: &Var<T>,
        scale: &Var<T>,
        shift: &Var<T>,
        statistics: Statistics<'_, T>,
    ) -> Self {
        let shape = x.value().shape();
        let c = shape.channels();
        assert!(
            scale.value().dims() == [c] && shift.value().dims() == [c],
            "batch_norm: scale {} and shift {} do not fit input {shape}",
            scale.value().shape(),
            shift.value().shape()
        );
        let (mean, var, moments) = match statistics {
            Statistics::Batch => {
                let moments = x.moments();
                assert!(
                    moments.count > 1,
                    "batch_norm: one value per channel: batch statistics of {shape} need at least two"
                );
                (moments.mean.clone(), moments.variance(), Some(moments))
            }
            Statistics::Running { mean, var } => (wide(mean), wide(var), None),
        };
        let inv_std: Vec<f64> = var.iter().map(|var| 1.0 / (var + EPSILON).sqrt()).collect();
        let factor: Vec<f64> = zip(&wide(scale.value()), &inv_std, |s, i| s * i);
        let offset = zip(&wide(shift.value()), &zip(&mean, &factor, |m, f| m * f), |s, mf| s - mf);
        Normaliser {
            factor: narrow(&factor),
            offset: narrow(&offset),
            mean: narrow(&mean),
            exact: Exact { mean, inv_std, factor },
            moments,
        }
    }

    /// The moments of the batch, for the running ones.
    pub(super) fn moments(&self) -> Option<Moments> {
        self.moments.as_deref().cloned()
    }

    /// Whether gradients flow through the statistics.
    pub(super) fn uses_batch(&self) -> bool {
        self.moments.is_some()
    }

    /// The gradients from `sum dz` and `sum dz (x - mean)` (the mean rounded to `T`)
    /// over all `n` values of each channel.
    ///
    /// With `xhat = (x - mean) inv_std`: `dshift = sum dz`, `dscale = sum dz xhat`, and
    /// `dx = factor (dz - dshift / n - xhat dscale / n)`, where the last two terms come
    /// from the batch statistics and vanish with fixed ones.
    pub(super) fn grads(&self, sum: &[f64], product: &[f64], n: usize) -> NormGrads<T> {
        let Exact { mean, inv_std, factor } = &self.exact;
        let c = mean.len();
        // The mean in the sum is rounded; the rest is made up for here.
        let rest = zip(mean, &self.mean, |m, rounded| m - rounded.to_f64());
        let product = zip(product, &zip(&rest, sum, |r, s| r * s), |p, rs| p - rs);
        let dscale = zip(&product, inv_std, |p, i| p * i);
        let n = n as f64;
        let b: Vec<f64> = match self.uses_batch() {
            true => (0..c).map(|i| -factor[i] * inv_std[i] * dscale[i] / n).collect(),
            false => vec![0.0; c],
        };
        let d: Vec<f64> = match self.uses_batch() {
            true => (0..c).map(|i| -factor[i] * sum[i] / n - b[i] * mean[i]).collect(),
            false => vec![0.0; c],
        };
        let vector = |values: &[f64]| Tensor::from_vec([c], narrow(values));
        NormGrads {
            dscale: vector(&dscale),
            dshift: vector(sum),
            factors: [self.factor.clone(), narrow(&b), narrow(&d)],
        }
    }

    /// The gradient of the input where neither statistics nor parameters want any.
    pub(super) fn fixed_grads(&self) -> NormGrads<T> {
        let zeros = vec![0.0; self.factor.len()];
        self.grads(&zeros, &zeros, 1)
    }
}

impl<T: Scalar> NormGrads<T> {
    /// The gradient in the norm's input `x` from that in its output.
    pub(super) fn input(&mut self, dz: Tensor<T>, x: &Tensor<T>) -> Cotangent<T> {
        let factors = std::mem::take(&mut self.factors);
        Cotangent::Pending(Pending { dz, x: x.clone(), factors, plus: None })
    }
}

fn zip<A: Copy, B: Copy, C>(a: &[A], b: &[B], f: impl Fn(A, B) -> C) -> Vec<C> {
    a.iter().zip(b).map(|(&a, &b)| f(a, b)).collect()
}

fn wide<T: Scalar>(values: &Tensor<T>) -> Vec<f64> {
    values.as_slice().iter().map(|v| v.to_f64()).collect()
}

fn narrow<T: Scalar>(values: &[f64]) -> Vec<T> {
    values.iter().map(|&v| T::from_f64(v)).collect()
}
