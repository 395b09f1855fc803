//! The gradient in a value, as it travels through a sweep.

use tensor::kernel::{channelwise, elementwise};
use tensor::{Scalar, Tensor};

/// A gradient: computed, or still to be taken through a batch norm.
///
/// A batch norm maps a gradient and the norm's input to a new gradient, by an affine map.
/// On its own, that is a pass over memory. So the map is left pending, and is computed by
/// the next op that reads the gradient: a convolution while it has an image in the cache,
/// or the sum with another gradient that reaches the same value.
#[derive(Debug, Clone)]
pub enum Cotangent<T: Scalar> {
    /// The gradient itself.
    Whole(Tensor<T>),
    /// Still to be taken through a batch norm.
    Pending(Pending<T>),
}

/// `a[c] dz + b[c] x + d[c] + plus`, `c` being the channels.
#[derive(Debug, Clone)]
pub struct Pending<T: Scalar> {
    /// The gradient in the norm's output.
    pub dz: Tensor<T>,
    /// The norm's input.
    pub x: Tensor<T>,
    /// `a`, `b` and `d`: `[3, c]`.
    pub factors: Tensor<T>,
    /// What else has reached the norm's input.
    pub plus: Option<Tensor<T>>,
}

impl<T: Scalar> Pending<T> {
    /// `a`, `b` and `d`, `[c]` each.
    pub(crate) fn rows(&self) -> [&[T]; 3] {
        rows(&self.factors)
    }
}

fn rows<T: Scalar>(factors: &Tensor<T>) -> [&[T]; 3] {
    let (a, rest) = factors.as_slice().split_at(factors.len() / 3);
    let (b, d) = rest.split_at(a.len());
    [a, b, d]
}

impl<T: Scalar> Cotangent<T> {
    /// The gradient itself.
    pub fn whole(self) -> Tensor<T> {
        match self {
            Cotangent::Whole(dy) => dy,
            Cotangent::Pending(Pending { mut dz, x, factors, plus }) => {
                let plus = plus.as_ref().map(Tensor::as_slice);
                channelwise::affine_pair(dz.as_mut_slice(), x.as_slice(), rows(&factors), plus);
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
