//! A value on a tape.

use tensor::kernel::batch_norm::Moments;
use tensor::{Scalar, Tensor};

use super::id::TapeId;

/// A value, the tape that it belongs to, and the node that made it if the tape recorded
/// it.
///
/// Ops take variables of their own tape only. The value can go anywhere:
///
/// ```
/// use nn::{Tape, op};
/// use tensor::Tensor;
///
/// let mut tape = Tape::<f32>::recording();
/// let x = tape.input(Tensor::from_vec([2], vec![-1.0, 3.0]));
/// let y = op::relu(&mut tape, &x);
/// assert_eq!(y.value().as_slice(), [0.0, 3.0]);
///
/// // On another tape it is a constant, or an input whose gradient is wanted there.
/// let mut other = Tape::off();
/// let y = other.constant(y.into_value());
/// assert_eq!(op::scale(&mut other, &y, 2.0).value().as_slice(), [0.0, 6.0]);
/// ```
#[derive(Debug, Clone)]
pub struct Var<T: Scalar> {
    pub(super) value: Tensor<T>,
    pub(super) tape: TapeId,
    pub(super) node: Option<usize>,
    /// The moments of the channels, if the op that made the value has computed them.
    moments: Option<Moments>,
}

impl<T: Scalar> Var<T> {
    pub(super) fn new(value: Tensor<T>, tape: TapeId, node: Option<usize>) -> Var<T> {
        Var { value, tape, node, moments: None }
    }

    /// The value.
    pub fn value(&self) -> &Tensor<T> {
        &self.value
    }

    /// The moments of the value's channels (its last dimension). If the op that made the
    /// value has not computed them on the way, this does.
    pub fn moments(&self) -> Moments {
        let take = || Moments::of(self.value.as_slice(), self.value.shape().channels());
        self.moments.clone().unwrap_or_else(take)
    }

    pub(crate) fn with_moments(self, moments: Option<Moments>) -> Var<T> {
        Var { moments, ..self }
    }

    /// The value, letting go of the tape.
    pub fn into_value(self) -> Tensor<T> {
        self.value
    }
}
