//! An image of a grouped convolution, line by line.

use super::super::{Conv2dGeom, direct};
use super::blocks::Blocks;
use super::line::{Line, Operands, line};
use crate::simd::{Task, Vector};

/// One image.
pub(super) struct Image<'a> {
    pub(super) y: &'a mut [f32],
    /// The input in its margin, and a register's length behind it.
    pub(super) padded: &'a [f32],
    pub(super) packed: &'a [f32],
    pub(super) blocks: &'a Blocks,
    pub(super) g: &'a Conv2dGeom,
}

impl Task for Image<'_> {
    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        let Image { y, padded, packed, blocks, g } = self;
        let (kernel, row) = (g.kernel, direct::padded_row(g));
        let mut on = Operands { y, x: padded, c: g.c_in, packed, blocks, kernel };
        for oy in 0..g.out_h() {
            let rows: [[usize; 2]; 3] =
                std::array::from_fn(|ky| [(oy * g.stride + ky) * row, ky * kernel]);
            let of_row = Line {
                y: oy * g.out_w() * g.c_out,
                y_step: g.c_out,
                pixels: g.out_w(),
                stride: g.stride,
                rows: &rows[..kernel],
                columns: kernel,
                tap_step: 1,
            };
            // SAFETY: the caller vouches for the instructions.
            unsafe { line::<V>(&mut on, &of_row) };
        }
    }
}
