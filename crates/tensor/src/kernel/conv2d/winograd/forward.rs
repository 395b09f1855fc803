//! The forward pass, which is also the input gradient's.

use super::{BLOCK, COEFFICIENTS, Conv2dGeom, Tiling, product, transform, weights};
use crate::scratch::with_scratch;
use crate::simd::{Task, Vector, dispatch};
use crate::threads;

/// `y = x * w`.
pub(in super::super) fn forward(y: &mut [f32], x: &[f32], w: &[f32], g: &Conv2dGeom) {
    let t = Tiling::new(g);
    let images = t.images_per_group();
    let image = g.h * g.w;
    with_scratch(COEFFICIENTS * g.c_in * g.c_out, |u: &mut [f32]| {
        weights::transform(u, w);
        let u = &*u;
        threads::for_chunks(y, images * image * g.c_out, |group, y| {
            let start = group * images * image * g.c_in;
            let x = &x[start..start + y.len() / g.c_out * g.c_in];
            let tiles = y.len() / (image * g.c_out) * t.per_image;
            with_scratch(COEFFICIENTS * BLOCK * (g.c_in + g.c_out), |scratch| {
                let (v, m) = scratch.split_at_mut(COEFFICIENTS * BLOCK * g.c_in);
                // Rows of the last block that belong to no tile: any finite
                // numbers do, since nobody reads what comes of them.
                v.fill(0.0);
                for first in (0..tiles).step_by(BLOCK) {
                    let tiles = first..tiles.min(first + BLOCK);
                    dispatch(Block { y, x, u, v, m, t: &t, g, tiles });
                }
            });
        });
    });
}

/// `dx = dy * w'`, with the kernel turned by 180 degrees and its channels
/// swapped: at stride 1 and padding 1 a convolution of the same geometry.
pub(in super::super) fn input_grad(dx: &mut [f32], dy: &[f32], turned: &[f32], g: &Conv2dGeom) {
    forward(dx, dy, turned, &Conv2dGeom { c_in: g.c_out, c_out: g.c_in, ..*g });
}

/// One block of tiles on its way through the three steps.
struct Block<'a> {
    /// The output of a group of images.
    y: &'a mut [f32],
    /// The input of the same images.
    x: &'a [f32],
    /// Transformed kernels, `[36, c_in, c_out]`.
    u: &'a [f32],
    /// Room for transformed patches, `[36, BLOCK, c_in]`.
    v: &'a mut [f32],
    /// Room for products, `[36, BLOCK, c_out]`.
    m: &'a mut [f32],
    t: &'a Tiling,
    g: &'a Conv2dGeom,
    /// The tiles of the block, counted over the group.
    tiles: std::ops::Range<usize>,
}

impl Task for Block<'_> {
    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        let Block { y, x, u, v, m, t, g, tiles } = self;
        let (c_in, c_out) = (g.c_in, g.c_out);
        assert!(
            x.len() / c_in == y.len() / c_out
                && tiles.end <= y.len() / (t.h * t.w * c_out) * t.per_image
                && tiles.len() <= BLOCK
                && u.len() == COEFFICIENTS * c_in * c_out
                && v.len() == COEFFICIENTS * BLOCK * c_in
                && m.len() == COEFFICIENTS * BLOCK * c_out
                && c_in.is_multiple_of(V::LANES)
                && c_out.is_multiple_of(V::LANES)
        );
        // SAFETY: the sizes are those asserted; every tile lies in an image of
        // the group; the caller vouches for the instructions.
        unsafe {
            for (row, tile) in tiles.clone().enumerate() {
                let out = v.as_mut_ptr().add(row * c_in);
                transform::input::<V>(out, BLOCK * c_in, x.as_ptr(), t, t.place(tile), c_in);
            }
            for k in 0..COEFFICIENTS {
                let out = m.as_mut_ptr().add(k * BLOCK * c_out);
                let (v, u) = (v.as_ptr().add(k * BLOCK * c_in), u.as_ptr().add(k * c_in * c_out));
                product::rows::<V>(out, v, u, c_out, c_in);
            }
            for (row, tile) in tiles.enumerate() {
                let m = m.as_ptr().add(row * c_out);
                transform::output::<V>(y.as_mut_ptr(), m, BLOCK * c_out, t, t.place(tile), c_out);
            }
        }
    }
}
