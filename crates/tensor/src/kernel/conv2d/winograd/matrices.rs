//! The steps of the backward pass that one block of tiles goes through.

use super::{COEFFICIENTS, Sizes, product, stage, transform};
use crate::simd::Vector;

/// What lies between the steps: for each coefficient one matrix `[block, c_in]` of
/// transformed patches, or of their gradients later on, and one matrix `[block, c_out]`
/// of transformed gradients of tiles. A row belongs to a tile.
///
/// These are pointers, because a borrow of the memory behind them would end with the
/// next step that writes there.
///
/// All methods are unsafe for the same reasons, and name only what comes on top:
/// `patches` and `tiles` must point to 36 matrices of these `sizes`, for this value
/// alone; a row is below `sizes.block`, a coefficient below 36; the channels are
/// multiples of the lanes; the processor must have the instructions of `V`.
#[derive(Clone, Copy)]
pub(super) struct Matrices {
    pub(super) patches: *mut f32,
    pub(super) tiles: *mut f32,
    pub(super) sizes: Sizes,
}

impl Matrices {
    /// Fills all matrices with zeros: rows that belong to no tile then add nothing.
    ///
    /// # Safety
    /// See [`Matrices`].
    #[inline(always)]
    pub(super) unsafe fn clear<V: Vector>(self) {
        // SAFETY: the 36 matrices are as long as that, spacers included.
        unsafe {
            stage::clear::<V>(self.patches, COEFFICIENTS * self.sizes.v_step());
            stage::clear::<V>(self.tiles, COEFFICIENTS * self.sizes.m_step());
        }
    }

    /// Transforms a patch of the input into its row.
    ///
    /// # Safety
    /// See [`Matrices`]; the 6x6 pixels from `patch` on must be readable, rows of pixels
    /// `stride` numbers apart.
    #[inline(always)]
    pub(super) unsafe fn put_patch<V: Vector>(self, row: usize, patch: *const f32, stride: usize) {
        let c = self.sizes.c_in;
        for channel in (0..c).step_by(V::LANES) {
            // SAFETY: the row lies in the matrices, the patch is readable.
            unsafe {
                let out = self.patches.add(row * c + channel);
                transform::input::<V>(out, self.sizes.v_step(), patch.add(channel), stride, c);
            }
        }
    }

    /// Transforms a tile of the output's gradient into its row.
    ///
    /// # Safety
    /// See [`Matrices`]; the 4x4 pixels from `tile` on must be readable, rows of pixels
    /// `stride` numbers apart.
    #[inline(always)]
    pub(super) unsafe fn put_tile<V: Vector>(self, row: usize, tile: *const f32, stride: usize) {
        let c = self.sizes.c_out;
        for channel in (0..c).step_by(V::LANES) {
            // SAFETY: the row lies in the matrices, the tile is readable.
            unsafe {
                let out = self.tiles.add(row * c + channel);
                let (step, tile) = (self.sizes.m_step(), tile.add(channel));
                transform::output_adjoint::<V>(out, step, tile, stride, c);
            }
        }
    }

    /// `du = patches^T tiles` at coefficient `k`, or `+=` if it `adds`.
    ///
    /// # Safety
    /// See [`Matrices`]; `[c_in, c_out]` numbers from `du` on must be writable.
    #[inline(always)]
    pub(super) unsafe fn weight_grad<V: Vector>(self, k: usize, du: *mut f32, adds: bool) {
        let Sizes { c_in, c_out, block } = self.sizes;
        // SAFETY: the matrices of the coefficient have these sizes, `du` too.
        unsafe {
            let [patches, tiles] = self.at(k);
            product::outer::<V>(du, patches, tiles, [block, c_in, c_out], adds);
        }
    }

    /// `patches = tiles u` at coefficient `k`: the patches make way for their gradients.
    ///
    /// # Safety
    /// See [`Matrices`]; `[c_out, c_in]` numbers from `u` on must be readable.
    #[inline(always)]
    pub(super) unsafe fn patch_grad<V: Vector>(self, k: usize, u: *const f32) {
        let Sizes { c_in, c_out, block } = self.sizes;
        // SAFETY: the matrices of the coefficient have these sizes, `u` too.
        unsafe {
            let [patches, tiles] = self.at(k);
            product::rows::<V>(patches, tiles, u, [block, c_in, c_out]);
        }
    }

    /// Adds the gradient of a patch, transformed back, to the 6x6 pixels.
    ///
    /// # Safety
    /// See [`Matrices`]; the 6x6 pixels from `patch` on must be writable, rows of pixels
    /// `stride` numbers apart.
    #[inline(always)]
    pub(super) unsafe fn add_patch<V: Vector>(self, row: usize, patch: *mut f32, stride: usize) {
        let c = self.sizes.c_in;
        for channel in (0..c).step_by(V::LANES) {
            // SAFETY: the row lies in the matrices, the patch is writable.
            unsafe {
                let (v, step) = (self.patches.add(row * c + channel), self.sizes.v_step());
                transform::input_adjoint::<V>(patch.add(channel), stride, c, v, step);
            }
        }
    }

    /// The two matrices of coefficient `k`.
    ///
    /// # Safety
    /// See [`Matrices`].
    #[inline(always)]
    unsafe fn at(self, k: usize) -> [*mut f32; 2] {
        // SAFETY: there are 36 of each.
        unsafe {
            [self.patches.add(k * self.sizes.v_step()), self.tiles.add(k * self.sizes.m_step())]
        }
    }
}
