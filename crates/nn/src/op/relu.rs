//! The rectifier.

use tensor::kernel::elementwise;
use tensor::{Scalar, Tensor};

use crate::{Rule, Tape, Var};

/// `y = max(x, 0)`, elementwise, for any shape. The gradient at 0 is 0.
pub fn relu<T: Scalar>(tape: &mut Tape<T>, x: &Var<T>) -> Var<T> {
    let mut y = Tensor::for_overwrite(x.value().shape());
    elementwise::relu(y.as_mut_slice(), x.value().as_slice());
    let saved = y.clone();
    tape.op(y, &[x], || Saved { y: saved })
}

struct Saved<T: Scalar> {
    y: Tensor<T>,
}

impl<T: Scalar> Rule<T> for Saved<T> {
    fn backward(&self, dy: &Tensor<T>, _wanted: &[bool]) -> Vec<Option<Tensor<T>>> {
        let mut dx = Tensor::for_overwrite(dy.shape());
        elementwise::relu_grad(dx.as_mut_slice(), dy.as_slice(), self.y.as_slice());
        vec![Some(dx)]
    }
}
