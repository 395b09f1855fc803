//! The sum of a residual unit's terms.

use tensor::kernel::elementwise;
use tensor::{Scalar, Tensor};

use crate::{Joint, Tape, Var};

/// `y = skip + branch`, both of one shape: the sum of a unit with one branch.
///
/// A sweep hands its cotangent on to both terms, or to the one that
/// [`Sweep::routes`](crate::Sweep) names for `unit`. A sum that no sweep is to take apart
/// is an [`add`](super::add).
///
/// # Panics
/// If the shapes differ, or the tape has recorded a sum of a unit with the same id.
#[track_caller]
pub fn join<T: Scalar>(tape: &mut Tape<T>, skip: &Var<T>, branch: &Var<T>, unit: usize) -> Var<T> {
    let y = sum(skip, branch);
    tape.join(y, skip, branch, Joint::of(unit), true)
}

/// `y = left + right`, both of one shape, at a [`Joint`] of a unit. Unlike [`join`] this
/// allows several joints of one unit, which share its route: the unit has several branches,
/// or it runs several times.
///
/// # Panics
/// If the shapes differ, or the tape has recorded a [`join`] of the unit.
#[track_caller]
pub fn join_at<T: Scalar>(
    tape: &mut Tape<T>,
    left: &Var<T>,
    right: &Var<T>,
    joint: Joint,
) -> Var<T> {
    let y = sum(left, right);
    tape.join(y, left, right, joint, false)
}

#[track_caller]
fn sum<T: Scalar>(left: &Var<T>, right: &Var<T>) -> Tensor<T> {
    let (a, b) = (left.value(), right.value());
    assert!(a.shape() == b.shape(), "join: skip {} and branch {}", a.shape(), b.shape());
    let mut y = Tensor::for_overwrite(a.shape());
    elementwise::add(y.as_mut_slice(), a.as_slice(), b.as_slice());
    y
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
