//! The gradient of a grouped convolution in its weights.

use super::super::{Conv2dGeom, direct};
use super::blocks::{Block, Blocks};
use super::with_padded;
use crate::simd::{Task, Vector, dispatch, lanes};
use crate::{Buffer, threads};

/// Parts of the batch at most, each with its own sums.
const PARTS: usize = 16;

/// Output pixels at least, as whole rows, between loads of the sums and their stores.
const BAND_PIXELS: usize = 64;

/// `dw` = the gradient of `<dy, x * w>` in `w`. The images are cut into a fixed number of
/// parts; each part goes over its images in order, and a fixed tree adds the sums.
pub(super) fn weight_grad(dw: &mut [f32], x: &[f32], dy: &[f32], g: &Conv2dGeom) {
    let blocks = Blocks::new(lanes(), g.groups, [g.group_in(), g.group_out()]);
    let len = blocks.packed_at(g.kernel, blocks.count(), 0);
    let images_per_part = g.batch.div_ceil(PARTS).max(1);
    let parts = g.batch.div_ceil(images_per_part);
    let one = g.with_batch(1);
    let [image_in, image_out] = [one.in_shape().len(), one.out_shape().len()];
    let mut sums = Buffer::<f32>::for_overwrite(parts * len);
    let sums = sums.as_mut_slice();
    threads::for_chunks(sums, len, |part, sums| {
        sums.fill(0.0);
        for n in part * images_per_part..g.batch.min((part + 1) * images_per_part) {
            let dy = &dy[n * image_out..(n + 1) * image_out];
            with_padded(&x[n * image_in..(n + 1) * image_in], g, |padded| {
                dispatch(Image { sums, padded, dy, blocks: &blocks, g });
            });
        }
    });
    threads::tree_sum(sums, parts);
    if parts == 0 {
        return dw.fill(0.0);
    }
    blocks.for_each_weight(g.kernel, &mut sums[..len], |&mut sum, [tap, i, o]| {
        dw[(tap * blocks.from + i) * g.c_out + o] = sum;
    });
}

/// One image, added to the sums.
struct Image<'a> {
    /// Packed as weights are.
    sums: &'a mut [f32],
    /// The input in its margin, and a register's length behind it.
    padded: &'a [f32],
    dy: &'a [f32],
    blocks: &'a Blocks,
    g: &'a Conv2dGeom,
}

impl Task for Image<'_> {
    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        // SAFETY: the caller vouches for the instructions.
        unsafe {
            match (self.g.kernel, self.g.stride, self.blocks.is_permuted()) {
                (1, 1, true) => self.rows::<V, 1, 1, true>(),
                (1, 1, false) => self.rows::<V, 1, 1, false>(),
                (1, 2, true) => self.rows::<V, 1, 2, true>(),
                (1, 2, false) => self.rows::<V, 1, 2, false>(),
                (3, 1, true) => self.rows::<V, 3, 1, true>(),
                (3, 1, false) => self.rows::<V, 3, 1, false>(),
                (3, 2, true) => self.rows::<V, 3, 2, true>(),
                (3, 2, false) => self.rows::<V, 3, 2, false>(),
                other => unreachable!("no kernel for kernel, stride and permutation {other:?}"),
            }
        }
    }
}

impl Image<'_> {
    /// # Safety
    /// The processor must have the instructions of `V`; `K`, `S` and `PERMUTED` must be
    /// those of the image.
    #[inline(always)]
    unsafe fn rows<V: Vector, const K: usize, const S: usize, const PERMUTED: bool>(self) {
        let Image { sums, padded, dy, blocks, g } = self;
        let (out_h, out_w, row) = (g.out_h(), g.out_w(), direct::padded_row(g));
        assert!(
            blocks.lanes == V::LANES
                && [K, S] == [g.kernel, g.stride]
                && sums.len() == blocks.packed_at(K, blocks.count(), 0)
                && padded.len() >= direct::padded_len(g) + V::LANES
                && dy.len() == out_h * out_w * g.c_out
        );
        let places = blocks.places();
        let band = BAND_PIXELS.div_ceil(out_w);
        for top in (0..out_h).step_by(band) {
            let height = band.min(out_h - top);
            for (b, ky) in (0..blocks.count()).flat_map(|b| (0..K).map(move |ky| (b, ky))) {
                let Block { read, write, len } = blocks.block(b);
                let mut i = 0;
                while i < blocks.from {
                    // SAFETY: the sizes are those asserted: the windows of the band's pixels
                    // lie in the padded image, and what a permuted block reads beyond its
                    // channels in the register's length behind it; the sums of a row of the
                    // kernel for input channels from `i` on are the block's; the caller
                    // vouches for the instructions.
                    i += unsafe {
                        let at = OfRow::<V> {
                            sums: sums[blocks.packed_at(K, b, ky * K) + i * V::LANES..]
                                .as_mut_ptr(),
                            tap: blocks.from * V::LANES,
                            x: padded[(top * S + ky) * row + read..].as_ptr(),
                            x_row: S * row,
                            c_in: g.c_in,
                            dy: dy[top * out_w * g.c_out + write..].as_ptr(),
                            c_out: g.c_out,
                            size: [height, out_w],
                            len,
                            i,
                            places: &places,
                            level: std::marker::PhantomData,
                        };
                        // So many sums, for `K` taps each, that they stay in registers.
                        match (blocks.from - i, V::ACCUMULATORS) {
                            (4.., 16) => at.add::<4, K, S, PERMUTED>(),
                            (3, 16) => at.add::<3, K, S, PERMUTED>(),
                            (2.., 8..) => at.add::<2, K, S, PERMUTED>(),
                            _ => at.add::<1, K, S, PERMUTED>(),
                        }
                    };
                }
            }
        }
    }
}

/// The sums of a row of the kernel over some rows of pixels.
struct OfRow<'a, V> {
    sums: *mut f32,
    /// From the sums of a tap to the next.
    tap: usize,
    x: *const f32,
    /// From the windows of a row of pixels to the next.
    x_row: usize,
    c_in: usize,
    dy: *const f32,
    c_out: usize,
    size: [usize; 2],
    /// Lanes in use.
    len: usize,
    /// The first input channel of the group.
    i: usize,
    places: &'a [[i32; 16]],
    level: std::marker::PhantomData<V>,
}

impl<V: Vector> OfRow<'_, V> {
    /// Adds to the sums of `I` input channels of the group; returns `I`.
    ///
    /// # Safety
    /// The windows and pixels must be readable, the sums of `K` taps and `I` channels
    /// writable, and the processor must have the instructions of `V`.
    #[inline(always)]
    unsafe fn add<const I: usize, const K: usize, const S: usize, const PERMUTED: bool>(
        &self,
    ) -> usize {
        let [height, width] = self.size;
        // SAFETY: the caller vouches for windows, pixels and sums.
        unsafe {
            let mut sums = [[V::splat(0.0); I]; K];
            for (k, sums) in sums.iter_mut().enumerate() {
                for (i, sum) in sums.iter_mut().enumerate() {
                    *sum = V::load(self.sums.add(k * self.tap + i * V::LANES));
                }
            }
            for oy in 0..height {
                let x = self.x.add(oy * self.x_row);
                let dy = self.dy.add(oy * width * self.c_out);
                let mut ox = 0;
                while ox + 4 <= width {
                    self.pixels::<4, I, K, S, PERMUTED>(&mut sums, x, dy, ox);
                    ox += 4;
                }
                while ox < width {
                    self.pixels::<1, I, K, S, PERMUTED>(&mut sums, x, dy, ox);
                    ox += 1;
                }
            }
            for (k, sums) in sums.into_iter().enumerate() {
                for (i, sum) in sums.into_iter().enumerate() {
                    sum.store(self.sums.add(k * self.tap + i * V::LANES));
                }
            }
        }
        I
    }

    /// `R` pixels from column `ox` on.
    ///
    /// # Safety
    /// As [`add`](Self::add); the pixels must be those of the row.
    #[inline(always)]
    unsafe fn pixels<
        const R: usize,
        const I: usize,
        const K: usize,
        const S: usize,
        const PERMUTED: bool,
    >(
        &self,
        sums: &mut [[V; I]; K],
        x: *const f32,
        dy: *const f32,
        ox: usize,
    ) {
        // SAFETY: the caller vouches for the pixels.
        unsafe {
            let mut arrived = [V::splat(0.0); R];
            for (r, arrived) in arrived.iter_mut().enumerate() {
                *arrived = V::load_first(dy.add((ox + r) * self.c_out), self.len);
            }
            let x = x.add(ox * S * self.c_in);
            for p in 0..(R - 1) * S + K {
                let pixel = x.add(p * self.c_in);
                for i in 0..I {
                    let value = if PERMUTED {
                        let places = self.places.get_unchecked(self.i + i).as_ptr();
                        V::load(pixel).permute(V::places(places))
                    } else {
                        V::splat(*pixel.add(self.i + i))
                    };
                    for (k, sums) in sums.iter_mut().enumerate() {
                        if p >= k && (p - k) % S == 0 && (p - k) / S < R {
                            sums[i] = value.mul_add(arrived[(p - k) / S], sums[i]);
                        }
                    }
                }
            }
        }
    }
}
