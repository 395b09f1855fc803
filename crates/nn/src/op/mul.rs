//! The product of two values.

use tensor::kernel::elementwise;
use tensor::{Scalar, Tensor};

use crate::{PerInput, Rule, Tape, Var};

/// `y = a b`, elementwise, both of one shape: also what an open gate `a` lets through of
/// `b`.
///
/// A factor that is the same everywhere is a [`scale`](super::scale).
///
/// # Panics
/// If the shapes differ.
#[track_caller]
pub fn mul<T: Scalar>(tape: &mut Tape<T>, a: &Var<T>, b: &Var<T>) -> Var<T> {
    let (x, y) = (a.value(), b.value());
    assert!(
        x.shape() == y.shape(),
        "mul: {} and {} differ in shape; nothing is broadcast",
        x.shape(),
        y.shape()
    );
    let product = product(x, y);
    tape.op(product, &[a, b], || Saved { a: x.clone(), b: y.clone() })
}

struct Saved<T: Scalar> {
    a: Tensor<T>,
    b: Tensor<T>,
}

/// `da = dy b`, `db = dy a`.
impl<T: Scalar> Rule<T> for Saved<T> {
    fn backward(&self, dy: &Tensor<T>, wanted: &[bool]) -> PerInput<Tensor<T>> {
        let da = wanted[0].then(|| product(dy, &self.b));
        let db = wanted[1].then(|| product(dy, &self.a));
        [da, db].into()
    }
}

fn product<T: Scalar>(a: &Tensor<T>, b: &Tensor<T>) -> Tensor<T> {
    let mut product = Tensor::for_overwrite(a.shape());
    elementwise::mul(product.as_mut_slice(), a.as_slice(), b.as_slice());
    product
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_square_has_the_gradients_of_both_factors() {
        let mut tape = Tape::<f64>::recording();
        let x = tape.input(Tensor::from_vec([2], vec![3.0, -2.0]));
        let y = mul(&mut tape, &x, &x);
        assert_eq!(y.value().as_slice(), [9.0, 4.0]);
        let grads = tape.vjp(&y, Tensor::full([2], 1.0), &Default::default());
        assert_eq!(grads.of(&x).unwrap().as_slice(), [6.0, -4.0]);
    }

    #[test]
    #[should_panic(expected = "mul: [2, 1] and [1, 2] differ in shape; nothing is broadcast")]
    fn nothing_is_broadcast() {
        let mut tape = Tape::<f32>::off();
        let a = tape.constant(Tensor::zeros([2, 1]));
        let b = tape.constant(Tensor::zeros([1, 2]));
        let _ = mul(&mut tape, &a, &b);
    }
}
