//! The gradients of one group of images, strip by strip.

use std::ops::Range;

use super::super::terms::Cotangent;
use super::ahead::Ahead;
use super::backward::Part;
use super::matrices::Matrices;
use super::stage;
use super::tiling::{Frame, Strip};
use super::{COEFFICIENTS, CONSTANT_SIZES, Sizes, with_constant_sizes};
use crate::simd::Vector;

/// Memory for one group of images.
pub(super) struct Room<'a> {
    /// The sum of a part; empty if no `dw` is wanted.
    pub(super) du: &'a mut [f32],
    /// Whether something has been added to it; until then its contents are arbitrary.
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

impl Part<'_> {
    /// # Safety
    /// The sizes must be those that `check` accepts, `room` large enough for the
    /// group, and the processor must have the instructions of `V`.
    #[inline(always)]
    pub(super) unsafe fn group<V: Vector>(&mut self, group: Range<usize>, room: &mut Room<'_>) {
        let t = self.t;
        let frame = Frame::of_patches(t, self.g.c_in);
        let mut ahead = self.ahead(&group);
        let sizes = Sizes::new(self.g);
        // SAFETY: the room has a frame for each image of the group.
        unsafe { stage::clear::<V>(room.dz.as_mut_ptr(), group.len() * frame.len()) };
        for strip in t.strips(group.len()) {
            for (i, image) in group.clone().enumerate() {
                if !room.du.is_empty() {
                    let place = (t, &strip, &frame);
                    // SAFETY: frame `i` lies in the room, the image in the batch.
                    unsafe {
                        let z = room.z.as_mut_ptr().add(i * frame.len());
                        stage::input::<V>(z, self.f.x, image, self.f.norm_relu, place);
                    }
                }
            }
            // SAFETY: the strip is one of the group, and `sizes` are its sizes.
            unsafe {
                with_constant_sizes!(|sizes| {
                    self.strip::<V>(&group, &strip, sizes, room, &mut ahead);
                });
            }
            if self.dz.is_some() {
                for (i, image) in group.clone().enumerate() {
                    // SAFETY: frame `i` is that of the image; its strip is added up.
                    unsafe {
                        let staged = room.dz.as_mut_ptr().add(i * frame.len());
                        self.finish::<V>(image, &strip, staged, &frame);
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
    /// As [`Part::group`]; `strip` is one of the group, `sizes` are its sizes.
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
        let (patches, tiles) = (room.v.as_mut_ptr(), room.m.as_mut_ptr());
        let matrices = Matrices { patches, tiles, sizes };
        let wants_dw = !room.du.is_empty();
        // What is whole is read where it lies.
        let in_place = match self.f.dy {
            Cotangent::Whole(dy) if t.is_even() => Some(dy),
            _ => None,
        };
        if in_place.is_none() {
            for (i, image) in group.clone().enumerate() {
                // SAFETY: frame `i` lies in the room, the image in the batch.
                unsafe {
                    let dy = room.dy.as_mut_ptr().add(i * dy_frame.len());
                    stage::cotangent::<V>(dy, &self.f.dy, image, (t, strip, &dy_frame));
                }
            }
        }
        for first in (0..strip.tiles()).step_by(block) {
            let rows = block.min(strip.tiles() - first);
            if rows < block {
                // SAFETY: the room has 36 matrices of these sizes.
                unsafe { matrices.clear::<V>() };
            }
            for row in 0..rows {
                let place = strip.place(first + row);
                // SAFETY: the tile lies in the frame of its image or, where every tile
                // lies inside its image, in the batch.
                unsafe {
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
                    matrices.put_tile::<V>(row, tile, stride);
                }
                if wants_dw {
                    // SAFETY: the patch lies in the frame of its image.
                    unsafe {
                        let patch = room.z.as_ptr().add(z_frame.corner(strip, place));
                        matrices.put_patch::<V>(row, patch, z_frame.row());
                    }
                }
            }
            for k in 0..COEFFICIENTS {
                if wants_dw {
                    // SAFETY: `du` holds `[c_in, c_out]` for each coefficient.
                    unsafe {
                        let du = room.du.as_mut_ptr().add(k * c_in * c_out);
                        matrices.weight_grad::<V>(k, du, room.has_du);
                    }
                }
                if let Some((_, u)) = &self.dz {
                    // SAFETY: `check` has seen `[c_out, c_in]` for each coefficient.
                    unsafe { matrices.patch_grad::<V>(k, u.as_ptr().add(k * c_in * c_out)) };
                }
                ahead.step();
            }
            room.has_du = true;
            if self.dz.is_some() {
                for row in 0..rows {
                    let corner = z_frame.corner(strip, strip.place(first + row));
                    // SAFETY: the patch lies in the frame of its image.
                    unsafe {
                        let patch = room.dz.as_mut_ptr().add(corner);
                        matrices.add_patch::<V>(row, patch, z_frame.row());
                    }
                }
            }
        }
    }
}
