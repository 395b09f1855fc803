//! Batch norm as a factor and an offset for each channel, and the gradients of that.

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
pub(super) struct Normaliser<T: Scalar> {
    /// `scale / sqrt(var + 1e-5)`.
    pub(super) factor: Tensor<T>,
    /// `shift - mean factor`.
    pub(super) offset: Tensor<T>,
    /// The mean, rounded to `T`.
    pub(super) mean: Tensor<T>,
    exact: Exact,
    /// The moments of the batch, if it is they that normalise.
    moments: Option<Moments>,
}

/// The same in `f64`.
struct Exact {
    mean: Tensor<f64>,
    inv_std: Tensor<f64>,
    factor: Tensor<f64>,
}

/// The gradients of a batch norm, except for that of its input.
pub(super) struct NormGrads<T: Scalar> {
    pub(super) dscale: Tensor<T>,
    pub(super) dshift: Tensor<T>,
    /// `a`, `b` and `d` of [`Pending`], `[3, c]`.
    factors: Tensor<T>,
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
            Statistics::Running { mean, var } => (mean.cast(), var.cast(), None),
        };
        let inv_std = var.map(|var| 1.0 / (var + EPSILON).sqrt());
        let factor = zip(&scale.value().cast(), &inv_std, |s: f64, i| s * i);
        let product = zip(&mean, &factor, |m, f| m * f);
        let offset = zip(&shift.value().cast(), &product, |s: f64, mf| s - mf);
        Normaliser {
            factor: factor.cast(),
            offset: offset.cast(),
            mean: mean.cast(),
            exact: Exact { mean, inv_std, factor },
            moments,
        }
    }

    /// The moments of the batch, for the running ones.
    pub(super) fn moments(&self) -> Option<Moments> {
        self.moments.clone()
    }

    /// Whether gradients flow through the statistics.
    pub(super) fn uses_batch(&self) -> bool {
        self.moments.is_some()
    }

    /// The gradients from `sums`, `[2, c]`: `sum dz` and `sum dz (x - mean)` (the mean
    /// rounded to `T`) over all `n` values of each channel.
    ///
    /// With `xhat = (x - mean) inv_std`: `dshift = sum dz`, `dscale = sum dz xhat`, and
    /// `dx = factor (dz - dshift / n - xhat dscale / n)`, where the last two terms come
    /// from the batch statistics and vanish with fixed ones.
    pub(super) fn grads(&self, sums: &Tensor<f64>, n: usize) -> NormGrads<T> {
        let (c, n) = (self.mean.len(), n as f64);
        let (sum, product) = sums.as_slice().split_at(c);
        let Exact { mean, inv_std, factor } = &self.exact;
        let (mean, inv_std, factor) = (mean.as_slice(), inv_std.as_slice(), factor.as_slice());
        let mut grads = NormGrads {
            dscale: Tensor::for_overwrite([c]),
            dshift: Tensor::copy_of([c], sum).cast(),
            factors: Tensor::zeros([3, c]),
        };
        let (a, rest) = grads.factors.as_mut_slice().split_at_mut(c);
        let (b, d) = rest.split_at_mut(c);
        a.copy_from_slice(self.factor.as_slice());
        let rounded = self.mean.as_slice();
        for (i, out) in grads.dscale.as_mut_slice().iter_mut().enumerate() {
            // The mean in the sum is rounded; this corrects for the rounding.
            let rest = mean[i] - rounded[i].to_f64();
            let dscale = (product[i] - rest * sum[i]) * inv_std[i];
            *out = T::from_f64(dscale);
            if self.uses_batch() {
                let exact_b = -factor[i] * inv_std[i] * dscale / n;
                b[i] = T::from_f64(exact_b);
                d[i] = T::from_f64(-factor[i] * sum[i] / n - exact_b * mean[i]);
            }
        }
        grads
    }

    /// What the input's gradient needs if neither the statistics nor the parameters have
    /// one.
    pub(super) fn fixed_grads(&self) -> NormGrads<T> {
        self.grads(&Tensor::zeros([2, self.factor.len()]), 1)
    }
}

impl<T: Scalar> NormGrads<T> {
    /// The gradient in the norm's input `x` from that in its output.
    pub(super) fn input(&self, dz: Tensor<T>, x: &Tensor<T>) -> Cotangent<T> {
        let factors = self.factors.clone();
        Cotangent::Pending(Pending { dz, x: x.clone(), factors, plus: None })
    }
}

fn zip(a: &Tensor<f64>, b: &Tensor<f64>, f: impl Fn(f64, f64) -> f64) -> Tensor<f64> {
    let mut out = Tensor::for_overwrite(a.shape());
    for ((o, &a), &b) in out.as_mut_slice().iter_mut().zip(a.as_slice()).zip(b.as_slice()) {
        *o = f(a, b);
    }
    out
}
