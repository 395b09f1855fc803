//! The backward pass: both gradients from one transform of the output's.

use std::ops::Range;

use rayon::prelude::*;

use super::super::terms::{Backward, Cotangent, Gradients};
use super::strip_grad::Room;
use super::tiling::{Frame, Tiling};
use super::write_dz::Sums;
use super::{COEFFICIENTS, Conv2dGeom, Sizes, weights};
use crate::Buffer;
use crate::scratch::with_scratch;
use crate::simd::{Task, Vector, dispatch};
use crate::threads;

/// Parts of a batch, each with its own sums. A partial gradient takes as much memory as
/// the weights, so there are few; four threads can share them evenly.
const PARTS: usize = 8;

/// Writes the gradients that are wanted.
pub(in super::super) fn backward(out: Gradients<'_>, f: &Backward<'_>, g: &Conv2dGeom) {
    let t = Tiling::new(g);
    let per_group = t.images_per_group();
    let images = g.batch.div_ceil(per_group).div_ceil(PARTS).max(1) * per_group;
    let n = g.batch.div_ceil(images);
    let Gradients { mut dz, dw, sums } = out;
    let dw_len = dw.as_ref().map_or(0, |dw| dw.len());
    let sums_len = sums.as_ref().map_or(0, |(sums, _)| sums.len());
    let mean = sums.as_ref().map(|&(_, mean)| mean);
    let mut dw_parts = Buffer::<f32>::for_overwrite(n * dw_len);
    let mut sums_parts = Buffer::<f64>::zeros(n * sums_len);
    let (dw_parts, sums_parts) = (dw_parts.as_mut_slice(), sums_parts.as_mut_slice());
    let mut dws = dw_parts.chunks_exact_mut(dw_len.max(1));
    let mut sums_of = sums_parts.chunks_exact_mut(sums_len.max(1));
    let part_len = images * t.pixels() * g.c_in;
    let mut dzs = dz.as_mut().map(|(dz, w)| (dz.chunks_mut(part_len), w.u.as_slice()));
    let parts: [Part<'_>; PARTS] = std::array::from_fn(|i| Part {
        dz: dzs.as_mut().and_then(|(chunks, u)| Some((chunks.next()?, *u))),
        dw: dws.next(),
        sums: sums_of.next().zip(mean).map(|(totals, mean)| Sums { totals, mean }),
        f: *f,
        t: &t,
        g,
        images: (i * images).min(g.batch)..((i + 1) * images).min(g.batch),
    });
    threads::share(parts.into_par_iter()).for_each(|part| {
        if !part.images.is_empty() {
            part.run();
        }
    });
    if let Some(dw) = dw {
        threads::add_runs(dw, dw_parts);
    }
    if let Some((sums, _)) = sums {
        threads::add_runs(sums, sums_parts);
    }
}

/// A part of the batch with its own sums.
pub(super) struct Part<'a> {
    /// Where `dz` goes, with the transformed, transposed weights.
    pub(super) dz: Option<(&'a mut [f32], &'a [f32])>,
    dw: Option<&'a mut [f32]>,
    pub(super) sums: Option<Sums<'a>>,
    pub(super) f: Backward<'a>,
    pub(super) t: &'a Tiling,
    pub(super) g: &'a Conv2dGeom,
    /// Its images in the batch.
    pub(super) images: Range<usize>,
}

impl Part<'_> {
    fn run(mut self) {
        let (t, [c_in, c_out]) = (self.t, [self.g.c_in, self.g.c_out]);
        let images = t.images_per_group();
        let sizes = Sizes::new(self.g);
        let [v, m] = [sizes.v_step(), sizes.m_step()].map(|step| COEFFICIENTS * step);
        let z = images * Frame::of_patches(t, c_in).len();
        let dy = images * Frame::of_tiles(t, c_out).len();
        let du = if self.dw.is_some() { COEFFICIENTS * c_in * c_out } else { 0 };
        with_scratch(du + v + m + 2 * z + dy, |scratch| {
            let (du, rest) = scratch.split_at_mut(du);
            let (v, rest) = rest.split_at_mut(v);
            let (m, rest) = rest.split_at_mut(m);
            let (z, rest) = rest.split_at_mut(z);
            let (dz, dy) = rest.split_at_mut(z.len());
            let dw = self.dw.take();
            dispatch(Groups { part: &mut self, room: Room { du, has_du: false, v, m, z, dz, dy } });
            if let Some(dw) = dw {
                weights::adjoint(dw, du, [c_in, c_out]);
            }
        });
    }

    /// # Panics
    /// If a slice does not fit the geometry.
    fn check<V: Vector>(&self) {
        let (t, [c_in, c_out], f) = (self.t, [self.g.c_in, self.g.c_out], &self.f);
        let pixels = self.images.len() * t.pixels();
        let all = self.images.end * t.pixels();
        let covers = match f.dy {
            Cotangent::Whole(dy) => dy.len() >= all * c_out,
            Cotangent::Pending { dz, x, factors } => {
                dz.len() >= all * c_out
                    && x.len() >= all * c_out
                    && factors.iter().all(|v| v.len() == c_out)
            }
        };
        let u = COEFFICIENTS * c_in * c_out;
        assert!(
            covers
                && f.x.len() >= all * c_in
                && self.dz.as_ref().is_none_or(|(dz, w)| dz.len() == pixels * c_in && w.len() == u)
                && f.norm_relu.is_none_or(|n| [n.scale.len(), n.shift.len()] == [c_in; 2])
                && self.sums.as_ref().is_none_or(|sums| sums.fits(c_in))
                && c_in.is_multiple_of(V::LANES)
                && c_out.is_multiple_of(V::LANES)
        );
    }
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
