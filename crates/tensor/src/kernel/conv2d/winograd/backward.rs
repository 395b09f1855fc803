//! The backward pass: both gradients from one transform of the output's.

use super::super::fused::{Cotangent, NormRelu};
use super::ahead::Ahead;
use super::stage::{self, Frame};
use super::{
    BLOCK, COEFFICIENTS, Conv2dGeom, Tiling, coefficient_stride, product, transform, weights,
};
use crate::scratch::with_scratch;
use crate::simd::{Task, Vector, dispatch};
use crate::threads;
use rayon::prelude::*;

/// Parts of a batch, each with its own sums: a partial gradient costs as much
/// memory as the weights, and four threads can share the parts evenly.
const PARTS: usize = 8;

/// What the gradients are computed from.
#[derive(Clone, Copy)]
pub(in super::super) struct Backward<'a> {
    /// The input of the forward pass.
    pub x: &'a [f32],
    /// What was done to it on the way in.
    pub norm_relu: Option<NormRelu<'a, f32>>,
    pub dy: Cotangent<'a, f32>,
}

/// The gradients that are asked for.
pub(in super::super) struct Gradients<'a> {
    /// That in the input of the batch norm's affine map: behind the ReLU if there
    /// is one. Comes with the transformed, transposed weights, `[36, c_out, c_in]`.
    pub dz: Option<(&'a mut [f32], &'a [f32])>,
    pub dw: Option<&'a mut [f32]>,
    /// Per channel, `sum dz` and `sum dz (x - mean)`, with the means.
    pub sums: Option<(&'a mut [f64], &'a [f32])>,
}

/// Writes the gradients.
pub(in super::super) fn backward(out: Gradients<'_>, f: &Backward<'_>, g: &Conv2dGeom) {
    let t = Tiling::new(g);
    let per_group = t.images_per_group();
    let images = g.batch.div_ceil(per_group).div_ceil(PARTS).max(1) * per_group;
    let Gradients { mut dz, mut dw, mut sums } = out;
    let dw_len = dw.as_ref().map_or(0, |dw| dw.len());
    let sums_len = sums.as_ref().map_or(0, |(sums, _)| sums.len());
    let mean = sums.as_ref().map(|&(_, mean)| mean);
    with_scratch(PARTS * dw_len, |dw_parts: &mut [f32]| {
        with_scratch(PARTS * sums_len, |sums_parts: &mut [f64]| {
            dw_parts.fill(0.0);
            sums_parts.fill(0.0);
            let mut dws = dw_parts.chunks_exact_mut(dw_len.max(1));
            let mut sums_of = sums_parts.chunks_exact_mut(sums_len.max(1));
            let mut dzs =
                dz.as_mut().map(|(dz, u)| (dz.chunks_mut(images * t.pixels() * g.c_in), *u));
            let parts: [Part<'_>; PARTS] = std::array::from_fn(|i| Part {
                dz: dzs.as_mut().and_then(|(chunks, u)| Some((chunks.next()?, *u))),
                dw: dws.next(),
                sums: sums_of.next().zip(mean),
                f: *f,
                t: &t,
                c: [g.c_in, g.c_out],
                images: (i * images).min(g.batch)..((i + 1) * images).min(g.batch),
            });
            threads::share(parts.into_par_iter()).for_each(|part| {
                if !part.images.is_empty() {
                    part.run();
                }
            });
            if let Some(dw) = &mut dw {
                threads::tree_sum(dw_parts, PARTS);
                dw.copy_from_slice(&dw_parts[..dw_len]);
            }
            if let Some((sums, _)) = &mut sums {
                threads::tree_sum(sums_parts, PARTS);
                sums.copy_from_slice(&sums_parts[..sums_len]);
            }
        });
    });
}

/// A part of the batch with its own sums.
struct Part<'a> {
    dz: Option<(&'a mut [f32], &'a [f32])>,
    dw: Option<&'a mut [f32]>,
    sums: Option<(&'a mut [f64], &'a [f32])>,
    f: Backward<'a>,
    t: &'a Tiling,
    c: [usize; 2],
    images: std::ops::Range<usize>,
}

impl Part<'_> {
    fn run(mut self) {
        let (t, [c_in, c_out]) = (self.t, self.c);
        let images = t.images_per_group();
        let [v, m] = [c_in, c_out].map(|c| COEFFICIENTS * coefficient_stride(c));
        let z = images * Frame::of_patches(t, c_in).len();
        let dy = images * Frame::of_tiles(t, c_out).len();
        let du_len = if self.dw.is_some() { COEFFICIENTS * c_in * c_out } else { 0 };
        with_scratch(du_len + v + m + 2 * z + dy, |scratch| {
            let (du, rest) = scratch.split_at_mut(du_len);
            let (v, rest) = rest.split_at_mut(v);
            let (m, rest) = rest.split_at_mut(m);
            let (z, rest) = rest.split_at_mut(z);
            let (dz_staged, dy_staged) = rest.split_at_mut(z.len());
            du.fill(0.0);
            let dw = self.dw.take();
            dispatch(Groups {
                part: &mut self,
                room: Room { du, v, m, z, dz: dz_staged, dy: dy_staged },
            });
            if let Some(dw) = dw {
                weights::adjoint(dw, du);
            }
        });
    }
}

/// Memory for one group of images.
struct Room<'a> {
    /// The sum of a part, `[36, c_in, c_out]`; empty if no `dw` is wanted.
    du: &'a mut [f32],
    /// Transformed patches, then their gradients.
    v: &'a mut [f32],
    /// Transformed gradients of tiles.
    m: &'a mut [f32],
    z: &'a mut [f32],
    dz: &'a mut [f32],
    dy: &'a mut [f32],
}

/// All groups of a part.
struct Groups<'a, 'b> {
    part: &'a mut Part<'b>,
    room: Room<'a>,
}

impl Task for Groups<'_, '_> {
    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        let Groups { part, mut room } = self;
        let per_group = part.t.images_per_group();
        let images = part.images.clone();
        part.check::<V>();
        for first in images.clone().step_by(per_group) {
            let group = first..images.end.min(first + per_group);
            // SAFETY: `check` has seen the sizes, and `room` was cut for a group; the
            // caller vouches for the instructions.
            unsafe { part.group::<V>(group, &mut room) };
        }
    }
}

impl Part<'_> {
    /// # Panics
    /// If a slice does not fit the geometry.
    fn check<V: Vector>(&self) {
        let (t, [c_in, c_out], f) = (self.t, self.c, &self.f);
        let pixels = self.images.len() * t.pixels();
        let all = self.images.end * t.pixels();
        let whole = match f.dy {
            Cotangent::Whole(dy) => dy.len() >= all * c_out,
            Cotangent::Pending { dz, x, factors } => {
                dz.len() >= all * c_out
                    && x.len() >= all * c_out
                    && factors.iter().all(|v| v.len() == c_out)
            }
        };
        let u = COEFFICIENTS * c_in * c_out;
        assert!(
            whole
                && f.x.len() >= all * c_in
                && self.dz.as_ref().is_none_or(|(dz, w)| dz.len() == pixels * c_in && w.len() == u)
                && f.norm_relu.is_none_or(|n| [n.scale.len(), n.shift.len()] == [c_in; 2])
                && self.sums.as_ref().is_none_or(|(s, m)| s.len() == 2 * c_in && m.len() == c_in)
                && c_in.is_multiple_of(V::LANES)
                && c_out.is_multiple_of(V::LANES)
        );
    }

    /// # Safety
    /// The sizes must be those that `check` asks for, `room` large enough for the
    /// group, and the processor must have the instructions of `V`.
    #[inline(always)]
    unsafe fn group<V: Vector>(&mut self, group: std::ops::Range<usize>, room: &mut Room<'_>) {
        let (t, [c_in, c_out], f) = (self.t, self.c, &self.f);
        let [z_frame, dy_frame] = [Frame::of_patches(t, c_in), Frame::of_tiles(t, c_out)];
        let [v_step, m_step] = [c_in, c_out].map(coefficient_stride);
        let [v, m] = [room.v.as_mut_ptr(), room.m.as_mut_ptr()];
        let wants_dw = !room.du.is_empty();
        // SAFETY: the caller vouches for all of it.
        unsafe {
            for (i, image) in group.clone().enumerate() {
                let z = room.z.as_mut_ptr().add(i * z_frame.len());
                stage::input::<V>(z, f.x, image, f.norm_relu, t, &z_frame);
                let dy = room.dy.as_mut_ptr().add(i * dy_frame.len());
                stage::cotangent::<V>(dy, &f.dy, image, t, &dy_frame);
                if self.dz.is_some() {
                    stage::zeros::<V>(room.dz.as_mut_ptr().add(i * z_frame.len()), &z_frame);
                }
            }
            let tiles = group.len() * t.per_image();
            let steps = COEFFICIENTS * tiles.div_ceil(BLOCK);
            let part = |run: &'_ [f32], c: usize, first: usize| {
                let image = t.pixels() * c;
                let start = run.as_ptr().add((group.start - first) * image);
                std::slice::from_raw_parts(start, group.len() * image)
            };
            let [dy, x] = match f.dy {
                Cotangent::Whole(dy) => [dy, &[]],
                Cotangent::Pending { dz, x, .. } => [dz, x],
            };
            let dz = self.dz.as_ref().map_or(&[][..], |(dz, _)| part(dz, c_in, self.images.start));
            let x = if x.is_empty() { x } else { part(x, c_out, 0) };
            let mut ahead = Ahead::new([part(f.x, c_in, 0), part(dy, c_out, 0), x, dz], steps);
            for first in (0..tiles).step_by(BLOCK) {
                let rows = BLOCK.min(tiles - first);
                if rows < BLOCK {
                    // Rows that belong to no tile must add nothing.
                    room.v.fill(0.0);
                    room.m.fill(0.0);
                }
                for row in 0..rows {
                    let place = t.place(first + row);
                    let tile = room.dy.as_ptr().add(dy_frame.corner(place));
                    for c in (0..c_out).step_by(V::LANES) {
                        let out = m.add(row * c_out + c);
                        transform::output_adjoint::<V>(
                            out,
                            m_step,
                            tile.add(c),
                            dy_frame.row(),
                            c_out,
                        );
                    }
                    if wants_dw {
                        let patch = room.z.as_ptr().add(z_frame.corner(place));
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
                        product::outer::<V>(du, v, m, c_in, c_out);
                    }
                    if let Some((_, u)) = &self.dz {
                        let u = u.as_ptr().add(k * c_in * c_out);
                        product::rows::<V>(v, m, u, c_in, c_out);
                    }
                    ahead.step();
                }
                if self.dz.is_some() {
                    for row in 0..rows {
                        let patch = z_frame.corner(t.place(first + row));
                        let patch = room.dz.as_mut_ptr().add(patch);
                        for c in (0..c_in).step_by(V::LANES) {
                            let v = v.add(row * c_in + c);
                            transform::input_adjoint::<V>(
                                patch.add(c),
                                z_frame.row(),
                                c_in,
                                v,
                                v_step,
                            );
                        }
                    }
                }
            }
            for (i, image) in group.enumerate() {
                self.finish::<V>(image, i, room, &z_frame);
            }
        }
    }

    /// Writes `dz` of one image, zero where the ReLU was closed, and adds up its
    /// sums.
    ///
    /// # Safety
    /// As [`Part::group`].
    #[inline(always)]
    unsafe fn finish<V: Vector>(&mut self, image: usize, i: usize, room: &Room<'_>, frame: &Frame) {
        let (t, [c, _]) = (self.t, self.c);
        let Some((out, _)) = &mut self.dz else { return };
        let is_rectified = self.f.norm_relu.is_some();
        let len = t.pixels() * c;
        // SAFETY: the caller vouches for the sizes.
        unsafe {
            let out = out.as_mut_ptr().add((image - self.images.start) * len);
            let x = self.f.x.as_ptr().add(image * len);
            for channel in (0..c).step_by(V::LANES) {
                let mut sums = [[V::splat(0.0); CHAINS]; 2];
                let mean = self.sums.as_ref().map(|(_, mean)| V::load(mean.as_ptr().add(channel)));
                for y in 0..t.h {
                    let staged = frame.pixels(i, y) + channel;
                    let (z, dz) = (room.z.as_ptr().add(staged), room.dz.as_ptr().add(staged));
                    let at = y * t.w * c + channel;
                    for j in 0..t.w {
                        let mut value = V::load(dz.add(j * c));
                        if is_rectified {
                            value = value.where_positive(V::load(z.add(j * c)));
                        }
                        value.store(out.add(at + j * c));
                        if let Some(mean) = mean {
                            let deviation = V::load(x.add(at + j * c)).sub(mean);
                            let chain = j % CHAINS;
                            sums[0][chain] = sums[0][chain].add(value);
                            sums[1][chain] = value.mul_add(deviation, sums[1][chain]);
                        }
                    }
                }
                if let Some((totals, _)) = &mut self.sums {
                    for (total, chains) in totals.chunks_exact_mut(c).zip(sums) {
                        add_lanes(&mut total[channel..channel + V::LANES], chains);
                    }
                }
            }
        }
    }
}

/// Independent sums, so that an addition need not wait for the one before.
const CHAINS: usize = 4;

/// Adds each lane of a few registers to a wide total.
///
/// # Safety
/// The processor must have the instructions of `V`.
#[inline(always)]
unsafe fn add_lanes<V: Vector>(totals: &mut [f64], chains: [V; CHAINS]) {
    // SAFETY: the caller vouches for the instructions; no register is longer than
    // the array.
    unsafe {
        let mut lanes = [0.0f32; 16];
        chains[0].add(chains[1]).add(chains[2].add(chains[3])).store(lanes.as_mut_ptr());
        for (total, lane) in totals.iter_mut().zip(lanes) {
            *total += f64::from(lane);
        }
    }
}
