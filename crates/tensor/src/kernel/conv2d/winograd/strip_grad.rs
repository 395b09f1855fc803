//! The gradients of one group of images, strip by strip.

use std::ops::Range;

use super::super::terms::Cotangent;
use super::ahead::Ahead;
use super::backward::Part;
use super::stage;
use super::tiling::{Frame, Strip};
use super::{COEFFICIENTS, CONSTANT_SIZES, Sizes, product, transform, with_constant_sizes};
use crate::simd::{CHAINS, Vector, add_chains};

/// Memory for one group of images.
pub(super) struct Room<'a> {
    /// The sum of a part; empty if no `dw` is wanted.
    pub(super) du: &'a mut [f32],
    /// Whether something has been added to it; what it holds before means nothing.
    pub(super) has_du: bool,
    /// Transformed patches, then their gradients.
    pub(super) v: &'a mut [f32],
    /// Transformed gradients of tiles.
    pub(super) m: &'a mut [f32],
    /// A strip of the convolution's input.
    pub(super) z: &'a mut [f32],
    /// A strip of its gradient. Patches overlap by two rows of pixels, so the last
    /// two of a strip are carried to the next one.
    pub(super) dz: &'a mut [f32],
    /// A strip of the output's gradient.
    pub(super) dy: &'a mut [f32],
}

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
    /// # Safety
    /// The sizes must be those that `check` asks for, `room` large enough for the
    /// group, and the processor must have the instructions of `V`.
    #[inline(always)]
    pub(super) unsafe fn group<V: Vector>(&mut self, group: Range<usize>, room: &mut Room<'_>) {
        let (t, [c_in, _]) = (self.t, [self.g.c_in, self.g.c_out]);
        let frame = Frame::of_patches(t, c_in);
        let mut ahead = self.ahead(&group);
        let sizes = Sizes::new(self.g);
        // SAFETY: the caller vouches for all of it.
        unsafe {
            stage::clear::<V>(room.dz.as_mut_ptr(), group.len() * frame.len());
            for strip in t.strips(group.len()) {
                for (i, image) in group.clone().enumerate() {
                    let z = room.z.as_mut_ptr().add(i * frame.len());
                    if !room.du.is_empty() {
                        let place = (t, &strip, &frame);
                        stage::input::<V>(z, self.f.x, image, self.f.norm_relu, place);
                    }
                }
                with_constant_sizes!(|sizes| {
                    self.strip::<V>(&group, &strip, sizes, room, &mut ahead);
                });
                if self.dz.is_some() {
                    for (i, image) in group.clone().enumerate() {
                        self.finish::<V>(image, i, &strip, room, &frame);
                    }
                }
            }
        }
    }

    /// What is fetched while a group is multiplied: the next one.
    fn ahead(&self, group: &Range<usize>) -> Ahead {
        let (t, [c_in, c_out]) = (self.t, [self.g.c_in, self.g.c_out]);
        let part = |c: usize, first: usize| {
            let image = t.pixels() * c;
            (group.start - first) * image..(group.end - first) * image
        };
        let dz = match &self.dz {
            Some((dz, _)) => &dz[part(c_in, self.images.start)],
            None => &[],
        };
        let [dy, y] = match self.f.dy {
            Cotangent::Whole(dy) => [&dy[part(c_out, 0)], &[]],
            Cotangent::Pending { dz, x, .. } => [dz, x].map(|run| &run[part(c_out, 0)]),
        };
        let steps = COEFFICIENTS * t.blocks(group.len());
        Ahead::new([&self.f.x[part(c_in, 0)], dy, y, dz], steps, self.g)
    }

    /// Adds a strip to `du` and to the staged `dz`.
    ///
    /// # Safety
    /// As [`Part::group`].
    #[inline(always)]
    unsafe fn strip<V: Vector>(
        &mut self,
        group: &Range<usize>,
        strip: &Strip,
        sizes: Sizes,
        room: &mut Room<'_>,
        ahead: &mut Ahead,
    ) {
        let (t, Sizes { c_in, c_out, block }) = (self.t, sizes);
        let [z_frame, dy_frame] = [Frame::of_patches(t, c_in), Frame::of_tiles(t, c_out)];
        let [v_step, m_step] = [sizes.v_step(), sizes.m_step()];
        let [v, m] = [room.v.as_mut_ptr(), room.m.as_mut_ptr()];
        let wants_dw = !room.du.is_empty();
        // What is whole is read where it lies.
        let in_place = match self.f.dy {
            Cotangent::Whole(dy) if t.is_even() => Some(dy),
            _ => None,
        };
        // SAFETY: the caller vouches for all of it.
        unsafe {
            if in_place.is_none() {
                for (i, image) in group.clone().enumerate() {
                    let dy = room.dy.as_mut_ptr().add(i * dy_frame.len());
                    stage::cotangent::<V>(dy, &self.f.dy, image, (t, strip, &dy_frame));
                }
            }
            for first in (0..strip.tiles()).step_by(block) {
                let rows = block.min(strip.tiles() - first);
                if rows < block {
                    // Rows that belong to no tile must add nothing. Through the pointers:
                    // a borrow of the room would end their right to write to it.
                    stage::clear::<V>(v, COEFFICIENTS * v_step);
                    stage::clear::<V>(m, COEFFICIENTS * m_step);
                }
                for row in 0..rows {
                    let place = strip.place(first + row);
                    let (tile, stride) = match in_place {
                        None => {
                            let corner = dy_frame.corner(strip, place);
                            (room.dy.as_ptr().add(corner), dy_frame.row())
                        }
                        Some(dy) => {
                            let y = (group.start + place.image) * t.h + place.y;
                            (dy.as_ptr().add((y * t.w + place.x) * c_out), t.w * c_out)
                        }
                    };
                    for c in (0..c_out).step_by(V::LANES) {
                        let out = m.add(row * c_out + c);
                        transform::output_adjoint::<V>(out, m_step, tile.add(c), stride, c_out);
                    }
                    if wants_dw {
                        let patch = room.z.as_ptr().add(z_frame.corner(strip, place));
                        for c in (0..c_in).step_by(V::LANES) {
                            let out = v.add(row * c_in + c);
                            transform::input::<V>(out, v_step, patch.add(c), z_frame.row(), c_in);
                        }
                    }
                }
                for k in 0..COEFFICIENTS {
                    let (v, m) = (v.add(k * v_step), m.add(k * m_step));
                    if wants_dw {
                        let du = room.du.as_mut_ptr().add(k * c_in * c_out);
                        product::outer::<V>(du, v, m, [block, c_in, c_out], room.has_du);
                    }
                    if let Some((_, u)) = &self.dz {
                        let u = u.as_ptr().add(k * c_in * c_out);
                        product::rows::<V>(v, m, u, [block, c_in, c_out]);
                    }
                    ahead.step();
                }
                room.has_du = true;
                if self.dz.is_some() {
                    for row in 0..rows {
                        let patch = z_frame.corner(strip, strip.place(first + row));
                        let patch = room.dz.as_mut_ptr().add(patch);
                        for c in (0..c_in).step_by(V::LANES) {
                            let (patch, v) = (patch.add(c), v.add(row * c_in + c));
                            transform::input_adjoint::<V>(patch, z_frame.row(), c_in, v, v_step);
                        }
                    }
                }
            }
        }
    }

    /// Writes those rows of an image's `dz` that no further strip adds to, zero where
    /// the ReLU was closed, adds up their sums, and makes room for the next strip.
    ///
    /// # Safety
    /// As [`Part::group`].
    #[inline(always)]
    unsafe fn finish<V: Vector>(
        &mut self,
        image: usize,
        i: usize,
        strip: &Strip,
        room: &mut Room<'_>,
        frame: &Frame,
    ) {
        let (t, [c, _]) = (self.t, [self.g.c_in, self.g.c_out]);
        let Some((out, _)) = &mut self.dz else { return };
        let staged = room.dz.as_mut_ptr();
        // The frame begins one row above the strip.
        let first = strip.y().saturating_sub(1);
        let end = if strip.is_last { t.h } else { strip.y() + strip.height() - 1 };
        // SAFETY: the caller vouches for the sizes.
        unsafe {
            let staged = staged.add(i * frame.len());
            let image_len = t.pixels() * c;
            let out = out.as_mut_ptr().add((image - self.images.start) * image_len);
            let x = self.f.x.as_ptr().add(image * image_len);
            for channel in (0..c).step_by(V::LANES) {
                let mut chains = [[V::splat(0.0); CHAINS]; 2];
                let mean = self.sums.as_ref().map(|sums| V::load(sums.mean.as_ptr().add(channel)));
                let gate = self.f.norm_relu.map(|n| {
                    [n.scale, n.shift].map(|values| V::load(values.as_ptr().add(channel)))
                });
                for y in first..end {
                    let dz = staged.add((y + 1 - strip.y()) * frame.row() + c + channel);
                    let at = y * t.w * c + channel;
                    let (out, x) = (out.add(at), x.add(at));
                    for j in 0..t.w {
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
                if let Some(sums) = &mut self.sums {
                    for (total, chains) in sums.totals.chunks_exact_mut(c).zip(chains) {
                        add_chains(&mut total[channel..channel + V::LANES], chains);
                    }
                }
            }
            if !strip.is_last {
                let carried = strip.height() * frame.row();
                std::ptr::copy(staged.add(carried), staged, SHARED * frame.row());
                stage::clear::<V>(staged.add(SHARED * frame.row()), carried);
            }
        }
    }
}
