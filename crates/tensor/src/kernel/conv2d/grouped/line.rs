//! A line of output pixels of a grouped convolution, its sums in registers.
//!
//! Each input that is in its lanes, permuted or broadcast, is multiplied into all pixels
//! of the line that see it in this row of the kernel, before the next one is fetched.

use super::blocks::{Block, Blocks};
use crate::simd::Vector;

/// Pixels of an output whose windows lie side by side.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line<'a> {
    /// Where the first pixel is written.
    pub(super) y: usize,
    /// From a pixel to the next one that is written.
    pub(super) y_step: usize,
    /// How many there are.
    pub(super) pixels: usize,
    /// Pixels of the input from a window to the next: 1 or 2.
    pub(super) stride: usize,
    /// For each row of the kernel where its window begins in the input, and its first tap.
    pub(super) rows: &'a [[usize; 2]],
    /// Taps of a row, on neighbouring pixels: 1 to 3.
    pub(super) columns: usize,
    /// From a tap of a row to the next.
    pub(super) tap_step: usize,
}

/// What is read and written.
pub(super) struct Operands<'a> {
    pub(super) y: &'a mut [f32],
    /// With at least a register's length behind the last pixel that is read.
    pub(super) x: &'a [f32],
    /// Channels of a pixel of `x`.
    pub(super) c: usize,
    pub(super) packed: &'a [f32],
    pub(super) blocks: &'a Blocks,
    /// Side of the kernel that the weights are packed for.
    pub(super) kernel: usize,
}

/// Writes the line, all its channels.
///
/// # Panics
/// If it reads or writes beyond the operands, or the blocks are of another level.
///
/// # Safety
/// The processor must have the instructions of `V`.
#[inline(always)]
pub(super) unsafe fn line<V: Vector>(on: &mut Operands<'_>, line: &Line<'_>) {
    if line.pixels == 0 {
        return;
    }
    assert!(on.blocks.lanes == V::LANES && on.c > 0, "blocks of another level");
    // SAFETY: the caller vouches for the instructions.
    unsafe {
        match (line.columns, line.stride) {
            (1, 1) => all_blocks::<V, 1, 1>(on, line),
            (1, 2) => all_blocks::<V, 1, 2>(on, line),
            (2, 1) => all_blocks::<V, 2, 1>(on, line),
            (3, 1) => all_blocks::<V, 3, 1>(on, line),
            (3, 2) => all_blocks::<V, 3, 2>(on, line),
            other => unreachable!("no kernel has columns and stride {other:?}"),
        }
    }
}

/// # Safety
/// As [`line`].
#[inline(always)]
unsafe fn all_blocks<V: Vector, const K: usize, const S: usize>(
    on: &mut Operands<'_>,
    line: &Line<'_>,
) {
    let Operands { y, x, c, packed, blocks, kernel } = on;
    let places = blocks.places();
    for b in 0..blocks.count() {
        let Block { read, write, len } = blocks.block(b);
        let last = line.pixels - 1;
        assert!(line.y + last * line.y_step + write + len <= y.len());
        let mut rows = [[0; 2]; 3];
        let rows = &mut rows[..line.rows.len()];
        for (row, &[x_at, tap]) in rows.iter_mut().zip(line.rows) {
            *row = [x_at + read, blocks.packed_at(*kernel, b, tap)];
            assert!(row[0] + (last * S + K - 1) * *c + blocks.reach() <= x.len());
            let weights_end = blocks.packed_at(*kernel, b, tap + (K - 1) * line.tap_step + 1);
            assert!(weights_end <= packed.len());
        }
        let block = OfBlock::<V> {
            y: y[line.y + write..].as_mut_ptr(),
            y_step: line.y_step,
            len,
            x: x.as_ptr(),
            c: *c,
            w: packed.as_ptr(),
            w_step: blocks.packed_at(*kernel, 0, line.tap_step),
            from: blocks.from,
            rows,
            places: &places,
            level: std::marker::PhantomData,
        };
        // SAFETY: the assertions above hold for the windows of all pixels, and places are
        // below the number of lanes; the caller vouches for the instructions.
        unsafe {
            if blocks.is_permuted() {
                block.pixels::<K, S, true>(line.pixels);
            } else {
                block.pixels::<K, S, false>(line.pixels);
            }
        }
    }
}

/// One block of channels of a line.
struct OfBlock<'a, V> {
    y: *mut f32,
    y_step: usize,
    len: usize,
    x: *const f32,
    c: usize,
    w: *const f32,
    w_step: usize,
    from: usize,
    /// For each row of the kernel where the first window and its weights begin.
    rows: &'a [[usize; 2]],
    places: &'a [[i32; 16]],
    level: std::marker::PhantomData<V>,
}

impl<V: Vector> OfBlock<'_, V> {
    /// # Safety
    /// The windows of `n` pixels must be readable, the pixels writable, and the processor
    /// must have the instructions of `V`.
    #[inline(always)]
    unsafe fn pixels<const K: usize, const S: usize, const PERMUTED: bool>(&self, n: usize) {
        // As many sums as keep the multipliers busy and leave room for the rest.
        let (mut at, run) = (0, if V::ACCUMULATORS < 8 { 4 } else { 8 });
        // SAFETY: `at` stays below `n`.
        unsafe {
            while at + run <= n {
                match run {
                    4 => self.run::<4, K, S, PERMUTED>(at),
                    _ => self.run::<8, K, S, PERMUTED>(at),
                }
                at += run;
            }
            while at < n {
                self.run::<1, K, S, PERMUTED>(at);
                at += 1;
            }
        }
    }

    /// `R` pixels from pixel `at` on.
    ///
    /// # Safety
    /// As [`pixels`](Self::pixels), with `at + R` at most `n`.
    #[inline(always)]
    unsafe fn run<const R: usize, const K: usize, const S: usize, const PERMUTED: bool>(
        &self,
        at: usize,
    ) {
        // SAFETY: the caller vouches for the pixels.
        unsafe {
            let mut sums = [V::splat(0.0); R];
            for &[x, w] in self.rows {
                let x = self.x.add(x + at * S * self.c);
                for i in 0..self.from {
                    let w = self.w.add(w + i * V::LANES);
                    let mut weights = [V::splat(0.0); K];
                    for (k, weight) in weights.iter_mut().enumerate() {
                        *weight = V::load(w.add(k * self.w_step));
                    }
                    let value = |p: usize| {
                        let pixel = x.add(p * self.c);
                        if PERMUTED {
                            let places = self.places.get_unchecked(i).as_ptr();
                            V::load(pixel).permute(V::places(places))
                        } else {
                            V::splat(*pixel.add(i))
                        }
                    };
                    for p in 0..(R - 1) * S + K {
                        let value = value(p);
                        for (k, &weight) in weights.iter().enumerate() {
                            if p >= k && (p - k) % S == 0 && (p - k) / S < R {
                                let sum = &mut sums[(p - k) / S];
                                *sum = value.mul_add(weight, *sum);
                            }
                        }
                    }
                }
            }
            for (r, sum) in sums.into_iter().enumerate() {
                sum.store_first(self.y.add((at + r) * self.y_step), self.len);
            }
        }
    }
}
