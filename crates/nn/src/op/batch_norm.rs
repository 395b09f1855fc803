//! Batch normalisation over the channels (Ioffe and Szegedy 2015), alone or followed by
//! a ReLU.

use tensor::kernel::batch_norm::{Moments, grad_sums};
use tensor::kernel::channelwise as kernel;
use tensor::{Scalar, Tensor};

use super::normaliser::{Normaliser, Statistics};
use crate::{Cotangent, PerInput, Rule, Tape, Var};

/// `y = (x - mean) / sqrt(var + 1e-5) scale + shift`, channel by channel; with
/// batch statistics also their moments, for the running ones.
///
/// # Shapes
/// `x`: any, its last dimension being the channels `c`; `scale`, `shift`: `[c]`.
///
/// # Panics
/// If the shapes do not fit together, or a channel has a single value in the batch, so
/// that it does not have a variance.
#[track_caller]
pub fn batch_norm<T: Scalar>(
    tape: &mut Tape<T>,
    x: &Var<T>,
    scale: &Var<T>,
    shift: &Var<T>,
    statistics: Statistics<'_, T>,
) -> (Var<T>, Option<Moments>) {
    normalise(tape, x, [scale, shift], statistics, false)
}

/// `z = relu(batch_norm(x))`, as one pass over memory.
///
/// # Panics
/// As [`batch_norm`].
#[track_caller]
pub fn norm_relu<T: Scalar>(
    tape: &mut Tape<T>,
    x: &Var<T>,
    scale: &Var<T>,
    shift: &Var<T>,
    statistics: Statistics<'_, T>,
) -> (Var<T>, Option<Moments>) {
    normalise(tape, x, [scale, shift], statistics, true)
}

#[track_caller]
fn normalise<T: Scalar>(
    tape: &mut Tape<T>,
    x: &Var<T>,
    [scale, shift]: [&Var<T>; 2],
    statistics: Statistics<'_, T>,
    is_rectified: bool,
) -> (Var<T>, Option<Moments>) {
    let norm = Normaliser::new(x, scale, shift, statistics);
    let moments = norm.moments();
    let mut y = Tensor::for_overwrite(x.value().shape());
    let pass = if is_rectified { kernel::affine_relu } else { kernel::affine };
    let (factor, offset) = (norm.factor.as_slice(), norm.offset.as_slice());
    pass(y.as_mut_slice(), x.value().as_slice(), factor, offset);
    let y = tape.op(y, &[x, scale, shift], || Saved { x: x.value().clone(), norm, is_rectified });
    (y, moments)
}

struct Saved<T: Scalar> {
    x: Tensor<T>,
    norm: Normaliser<T>,
    is_rectified: bool,
}

impl<T: Scalar> Rule<T> for Saved<T> {
    fn backward(&self, dy: &Tensor<T>, wanted: &[bool]) -> PerInput<Tensor<T>> {
        let grads = self.backward_pending(Cotangent::Whole(dy.clone()), wanted);
        grads.map(Cotangent::whole)
    }

    /// The formulas are those of `Normaliser::grads`; the input's gradient is left
    /// pending.
    fn backward_pending(&self, dy: Cotangent<T>, wanted: &[bool]) -> PerInput<Cotangent<T>> {
        let mut dz = dy.whole();
        let (x, norm) = (self.x.as_slice(), &self.norm);
        if self.is_rectified {
            let (factor, offset) = (norm.factor.as_slice(), norm.offset.as_slice());
            kernel::affine_relu_grad(dz.as_mut_slice(), x, factor, offset);
        }
        let grads = if norm.uses_batch() || wanted[1] || wanted[2] {
            let mut sums = Tensor::for_overwrite([2, norm.mean.len()]);
            grad_sums(sums.as_mut_slice(), dz.as_slice(), x, norm.mean.as_slice());
            norm.grads(&sums, x.len() / norm.mean.len())
        } else {
            norm.fixed_grads()
        };
        let dx = wanted[0].then(|| grads.input(dz, &self.x));
        let dscale = wanted[1].then_some(Cotangent::Whole(grads.dscale));
        let dshift = wanted[2].then_some(Cotangent::Whole(grads.dshift));
        [dx, dscale, dshift].into()
    }
}

#[cfg(test)]
mod tests {
    use super::super::EPSILON;
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
        assert_eq!(moments.unwrap().unbiased_variance().as_slice(), [2.0]);
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
