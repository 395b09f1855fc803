//! Dropout (Srivastava et al. 2014), scaled while training.

use tensor::kernel::elementwise;
use tensor::random::Random;
use tensor::{Scalar, Tensor};

use crate::{PerInput, Rule, Tape, Var};

/// `y = x m / (1 - p)` with each `m` 0 with probability `p`, else 1; so that
/// evaluation needs no scaling.
///
/// # Panics
/// If `p` is not in `[0, 1)`.
#[track_caller]
pub fn dropout<T: Scalar>(tape: &mut Tape<T>, x: &Var<T>, p: f64, random: &mut Random) -> Var<T> {
    assert!((0.0..1.0).contains(&p), "dropout: p must be in [0, 1), got {p}");
    let kept = T::from_f64(1.0 / (1.0 - p));
    let mask =
        Tensor::from_fn(x.value().shape(), |_| if random.uniform() < p { T::ZERO } else { kept });
    let mut y = Tensor::for_overwrite(mask.shape());
    elementwise::mul(y.as_mut_slice(), x.value().as_slice(), mask.as_slice());
    tape.op(y, &[x], || Saved { mask })
}

struct Saved<T: Scalar> {
    /// `m / (1 - p)`.
    mask: Tensor<T>,
}

impl<T: Scalar> Rule<T> for Saved<T> {
    fn backward(&self, dy: &Tensor<T>, _wanted: &[bool]) -> PerInput<Tensor<T>> {
        let mut dx = Tensor::for_overwrite(dy.shape());
        elementwise::mul(dx.as_mut_slice(), dy.as_slice(), self.mask.as_slice());
        [Some(dx)].into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "dropout: p must be in [0, 1), got 1")]
    fn not_everything_can_be_dropped() {
        let mut tape = Tape::<f32>::off();
        let x = tape.constant(Tensor::zeros([1]));
        let mut random = tensor::random::Stream::new(0, "dropout").at(0, 0);
        let _ = dropout(&mut tape, &x, 1.0, &mut random);
    }
}
