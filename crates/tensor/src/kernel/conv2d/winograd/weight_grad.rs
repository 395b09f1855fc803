//! The gradient in the weights: the adjoint of the forward pass.
//!
//! `dU[k] = sum over tiles of V[k]^T (A dy A^T)[k]`, and `dg = G^T dU G` once
//! at the end of each part.

use super::{BLOCK, COEFFICIENTS, Conv2dGeom, Tiling, product, transform, weights};
use crate::scratch::with_scratch;
use crate::simd::{Task, Vector, dispatch};
use crate::{Tensor, threads};

/// Partial sums: each costs as much memory as the weights, and four threads
/// can share them evenly.
const PARTS: usize = 8;

/// `dw` = the gradient of `<dy, x * w>` in `w`.
pub(in super::super) fn weight_grad(dw: &mut [f32], x: &[f32], dy: &[f32], g: &Conv2dGeom) {
    let t = Tiling::new(g);
    let tiles = g.batch * t.per_image;
    let blocks_per_part = tiles.div_ceil(BLOCK).div_ceil(PARTS).max(1);
    let tiles_per_part = blocks_per_part * BLOCK;
    let parts = threads::map(tiles.div_ceil(tiles_per_part), |part| {
        let mut dg = Tensor::for_overwrite([dw.len()]);
        let scratch = COEFFICIENTS * (g.c_in * g.c_out + BLOCK * (g.c_in + g.c_out));
        with_scratch(scratch, |scratch| {
            let (du, room) = scratch.split_at_mut(COEFFICIENTS * g.c_in * g.c_out);
            let (v, m) = room.split_at_mut(COEFFICIENTS * BLOCK * g.c_in);
            du.fill(0.0);
            let end = tiles.min((part + 1) * tiles_per_part);
            for first in (part * tiles_per_part..end).step_by(BLOCK) {
                if end - first < BLOCK {
                    // Rows that belong to no tile must add nothing.
                    v.fill(0.0);
                    m.fill(0.0);
                }
                let tiles = first..end.min(first + BLOCK);
                dispatch(Block { du, x, dy, v, m, t: &t, g, tiles });
            }
            weights::adjoint(dg.as_mut_slice(), du);
        });
        dg
    });
    let total = threads::tree_fold(parts, |mut a, b| {
        a.as_mut_slice().iter_mut().zip(b.as_slice()).for_each(|(a, &b)| *a += b);
        a
    });
    match total {
        Some(total) => dw.copy_from_slice(total.as_slice()),
        None => dw.fill(0.0),
    }
}

/// One block of tiles added to the sum.
struct Block<'a> {
    /// The sum so far, `[36, c_in, c_out]`.
    du: &'a mut [f32],
    /// The input of all images.
    x: &'a [f32],
    /// The output's gradient of all images.
    dy: &'a [f32],
    /// Room for transformed patches, `[36, BLOCK, c_in]`.
    v: &'a mut [f32],
    /// Room for transformed gradients, `[36, BLOCK, c_out]`.
    m: &'a mut [f32],
    t: &'a Tiling,
    g: &'a Conv2dGeom,
    tiles: std::ops::Range<usize>,
}

impl Task for Block<'_> {
    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        let Block { du, x, dy, v, m, t, g, tiles } = self;
        let (c_in, c_out) = (g.c_in, g.c_out);
        let pixels = g.batch * t.h * t.w;
        assert!(
            x.len() == pixels * c_in
                && dy.len() == pixels * c_out
                && tiles.end <= g.batch * t.per_image
                && tiles.len() <= BLOCK
                && du.len() == COEFFICIENTS * c_in * c_out
                && v.len() == COEFFICIENTS * BLOCK * c_in
                && m.len() == COEFFICIENTS * BLOCK * c_out
                && c_in.is_multiple_of(super::CHANNEL_STEP)
                && c_out.is_multiple_of(V::LANES)
        );
        // SAFETY: the sizes are those asserted; every tile lies in an image of
        // the batch; the caller vouches for the instructions.
        unsafe {
            for (row, tile) in tiles.enumerate() {
                let place = t.place(tile);
                let out = v.as_mut_ptr().add(row * c_in);
                transform::input::<V>(out, BLOCK * c_in, x.as_ptr(), t, place, c_in);
                let out = m.as_mut_ptr().add(row * c_out);
                transform::output_adjoint::<V>(out, BLOCK * c_out, dy.as_ptr(), t, place, c_out);
            }
            for k in 0..COEFFICIENTS {
                let out = du.as_mut_ptr().add(k * c_in * c_out);
                let v = v.as_ptr().add(k * BLOCK * c_in);
                let m = m.as_ptr().add(k * BLOCK * c_out);
                product::outer::<V>(out, v, m, c_in, c_out);
            }
        }
    }
}
