//! The two terms of a highway unit `y = t h + (1 - t) x` (Srivastava et al. 2015).
//!
//! Each is an op of its own, so that their sum is a [`join`](super::join) like that of
//! any residual unit, and a sweep can take either. Both terms have a gradient in the
//! gate.

use tensor::kernel::{elementwise, gate as kernel};
use tensor::{Scalar, Tensor};

use crate::{PerInput, Rule, Tape, Var};

/// `y = t h`, elementwise: what an open gate lets through.
///
/// # Panics
/// If the shapes differ.
#[track_caller]
pub fn gate<T: Scalar>(tape: &mut Tape<T>, t: &Var<T>, h: &Var<T>) -> Var<T> {
    let y = product("gate", t, h, elementwise::mul);
    tape.op(y, &[t, h], || Saved { t: t.value().clone(), x: h.value().clone(), carries: false })
}

/// `y = (1 - t) x`, elementwise: what a closed gate carries past.
///
/// # Panics
/// If the shapes differ.
#[track_caller]
pub fn carry<T: Scalar>(tape: &mut Tape<T>, t: &Var<T>, x: &Var<T>) -> Var<T> {
    let y = product("carry", t, x, kernel::carry);
    tape.op(y, &[t, x], || Saved { t: t.value().clone(), x: x.value().clone(), carries: true })
}

#[track_caller]
fn product<T: Scalar>(
    what: &str,
    t: &Var<T>,
    x: &Var<T>,
    of: impl Fn(&mut [T], &[T], &[T]),
) -> Tensor<T> {
    let (t, x) = (t.value(), x.value());
    assert!(t.shape() == x.shape(), "{what}: gate {} and value {}", t.shape(), x.shape());
    let mut y = Tensor::for_overwrite(x.shape());
    of(y.as_mut_slice(), t.as_slice(), x.as_slice());
    y
}

struct Saved<T: Scalar> {
    t: Tensor<T>,
    x: Tensor<T>,
    /// Of [`carry`], not of [`gate`].
    carries: bool,
}

/// Of a gate `dt = dy h`, `dh = dy t`; of a carry `dt = -dy x`, `dx = dy (1 - t)`.
impl<T: Scalar> Rule<T> for Saved<T> {
    fn backward(&self, dy: &Tensor<T>, wanted: &[bool]) -> PerInput<Tensor<T>> {
        let (t, x) = (self.t.as_slice(), self.x.as_slice());
        let grad = |is_wanted: bool, of: &dyn Fn(&mut [T])| {
            is_wanted.then(|| {
                let mut grad = Tensor::for_overwrite(dy.shape());
                of(grad.as_mut_slice());
                grad
            })
        };
        let dy = dy.as_slice();
        if self.carries {
            let dt = grad(wanted[0], &|dt| kernel::carry_grad(dt, dy, x));
            [dt, grad(wanted[1], &|dx| kernel::carry(dx, t, dy))].into()
        } else {
            let dt = grad(wanted[0], &|dt| elementwise::mul(dt, dy, x));
            [dt, grad(wanted[1], &|dh| elementwise::mul(dh, dy, t))].into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "carry: gate [2, 1] and value [1, 2]")]
    fn the_gate_has_the_shape_of_what_it_carries() {
        let mut tape = Tape::<f32>::off();
        let t = tape.constant(Tensor::zeros([2, 1]));
        let x = tape.constant(Tensor::zeros([1, 2]));
        let _ = carry(&mut tape, &t, &x);
    }
}
