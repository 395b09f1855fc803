//! Batch normalisation over the channels (Ioffe and Szegedy 2015).

use tensor::kernel::batch_norm::{self as kernel, Moments};
use tensor::{Scalar, Tensor};

use crate::{Rule, Tape, Var};

/// Added to the variance, as in PyTorch.
pub const EPSILON: f64 = 1e-5;

/// The statistics that normalise.
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

/// `y = (x - mean) / sqrt(var + 1e-5) scale + shift`, channel by channel; with
/// batch statistics also their moments, for the running ones.
///
/// # Shapes
/// `x`: any, its last dimension being the channels `c`; `scale`, `shift`: `[c]`.
///
/// # Panics
/// If the shapes do not fit together, or a channel has a single value in the
/// batch, of which no variance can be taken.
#[track_caller]
pub fn batch_norm<T: Scalar>(
    tape: &mut Tape<T>,
    x: &Var<T>,
    scale: &Var<T>,
    shift: &Var<T>,
    statistics: Statistics<'_, T>,
) -> (Var<T>, Option<Moments>) {
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
            let moments = Moments::of(x.value().as_slice(), c);
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
    let mut y = Tensor::for_overwrite(shape);
    kernel::affine(
        y.as_mut_slice(),
        x.value().as_slice(),
        &narrow::<T>(&factor),
        &narrow::<T>(&offset),
    );
    let uses_batch = moments.is_some();
    let y = tape.op(y, &[x, scale, shift], || Saved {
        x: x.value().clone(),
        mean,
        inv_std,
        factor,
        uses_batch,
    });
    (y, moments)
}

struct Saved<T: Scalar> {
    x: Tensor<T>,
    mean: Vec<f64>,
    inv_std: Vec<f64>,
    /// `scale inv_std`.
    factor: Vec<f64>,
    uses_batch: bool,
}

/// With `xhat = (x - mean) inv_std` and `n` values per channel:
/// `dshift = sum dy`, `dscale = sum dy xhat`, and
/// `dx = scale inv_std (dy - dshift / n - xhat dscale / n)`, where the last
/// two terms come from the batch statistics and vanish with fixed ones.
impl<T: Scalar> Rule<T> for Saved<T> {
    fn backward(&self, dy: &Tensor<T>, wanted: &[bool]) -> Vec<Option<Tensor<T>>> {
        let c = self.mean.len();
        let (dy, x) = (dy.as_slice(), self.x.as_slice());
        let needs_sums = self.uses_batch || wanted[1] || wanted[2];
        let (dshift, dscale) = if needs_sums {
            let mean = narrow::<T>(&self.mean);
            let (sum, product) = kernel::grad_sums(dy, x, &mean);
            // The kernel's mean is rounded to T; the rest is made up for here.
            let rest = zip(&self.mean, &mean, |m, rounded| m - rounded.to_f64());
            let product = zip(&product, &zip(&rest, &sum, |r, s| r * s), |p, rs| p - rs);
            (sum, zip(&product, &self.inv_std, |p, i| p * i))
        } else {
            (vec![], vec![])
        };
        let dx = wanted[0].then(|| {
            let mut dx = Tensor::for_overwrite(self.x.shape());
            let a = narrow::<T>(&self.factor);
            if self.uses_batch {
                let n = (x.len() / c) as f64;
                let b: Vec<f64> =
                    (0..c).map(|i| -self.factor[i] * self.inv_std[i] * dscale[i] / n).collect();
                let d: Vec<f64> =
                    (0..c).map(|i| -self.factor[i] * dshift[i] / n - b[i] * self.mean[i]).collect();
                kernel::affine_pair(dx.as_mut_slice(), dy, x, [&a, &narrow(&b), &narrow(&d)]);
            } else {
                kernel::affine(dx.as_mut_slice(), dy, &a, &vec![T::ZERO; c]);
            }
            dx
        });
        let vector = |values: &[f64]| Tensor::from_vec([c], narrow(values));
        vec![dx, wanted[1].then(|| vector(&dscale)), wanted[2].then(|| vector(&dshift))]
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

#[cfg(test)]
mod tests {
    use super::*;

    fn run(x: Tensor<f64>, c: usize) -> (Tensor<f64>, Option<Moments>) {
        let mut tape = Tape::off();
        let x = tape.constant(x);
        let scale = tape.constant(Tensor::full([c], 2.0));
        let shift = tape.constant(Tensor::full([c], 10.0));
        let (y, moments) = batch_norm(&mut tape, &x, &scale, &shift, Statistics::Batch);
        (y.into_value(), moments)
    }

    #[test]
    fn a_batch_is_normalised_by_its_biased_variance() {
        // Mean 2; squared deviations 1 and 1, so variance 1 (2 if unbiased).
        let (y, moments) = run(Tensor::from_vec([2, 1], vec![1.0, 3.0]), 1);
        let expected = 2.0 / (1.0 + EPSILON).sqrt();
        assert!((y.as_slice()[0] - (10.0 - expected)).abs() < 1e-14, "{y:?}");
        assert!((y.as_slice()[1] - (10.0 + expected)).abs() < 1e-14, "{y:?}");
        assert_eq!(moments.unwrap().unbiased_variance(), [2.0]);
    }

    #[test]
    #[should_panic(
        expected = "batch_norm: one value per channel: batch statistics of [1, 1, 1, 3] need at least two"
    )]
    fn one_value_per_channel_has_no_variance() {
        let _ = run(Tensor::zeros([1, 1, 1, 3]), 3);
    }

    #[test]
    #[should_panic(expected = "batch_norm: scale [2] and shift [2] do not fit input [4, 3]")]
    fn scale_and_shift_belong_to_the_channels() {
        let _ = run(Tensor::zeros([4, 3]), 2);
    }
}
