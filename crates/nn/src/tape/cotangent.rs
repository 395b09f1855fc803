//! The gradient in a value, on its way through a sweep.

use tensor::kernel::{channelwise, elementwise};
use tensor::{Scalar, Tensor};

/// A gradient: as it is, or with a batch norm still to be passed.
///
/// What a batch norm does to a gradient is an affine map of it and of the norm's
/// input, a pass over memory of its own. Left open, it is done by whoever reads
/// the gradient next: a convolution while it has an image in the cache, or a sum
/// with what else reaches the same value.
#[derive(Debug, Clone)]
pub enum Cotangent<T: Scalar> {
    /// The gradient itself.
    Whole(Tensor<T>),
    /// A batch norm is still to be passed.
    Pending(Pending<T>),
}

/// `a[c] dz + b[c] x + d[c] + plus`, `c` being the channels.
#[derive(Debug, Clone)]
pub struct Pending<T: Scalar> {
    /// The gradient in the norm's output.
    pub dz: Tensor<T>,
    /// The norm's input.
    pub x: Tensor<T>,
    /// `a`, `b` and `d`.
    pub factors: [Vec<T>; 3],
    /// What else has reached the norm's input.
    pub plus: Option<Tensor<T>>,
}

impl<T: Scalar> Cotangent<T> {
    /// The gradient itself.
    pub fn whole(self) -> Tensor<T> {
        match self {
            Cotangent::Whole(dy) => dy,
            Cotangent::Pending(Pending { mut dz, x, factors: [a, b, d], plus }) => {
                let plus = plus.as_ref().map(Tensor::as_slice);
                channelwise::affine_pair(dz.as_mut_slice(), x.as_slice(), [&a, &b, &d], plus);
                dz
            }
        }
    }

    /// The sum with another gradient in the same value.
    pub(super) fn plus(self, other: Cotangent<T>) -> Cotangent<T> {
        match (self, other) {
            (Cotangent::Pending(p), Cotangent::Whole(w))
            | (Cotangent::Whole(w), Cotangent::Pending(p))
                if p.plus.is_none() =>
            {
                Cotangent::Pending(Pending { plus: Some(w), ..p })
            }
            (a, b) => {
                let (mut sum, b) = (a.whole(), b.whole());
                elementwise::add_assign(sum.as_mut_slice(), b.as_slice());
                Cotangent::Whole(sum)
            }
        }
    }
}
