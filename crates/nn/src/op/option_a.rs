//! The parameter-free shortcut of He et al. 2015, section 3.3, option A.

use tensor::kernel::shortcut::{self as kernel, ShortcutGeom};
use tensor::{Scalar, Tensor};

use crate::{PerInput, Rule, Tape, Var};

/// Every `stride`-th pixel from the first, padded with zero channels to
/// `c_out`, half of them before and half after.
///
/// # Shapes
/// `x`: `[n, h, w, c_in]`; result: `[n, ceil(h / stride), ceil(w / stride), c_out]`.
///
/// # Panics
/// If `c_out < c_in`.
#[track_caller]
pub fn option_a<T: Scalar>(tape: &mut Tape<T>, x: &Var<T>, c_out: usize, stride: usize) -> Var<T> {
    let [.., c_in] = x.value().shape().nhwc("option_a");
    shortcut(tape, x, [c_out.saturating_sub(c_in) / 2, c_out], stride)
}

/// Every `stride`-th pixel from the first, padded with zero channels to `c_out`, `before`
/// of them before the old ones and the rest after.
///
/// # Shapes
/// As [`option_a`].
///
/// # Panics
/// If `c_out < before + c_in`.
#[track_caller]
pub fn shortcut<T: Scalar>(
    tape: &mut Tape<T>,
    x: &Var<T>,
    [before, c_out]: [usize; 2],
    stride: usize,
) -> Var<T> {
    let [batch, h, w, c_in] = x.value().shape().nhwc("option_a");
    let geom = ShortcutGeom { batch, h, w, c_in, before, c_out, stride };
    let mut y = Tensor::for_overwrite(geom.out_shape());
    kernel::option_a(y.as_mut_slice(), x.value().as_slice(), &geom);
    tape.op(y, &[x], || Saved { geom })
}

struct Saved {
    geom: ShortcutGeom,
}

impl<T: Scalar> Rule<T> for Saved {
    fn backward(&self, dy: &Tensor<T>, _wanted: &[bool]) -> PerInput<Tensor<T>> {
        let g = &self.geom;
        let mut dx = Tensor::for_overwrite([g.batch, g.h, g.w, g.c_in]);
        kernel::option_a_grad(dx.as_mut_slice(), dy.as_slice(), g);
        [Some(dx)].into()
    }
}
