//! What becomes of a strip's input gradient once all its patches are added up: it goes
//! through the ReLU, to its place in `dz`, and into the sums of its channels.

use std::ops::Range;

use super::backward::Part;
use super::stage;
use super::tiling::{Frame, Strip};
use crate::simd::{CHAINS, Vector, add_chains};

/// Per channel, `sum dz` and `sum dz (x - mean)`.
pub(super) struct Sums<'a> {
    /// `[2, c]`.
    pub(super) totals: &'a mut [f64],
    pub(super) mean: &'a [f32],
}

/// Rows of pixels that two strips share.
const SHARED: usize = 2;

impl Sums<'_> {
    pub(super) fn fits(&self, c: usize) -> bool {
        self.totals.len() == 2 * c && self.mean.len() == c
    }
}

impl Part<'_> {
    /// Writes those rows of an image's `dz` that no further strip adds to, zero where
    /// the ReLU was closed, adds up their sums, and makes room for the next strip.
    ///
    /// # Safety
    /// The sizes must be those that `check` accepts, `staged` the image's frame of the
    /// strip, for this call alone, `image` one of the part's, and the processor must have
    /// the instructions of `V`.
    #[inline(always)]
    pub(super) unsafe fn finish<V: Vector>(
        &mut self,
        image: usize,
        strip: &Strip,
        staged: *mut f32,
        frame: &Frame,
    ) {
        let (h, c) = (self.t.h, self.g.c_in);
        // The frame begins one row above the strip.
        let first = strip.y().saturating_sub(1);
        let end = if strip.is_last { h } else { strip.y() + strip.height() - 1 };
        for channel in (0..c).step_by(V::LANES) {
            // SAFETY: the row before the strip is the frame's first one, and its pixels
            // begin one pixel from the left; the rows are those of the frame.
            unsafe {
                let from = staged.add((first + 1 - strip.y()) * frame.row() + c + channel);
                self.write_channels::<V>(image, channel, first..end, from, frame.row());
            }
        }
        if !strip.is_last {
            // SAFETY: the frame is as long as that: the strip's rows and the shared ones.
            unsafe { carry::<V>(staged, strip.height() * frame.row(), SHARED * frame.row()) };
        }
    }

    /// A register of channels of some rows of an image: writes `dz`, and adds to the
    /// sums.
    ///
    /// # Safety
    /// As [`Part::finish`]; `from` is where the rows are staged, `stride` numbers apart.
    #[inline(always)]
    unsafe fn write_channels<V: Vector>(
        &mut self,
        image: usize,
        channel: usize,
        rows: Range<usize>,
        from: *const f32,
        stride: usize,
    ) {
        let (width, height, c) = (self.t.w, self.t.h, self.g.c_in);
        let Some((out, _)) = &mut self.dz else { return };
        // SAFETY: `check` has seen one number of each for every channel.
        let (mean, gate, zero) = unsafe {
            let mean = self.sums.as_ref().map(|sums| V::load(sums.mean.as_ptr().add(channel)));
            let factors = self.f.norm_relu.map(|norm| [norm.scale, norm.shift]);
            let gate = factors.map(|f| f.map(|values| V::load(values.as_ptr().add(channel))));
            (mean, gate, V::splat(0.0))
        };
        let mut chains = [[zero; CHAINS]; 2];
        let first = rows.start;
        for y in rows {
            // SAFETY: `check` has seen that `dz` holds this image among those of the
            // part, and `x` among those of the batch.
            let (dz, out, x) = unsafe {
                let of_part = (image - self.images.start) * height + y;
                let of_batch = image * height + y;
                (
                    from.add((y - first) * stride),
                    out.as_mut_ptr().add(of_part * width * c + channel),
                    self.f.x.as_ptr().add(of_batch * width * c + channel),
                )
            };
            for j in 0..width {
                // SAFETY: the row has that many pixels in all three.
                unsafe {
                    let mut value = V::load(dz.add(j * c));
                    let input = V::load(x.add(j * c));
                    if let Some([scale, shift]) = gate {
                        value = value.where_positive(input.mul_add(scale, shift));
                    }
                    value.store(out.add(j * c));
                    if let Some(mean) = mean {
                        let chain = j % CHAINS;
                        chains[0][chain] = chains[0][chain].add(value);
                        chains[1][chain] = value.mul_add(input.sub(mean), chains[1][chain]);
                    }
                }
            }
        }
        if let Some(sums) = &mut self.sums {
            for (total, chains) in sums.totals.chunks_exact_mut(c).zip(chains) {
                // SAFETY: the caller vouches for the instructions.
                unsafe { add_chains(&mut total[channel..channel + V::LANES], chains) };
            }
        }
    }
}

/// Moves the rows that the next strip adds to, `shared` numbers behind the first
/// `done`, to the beginning of the frame, and clears the rest.
///
/// # Safety
/// There must be `done + shared` numbers from `staged` on, for this call alone; both are
/// multiples of the lanes, and the processor must have the instructions of `V`.
#[inline(always)]
unsafe fn carry<V: Vector>(staged: *mut f32, done: usize, shared: usize) {
    // SAFETY: the caller vouches for the numbers; `copy` allows them to overlap.
    unsafe {
        std::ptr::copy(staged.add(done), staged, shared);
        stage::clear::<V>(staged.add(shared), done);
    }
}
