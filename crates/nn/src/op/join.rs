//! The sum of a residual unit's two terms.

use tensor::kernel::elementwise;
use tensor::{Scalar, Tensor};

use crate::{Tape, Var};

/// `y = skip + branch`, both of one shape.
///
/// A sweep hands its cotangent on to both terms, or to the one that
/// [`Sweep::routes`](crate::Sweep) names for `unit`.
///
/// # Panics
/// If the shapes differ.
#[track_caller]
pub fn join<T: Scalar>(tape: &mut Tape<T>, skip: &Var<T>, branch: &Var<T>, unit: usize) -> Var<T> {
    let (a, b) = (skip.value(), branch.value());
    assert!(a.shape() == b.shape(), "join: skip {} and branch {}", a.shape(), b.shape());
    let mut y = Tensor::for_overwrite(a.shape());
    elementwise::add(y.as_mut_slice(), a.as_slice(), b.as_slice());
    tape.join(y, skip, branch, unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "join: skip [2, 1] and branch [1, 2]")]
    fn the_terms_have_one_shape() {
        let mut tape = Tape::<f32>::off();
        let skip = tape.constant(Tensor::zeros([2, 1]));
        let branch = tape.constant(Tensor::zeros([1, 2]));
        let _ = join(&mut tape, &skip, &branch, 0);
    }
}
