//! The sum of two values.

use tensor::kernel::elementwise;
use tensor::{Scalar, Tensor};

use crate::{PerInput, Rule, Tape, Var};

/// `y = a + b`, elementwise, both of one shape.
///
/// Every sweep takes both terms. The sum of a residual unit, whose terms a sweep can take
/// apart, is a [`join`](super::join); one value for each channel is added by
/// [`bias`](super::bias).
///
/// # Panics
/// If the shapes differ.
#[track_caller]
pub fn add<T: Scalar>(tape: &mut Tape<T>, a: &Var<T>, b: &Var<T>) -> Var<T> {
    let (x, y) = (a.value(), b.value());
    assert!(
        x.shape() == y.shape(),
        "add: {} and {} differ in shape; nothing is broadcast",
        x.shape(),
        y.shape()
    );
    let mut sum = Tensor::for_overwrite(x.shape());
    elementwise::add(sum.as_mut_slice(), x.as_slice(), y.as_slice());
    tape.op(sum, &[a, b], || Saved)
}

struct Saved;

/// `da = db = dy`.
impl<T: Scalar> Rule<T> for Saved {
    fn backward(&self, dy: &Tensor<T>, wanted: &[bool]) -> PerInput<Tensor<T>> {
        [wanted[0].then(|| dy.clone()), wanted[1].then(|| dy.clone())].into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "add: [2, 3] and [3] differ in shape; nothing is broadcast")]
    fn nothing_is_broadcast() {
        let mut tape = Tape::<f32>::off();
        let a = tape.constant(Tensor::zeros([2, 3]));
        let b = tape.constant(Tensor::zeros([3]));
        let _ = add(&mut tape, &a, &b);
    }
}
