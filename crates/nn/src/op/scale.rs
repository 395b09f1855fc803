//! Multiplication with a constant number.

use tensor::kernel::elementwise;
use tensor::{Scalar, Tensor};

use crate::{PerInput, Rule, Tape, Var};

/// `y = factor x`, elementwise, for any shape.
#[track_caller]
pub fn scale<T: Scalar>(tape: &mut Tape<T>, x: &Var<T>, factor: T) -> Var<T> {
    let mut y = Tensor::for_overwrite(x.value().shape());
    elementwise::scale(y.as_mut_slice(), x.value().as_slice(), factor);
    tape.op(y, &[x], || Saved { factor })
}

struct Saved<T> {
    factor: T,
}

impl<T: Scalar> Rule<T> for Saved<T> {
    fn backward(&self, dy: &Tensor<T>, _wanted: &[bool]) -> PerInput<Tensor<T>> {
        let mut dx = Tensor::for_overwrite(dy.shape());
        elementwise::scale(dx.as_mut_slice(), dy.as_slice(), self.factor);
        [Some(dx)].into()
    }
}
