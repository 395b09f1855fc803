//! Convolution without bias.

use tensor::kernel::conv2d::{self as kernel, Conv2dGeom};
use tensor::{Scalar, Tensor};

use crate::{PerInput, Rule, Tape, Var};

/// `y[n, oy, ox, o] = sum_{ky, kx, i} x[n, oy s + ky - p, ox s + kx - p, i] w[ky, kx, i, o]`
///
/// # Shapes
/// `x`: `[n, h, w, c_in]`; `weight`: `[k, k, c_in, c_out]`; result:
/// `[n, (h + 2p - k) / s + 1, (w + 2p - k) / s + 1, c_out]`.
///
/// # Panics
/// If the shapes do not fit together, or the kernel does not fit into the image.
#[track_caller]
pub fn conv2d<T: Scalar>(
    tape: &mut Tape<T>,
    x: &Var<T>,
    weight: &Var<T>,
    stride: usize,
    padding: usize,
) -> Var<T> {
    grouped_conv2d(tape, x, weight, 1, stride, padding)
}

/// The same in groups (Krizhevsky et al. 2012; Xie et al. 2017, figure 3c): both kinds of
/// channels are cut into `groups` parts, and an output channel sees the input channels of
/// its own part alone. `i` counts within the part.
///
/// # Shapes
/// As [`conv2d`], with `weight`: `[k, k, c_in / groups, c_out]`.
///
/// # Panics
/// As [`conv2d`], and if `groups` does not divide both numbers of channels.
#[track_caller]
pub fn grouped_conv2d<T: Scalar>(
    tape: &mut Tape<T>,
    x: &Var<T>,
    weight: &Var<T>,
    groups: usize,
    stride: usize,
    padding: usize,
) -> Var<T> {
    let images = x.value().shape().nhwc("conv2d input");
    let [kernel, k2, group_in, c_out] = weight.value().shape().nhwc("conv2d weight");
    assert!(
        kernel == k2 && group_in.checked_mul(groups) == Some(images[3]),
        "conv2d: weight {} does not fit input {}{}",
        weight.value().shape(),
        x.value().shape(),
        if groups == 1 { String::new() } else { format!(" in {groups} groups") }
    );
    let geom = Conv2dGeom::valid(images, c_out, kernel).with_groups(groups);
    let geom = geom.with_stride(stride).with_padding(padding);
    let mut y = Tensor::for_overwrite(geom.out_shape());
    kernel::forward(y.as_mut_slice(), x.value().as_slice(), weight.value().as_slice(), &geom);
    tape.op(y, &[x, weight], || Saved {
        geom,
        x: x.value().clone(),
        weight: weight.value().clone(),
    })
}

struct Saved<T: Scalar> {
    geom: Conv2dGeom,
    x: Tensor<T>,
    weight: Tensor<T>,
}

impl<T: Scalar> Rule<T> for Saved<T> {
    fn backward(&self, dy: &Tensor<T>, wanted: &[bool]) -> PerInput<Tensor<T>> {
        let g = &self.geom;
        let dx = wanted[0].then(|| {
            let mut dx = Tensor::for_overwrite(g.in_shape());
            kernel::input_grad(dx.as_mut_slice(), dy.as_slice(), self.weight.as_slice(), g);
            dx
        });
        let dw = wanted[1].then(|| {
            let mut dw = Tensor::for_overwrite(g.weight_shape());
            kernel::weight_grad(dw.as_mut_slice(), self.x.as_slice(), dy.as_slice(), g);
            dw
        });
        [dx, dw].into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "conv2d: weight [3, 3, 4, 8] does not fit input [1, 5, 5, 3]")]
    fn the_weight_has_a_plane_for_each_input_channel() {
        let mut tape = Tape::<f32>::off();
        let x = tape.constant(Tensor::zeros([1, 5, 5, 3]));
        let weight = tape.constant(Tensor::zeros([3, 3, 4, 8]));
        let _ = conv2d(&mut tape, &x, &weight, 1, 1);
    }

    #[test]
    #[should_panic(expected = "weight [3, 3, 4, 8] does not fit input [1, 5, 5, 4] in 2 groups")]
    fn in_groups_the_weight_has_a_plane_for_each_input_channel_of_a_group() {
        let mut tape = Tape::<f32>::off();
        let x = tape.constant(Tensor::zeros([1, 5, 5, 4]));
        let weight = tape.constant(Tensor::zeros([3, 3, 4, 8]));
        let _ = grouped_conv2d(&mut tape, &x, &weight, 2, 1, 1);
    }

    #[test]
    #[should_panic(expected = "weight [3, 3, 4, 8] does not fit input [1, 5, 5, 8]")]
    fn groups_are_not_guessed() {
        let mut tape = Tape::<f32>::off();
        let x = tape.constant(Tensor::zeros([1, 5, 5, 8]));
        let weight = tape.constant(Tensor::zeros([3, 3, 4, 8]));
        let _ = conv2d(&mut tape, &x, &weight, 1, 1);
    }
}
