//! The logistic function, which makes a gate.

use tensor::kernel::gate;
use tensor::{Scalar, Tensor};

use crate::{PerInput, Rule, Tape, Var};

/// `y = 1 / (1 + e^-x)`, elementwise, for any shape.
#[track_caller]
pub fn sigmoid<T: Scalar>(tape: &mut Tape<T>, x: &Var<T>) -> Var<T> {
    let mut y = Tensor::for_overwrite(x.value().shape());
    gate::sigmoid(y.as_mut_slice(), x.value().as_slice());
    let saved = y.clone();
    tape.op(y, &[x], || Saved { y: saved })
}

struct Saved<T: Scalar> {
    y: Tensor<T>,
}

/// `dx = dy y (1 - y)`.
impl<T: Scalar> Rule<T> for Saved<T> {
    fn backward(&self, dy: &Tensor<T>, _wanted: &[bool]) -> PerInput<Tensor<T>> {
        let mut dx = Tensor::for_overwrite(dy.shape());
        gate::sigmoid_grad(dx.as_mut_slice(), dy.as_slice(), self.y.as_slice());
        [Some(dx)].into()
    }
}
