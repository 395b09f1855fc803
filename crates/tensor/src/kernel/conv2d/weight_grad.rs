//! The gradient of a convolution in its weights: `dw = patches^T dy`.

use super::fused::{self, Backward, Cotangent, Gradients};
use super::im2col::{gather, is_pointwise, rows_per_chunk};
use super::{Conv2dGeom, grouped, winograd};
use crate::gemm::{Gemm, gemm};
use crate::scratch::with_scratch;
use crate::{Buffer, Scalar, threads};

/// Partial sums of a weight gradient: enough for the threads of a desktop to
/// share them evenly, few enough that adding them costs nothing.
const PARTS: usize = 16;

/// `dw` = the gradient of `<dy, x * w>` in `w`.
///
/// The output rows are cut into a fixed number of parts; each part goes over
/// its rows in order with its own sum, and a fixed tree adds the sums.
///
/// # Panics
/// If the kernel does not fit into the padded image, anything except for the batch is 0,
/// the groups do not divide the channels, or a slice does not fit.
#[track_caller]
pub fn weight_grad<T: Scalar>(dw: &mut [T], x: &[T], dy: &[T], g: &Conv2dGeom) {
    g.check("conv2d weight gradient", x.len(), dw.len(), dy.len());
    if g.groups > 1 {
        return grouped::weight_grad(dw, x, dy, g);
    }
    if winograd::fits(g)
        && let (Some(dw), Some(x), Some(dy)) = (T::as_f32_mut(dw), T::as_f32(x), T::as_f32(dy))
    {
        let out = Gradients { dz: None, dw: Some(dw), sums: None };
        return fused::backward(out, &Backward { x, norm_relu: None, dy: Cotangent::Whole(dy) }, g);
    }
    let rows_per_part = g.out_rows().div_ceil(PARTS).max(1);
    let parts = g.out_rows().div_ceil(rows_per_part);
    let mut sums = Buffer::<T>::for_overwrite(parts * dw.len());
    let sums = sums.as_mut_slice();
    threads::for_chunks(sums, dw.len(), |part, sum| {
        sum.fill(T::ZERO);
        let end = g.out_rows().min((part + 1) * rows_per_part);
        let mut row = part * rows_per_part;
        while row < end {
            let next = end.min(row + rows_per_chunk(g));
            add_rows(sum, x, dy, row..next, g);
            row = next;
        }
    });
    threads::tree_sum(sums, parts);
    match sums.get(..dw.len()) {
        Some(total) => dw.copy_from_slice(total),
        None => dw.fill(T::ZERO),
    }
}

fn add_rows<T: Scalar>(
    dw: &mut [T],
    x: &[T],
    dy: &[T],
    rows: std::ops::Range<usize>,
    g: &Conv2dGeom,
) {
    let first = rows.start * g.out_w();
    let pixels = rows.len() * g.out_w();
    let dy = &dy[first * g.c_out..(first + pixels) * g.c_out];
    let product = Gemm::new(g.patch(), g.c_out, pixels).a_transposed().accumulate();
    if is_pointwise(g) {
        gemm(dw, &x[first * g.c_in..(first + pixels) * g.c_in], dy, &product);
    } else {
        with_scratch(pixels * g.patch(), |patches| {
            gather(patches, x, rows, g);
            gemm(dw, patches, dy, &product);
        });
    }
}
