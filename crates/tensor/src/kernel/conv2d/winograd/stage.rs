//! Images in a frame of zeros, where every patch can be read without a check.

use super::super::fused::{Cotangent, NormRelu};
use super::{Place, TILE, Tiling};
use crate::simd::Vector;

/// The layout of staged images: whole tiles, with `margin` pixels around them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame {
    margin: usize,
    height: usize,
    width: usize,
    c: usize,
}

impl Frame {
    /// The frame of inputs, whose patches reach one pixel beyond their tiles.
    pub(super) fn of_patches(t: &Tiling, c: usize) -> Self {
        Frame { margin: 1, height: t.down * TILE + 2, width: t.across * TILE + 2, c }
    }

    /// The frame of outputs: whole tiles, nothing around them.
    pub(super) fn of_tiles(t: &Tiling, c: usize) -> Self {
        Frame { margin: 0, height: t.down * TILE, width: t.across * TILE, c }
    }

    /// Numbers in one staged image.
    pub(super) fn len(&self) -> usize {
        self.height * self.width * self.c
    }

    /// Numbers from a row of pixels to the next.
    pub(super) fn row(&self) -> usize {
        self.width * self.c
    }

    /// Where the patch or the tile of a place begins.
    pub(super) fn corner(&self, place: Place) -> usize {
        place.image * self.len() + place.y * self.row() + place.x * self.c
    }

    /// Where the first pixel of row `y` of an image lies.
    pub(super) fn pixels(&self, image: usize, y: usize) -> usize {
        image * self.len() + (y + self.margin) * self.row() + self.margin * self.c
    }

    /// Zeros in the whole frame, or only where no image comes to lie.
    ///
    /// # Safety
    /// `staged` must have room for the frame; the channels are a multiple of the
    /// lanes; the processor must have the instructions of `V`.
    #[inline(always)]
    unsafe fn clear<V: Vector>(&self, staged: *mut f32, around: Option<&Tiling>) {
        let (first, row) = (self.margin * self.c, self.row());
        let (rows, image) = match around {
            Some(t) => (self.margin..self.margin + t.h, first..first + t.w * self.c),
            None => (0..0, 0..0),
        };
        // SAFETY: all of it lies in the frame.
        unsafe {
            for y in 0..self.height {
                let out = staged.add(y * row);
                let (left, right) =
                    if rows.contains(&y) { (image.start, image.end) } else { (row, row) };
                for i in (0..left).step_by(V::LANES) {
                    V::splat(0.0).store(out.add(i));
                }
                for i in (right..row).step_by(V::LANES) {
                    V::splat(0.0).store(out.add(i));
                }
            }
        }
    }
}

/// Zeros in a frame.
///
/// # Safety
/// As [`input`].
#[inline(always)]
pub(super) unsafe fn zeros<V: Vector>(staged: *mut f32, frame: &Frame) {
    // SAFETY: the caller vouches for it.
    unsafe { frame.clear::<V>(staged, None) }
}

/// Copies image number `image` of `x` into its frame, normalised and rectified if
/// that is asked for; zeros around it.
///
/// # Safety
/// `staged` must have room for the frame; `x` must hold the image; scale and shift
/// have one number a channel; the channels are a multiple of the lanes; the
/// processor must have the instructions of `V`.
#[inline(always)]
pub(super) unsafe fn input<V: Vector>(
    staged: *mut f32,
    x: &[f32],
    image: usize,
    norm_relu: Option<NormRelu<'_, f32>>,
    t: &Tiling,
    frame: &Frame,
) {
    let c = frame.c;
    // SAFETY: the caller vouches for the sizes.
    unsafe {
        frame.clear::<V>(staged, Some(t));
        for y in 0..t.h {
            let to = staged.add(frame.pixels(0, y));
            let from = x.as_ptr().add((image * t.h + y) * t.w * c);
            match norm_relu {
                None => {
                    for i in (0..t.w * c).step_by(V::LANES) {
                        V::load(from.add(i)).store(to.add(i));
                    }
                }
                Some(NormRelu { scale, shift }) => {
                    for channel in (0..c).step_by(V::LANES) {
                        let scale = V::load(scale.as_ptr().add(channel));
                        let shift = V::load(shift.as_ptr().add(channel));
                        for i in (channel..t.w * c).step_by(c) {
                            V::load(from.add(i)).mul_add(scale, shift).relu().store(to.add(i));
                        }
                    }
                }
            }
        }
    }
}

/// Writes image number `image` of a cotangent into its frame; zeros around it.
///
/// # Safety
/// As [`input`].
#[inline(always)]
pub(super) unsafe fn cotangent<V: Vector>(
    staged: *mut f32,
    dy: &Cotangent<'_, f32>,
    image: usize,
    t: &Tiling,
    frame: &Frame,
) {
    let c = frame.c;
    let Cotangent::Pending { dz, x, factors: [a, b, d] } = *dy else {
        let Cotangent::Whole(dy) = *dy else { unreachable!("a cotangent has two forms") };
        // SAFETY: the caller vouches for the sizes.
        return unsafe { input::<V>(staged, dy, image, None, t, frame) };
    };
    // SAFETY: the caller vouches for the sizes.
    unsafe {
        frame.clear::<V>(staged, Some(t));
        for y in 0..t.h {
            let to = staged.add(frame.pixels(0, y));
            let from = (image * t.h + y) * t.w * c;
            let (dz, x) = (dz.as_ptr().add(from), x.as_ptr().add(from));
            for channel in (0..c).step_by(V::LANES) {
                let [a, b, d] = [a, b, d].map(|v| V::load(v.as_ptr().add(channel)));
                for i in (channel..t.w * c).step_by(c) {
                    let sum = V::load(x.add(i)).mul_add(b, d);
                    V::load(dz.add(i)).mul_add(a, sum).store(to.add(i));
                }
            }
        }
    }
}
