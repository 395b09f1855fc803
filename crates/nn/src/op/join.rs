//! The sum of a residual unit's terms.

use tensor::kernel::elementwise;
use tensor::{Scalar, Tensor};

use crate::{Joint, Tape, Var};

/// `y = skip + branch`, both of one shape: the sum of a unit with one branch.
///
/// A sweep hands its cotangent on to both terms, or to the one that
/// [`Sweep::routes`](crate::Sweep) names for `unit`.
///
/// # Panics
/// If the shapes differ.
#[track_caller]
pub fn join<T: Scalar>(tape: &mut Tape<T>, skip: &Var<T>, branch: &Var<T>, unit: usize) -> Var<T> {
    join_at(tape, skip, branch, Joint::of(unit))
}

/// `y = left + right`, both of one shape, at a [`Joint`] of a unit.
///
/// # Panics
/// If the shapes differ.
#[track_caller]
pub fn join_at<T: Scalar>(
    tape: &mut Tape<T>,
    left: &Var<T>,
    right: &Var<T>,
    joint: Joint,
) -> Var<T> {
    let (a, b) = (left.value(), right.value());
    assert!(a.shape() == b.shape(), "join: skip {} and branch {}", a.shape(), b.shape());
    let mut y = Tensor::for_overwrite(a.shape());
    elementwise::add(y.as_mut_slice(), a.as_slice(), b.as_slice());
    tape.join(y, left, right, joint)
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
