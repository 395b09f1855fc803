//! The gradient of a convolution in its input.

use super::fused::{self, Forward, TransformedWeights};
use super::im2col::{self, for_each_run, rows_per_chunk};
use super::{Conv2dGeom, grouped, swap_channels, winograd};
use crate::gemm::{Gemm, gemm};
use crate::scratch::with_scratch;
use crate::{Scalar, Tensor, threads};

/// `dx` = the gradient of `<dy, x * w>` in `x`.
///
/// At stride 1 this is itself a convolution: of `dy`, with the kernel turned
/// by 180 degrees, its channels swapped, and padding `kernel - 1 - padding`.
/// Else each image scatters `dy w^T` back to the pixels of its patches.
///
/// # Panics
/// If the kernel does not fit into the padded image, anything except for the batch is 0,
/// the groups do not divide the channels, or a slice does not fit.
#[track_caller]
pub fn input_grad<T: Scalar>(dx: &mut [T], dy: &[T], w: &[T], g: &Conv2dGeom) {
    g.check("conv2d input gradient", dx.len(), w.len(), dy.len());
    if g.groups > 1 {
        return grouped::input_grad(dx, dy, w, g);
    }
    if g.stride == 1 && g.padding < g.kernel {
        let turned = turn(w, g);
        if winograd::fits(g)
            && let (Some(dx), Some(dy), Some(turned)) =
                (T::as_f32_mut(dx), T::as_f32(dy), T::as_f32(turned.as_slice()))
        {
            // At padding 1 a convolution of the same geometry.
            let g = Conv2dGeom { c_in: g.c_out, c_out: g.c_in, ..*g };
            let weights = TransformedWeights::new(turned, &g);
            let plain = Forward { x: dy, norm_relu: None, weights: &weights, skip: None };
            fused::forward(dx, &plain, &g, false);
            return;
        }
        let adjoint = Conv2dGeom {
            h: g.out_h(),
            w: g.out_w(),
            c_in: g.c_out,
            c_out: g.c_in,
            padding: g.kernel - 1 - g.padding,
            ..*g
        };
        im2col::forward(dx, dy, turned.as_slice(), &adjoint);
    } else {
        scatter(dx, dy, w, g);
    }
}

/// `turned[ky, kx, o, i] = w[kernel - 1 - ky, kernel - 1 - kx, i, o]`.
fn turn<T: Scalar>(w: &[T], g: &Conv2dGeom) -> Tensor<T> {
    let mut turned = Tensor::for_overwrite(g.weight_shape());
    let taps = g.kernel * g.kernel;
    let tap_len = g.c_in * g.c_out;
    for (tap, out) in turned.as_mut_slice().chunks_exact_mut(tap_len).enumerate() {
        swap_channels(out, &w[(taps - 1 - tap) * tap_len..][..tap_len], [g.c_in, g.c_out]);
    }
    turned
}

fn scatter<T: Scalar>(dx: &mut [T], dy: &[T], w: &[T], g: &Conv2dGeom) {
    let one = g.with_batch(1);
    let out_image = one.out_shape().len();
    let rows = rows_per_chunk(g);
    threads::for_chunks(dx, one.in_shape().len(), |n, dx| {
        let dy = &dy[n * out_image..(n + 1) * out_image];
        dx.fill(T::ZERO);
        for (i, dy) in dy.chunks(rows * g.out_w() * g.c_out).enumerate() {
            let pixels = dy.len() / g.c_out;
            with_scratch(pixels * g.patch(), |patches| {
                let product = Gemm::new(pixels, g.patch(), g.c_out).b_transposed();
                gemm(patches, dy, w, &product);
                for_each_run(i * rows..i * rows + pixels / g.out_w(), &one, |at, to, len| {
                    if let Some(start) = to {
                        let pairs = dx[start..start + len].iter_mut().zip(&patches[at..at + len]);
                        pairs.for_each(|(dx, &p)| *dx += p);
                    }
                });
            });
        }
    });
}
