//! Patches of the input as rows of a matrix, a chunk at a time.

use std::ops::Range;

use super::Conv2dGeom;
use crate::gemm::{Gemm, gemm};
use crate::scratch::with_scratch;
use crate::{Scalar, threads};

/// Elements of the patch matrix of one chunk: 256 KiB of `f32`, so that it
/// and the chunk's output stay in the second-level cache.
const PATCH_ELEMENTS: usize = 64 * 1024;

/// Output rows (of pixels, over all images) of one chunk.
pub(super) fn rows_per_chunk(g: &Conv2dGeom) -> usize {
    (PATCH_ELEMENTS / (g.out_w() * g.patch())).max(1)
}

/// `y = patches w`, chunk by chunk.
pub(super) fn forward<T: Scalar>(y: &mut [T], x: &[T], w: &[T], g: &Conv2dGeom) {
    let rows = rows_per_chunk(g);
    threads::for_chunks(y, rows * g.out_w() * g.c_out, |i, y| {
        let pixels = y.len() / g.c_out;
        let product = Gemm::new(pixels, g.c_out, g.patch());
        if is_pointwise(g) {
            let start = i * rows * g.out_w() * g.c_in;
            gemm(y, &x[start..start + pixels * g.c_in], w, &product);
        } else {
            let out_rows = i * rows..i * rows + pixels / g.out_w();
            with_scratch(pixels * g.patch(), |patches| {
                gather(patches, x, out_rows, g);
                gemm(y, patches, w, &product);
            });
        }
    });
}

/// Whether the input already is its own patch matrix.
pub(super) fn is_pointwise(g: &Conv2dGeom) -> bool {
    g.kernel == 1 && g.stride == 1 && g.padding == 0
}

/// The columns `kx` whose input pixel lies inside the image, and the first
/// such pixel, for output column `ox`; likewise for rows.
fn taps(o: usize, extent: usize, g: &Conv2dGeom) -> (Range<usize>, usize) {
    let origin = o * g.stride;
    let first = g.padding.saturating_sub(origin).min(g.kernel);
    let last = (extent + g.padding).saturating_sub(origin).min(g.kernel).max(first);
    (first..last, (origin + first).saturating_sub(g.padding))
}

/// Calls `f(start in the patch matrix, start in the input, length)` for each run of
/// neighbouring pixels in a patch; a run of padding has `None` for its start in the
/// input. The runs follow each other in the patch matrix without a gap.
pub(super) fn for_each_run(
    out_rows: Range<usize>,
    g: &Conv2dGeom,
    mut f: impl FnMut(usize, Option<usize>, usize),
) {
    let c = g.c_in;
    let mut at = 0;
    let mut run = |start: Option<usize>, len: usize| {
        if len > 0 {
            f(at, start, len);
            at += len;
        }
    };
    let (out_h, out_w) = (g.out_h(), g.out_w());
    for row in out_rows {
        let (n, oy) = (row / out_h, row % out_h);
        let (ky_inside, iy) = taps(oy, g.h, g);
        for ox in 0..out_w {
            let (kx_inside, ix) = taps(ox, g.w, g);
            for ky in 0..g.kernel {
                if !ky_inside.contains(&ky) {
                    run(None, g.kernel * c);
                    continue;
                }
                let row_start = (n * g.h + iy + ky - ky_inside.start) * g.w;
                run(None, kx_inside.start * c);
                run(Some((row_start + ix) * c), kx_inside.len() * c);
                run(None, (g.kernel - kx_inside.end) * c);
            }
        }
    }
}

/// Fills `patches[pixel, (ky, kx, i)]` for the given output rows.
pub(super) fn gather<T: Scalar>(
    patches: &mut [T],
    x: &[T],
    out_rows: Range<usize>,
    g: &Conv2dGeom,
) {
    for_each_run(out_rows, g, |at, pixels, len| {
        let out = &mut patches[at..at + len];
        match pixels {
            Some(start) => out.copy_from_slice(&x[start..start + len]),
            None => out.fill(T::ZERO),
        }
    });
}
