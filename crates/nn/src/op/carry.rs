//! What a closed gate of a highway unit carries past (Srivastava et al. 2015).
//!
//! A highway unit is `y = t h + (1 - t) x`. Each term is an op of its own, `t h` a
//! [`mul`](super::mul), so that their sum is a [`join`](super::join) like that of any
//! residual unit, and a sweep can take either. Both terms have a gradient in the gate.

use tensor::kernel::gate as kernel;
use tensor::{Scalar, Tensor};

use crate::{PerInput, Rule, Tape, Var};

/// `y = (1 - t) x`, elementwise.
///
/// # Panics
/// If the shapes differ.
#[track_caller]
pub fn carry<T: Scalar>(tape: &mut Tape<T>, t: &Var<T>, x: &Var<T>) -> Var<T> {
    let (t_value, x_value) = (t.value(), x.value());
    let (ts, xs) = (t_value.shape(), x_value.shape());
    assert!(ts == xs, "carry: gate {ts} and value {xs}");
    let mut y = Tensor::for_overwrite(xs);
    kernel::carry(y.as_mut_slice(), t_value.as_slice(), x_value.as_slice());
    tape.op(y, &[t, x], || Saved { t: t_value.clone(), x: x_value.clone() })
}

struct Saved<T: Scalar> {
    t: Tensor<T>,
    x: Tensor<T>,
}

/// `dt = -dy x`, `dx = dy (1 - t)`.
impl<T: Scalar> Rule<T> for Saved<T> {
    fn backward(&self, dy: &Tensor<T>, wanted: &[bool]) -> PerInput<Tensor<T>> {
        let dt = wanted[0].then(|| {
            let mut dt = Tensor::for_overwrite(dy.shape());
            kernel::carry_grad(dt.as_mut_slice(), dy.as_slice(), self.x.as_slice());
            dt
        });
        let dx = wanted[1].then(|| {
            let mut dx = Tensor::for_overwrite(dy.shape());
            kernel::carry(dx.as_mut_slice(), self.t.as_slice(), dy.as_slice());
            dx
        });
        [dt, dx].into()
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
