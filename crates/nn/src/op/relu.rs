//! The rectifier.

use tensor::kernel::elementwise;
use tensor::{Scalar, Tensor};

use crate::{PerInput, Rule, Tape, Var};

/// `y = max(x, 0)`, elementwise, for any shape. The gradient at 0 is 0.
#[track_caller]
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
    fn backward(&self, dy: &Tensor<T>, _wanted: &[bool]) -> PerInput<Tensor<T>> {
        let mut dx = Tensor::for_overwrite(dy.shape());
        elementwise::relu_grad(dx.as_mut_slice(), dy.as_slice(), self.y.as_slice());
        [Some(dx)].into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_zero_the_gradient_is_zero() {
        let mut tape = Tape::<f64>::recording();
        let x = tape.input(Tensor::from_vec([4], vec![-2.0, -0.0, 0.0, 3.0]));
        let y = relu(&mut tape, &x);
        assert_eq!(y.value().as_slice(), [0.0, 0.0, 0.0, 3.0]);
        let grads = tape.vjp(&y, Tensor::full([4], 5.0), &Default::default());
        assert_eq!(grads.of(&x).unwrap().as_slice(), [0.0, 0.0, 0.0, 5.0]);
    }
}
