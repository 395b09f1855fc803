//! The forward pass.

use super::super::terms::Forward;
use super::ahead::Ahead;
use super::stage;
use super::tiling::{Frame, Strip, Tiling};
use super::{
    COEFFICIENTS, CONSTANT_SIZES, Conv2dGeom, Sizes, TILE, product, transform, with_constant_sizes,
};
use crate::kernel::batch_norm::{MomentsOf, PartialMoments};
use crate::scratch::with_scratch;
use crate::simd::{Task, Vector, dispatch, is_one_run};
use crate::threads;

/// Writes `y`, and the moments of its channels if they are wanted.
pub(in super::super) fn forward(
    y: &mut [f32],
    moments: Option<&mut PartialMoments>,
    f: &Forward<'_>,
    g: &Conv2dGeom,
) {
    let (t, sizes) = (Tiling::new(g), Sizes::new(g));
    let pixels = t.images_per_group() * t.pixels();
    let group = |number: usize, y: &mut [f32], moments: Option<MomentsOf<'_>>| {
        let (start, len) = (number * pixels, y.len() / g.c_out);
        let part = |c: usize| start * c..(start + len) * c;
        let f =
            Forward { x: &f.x[part(g.c_in)], skip: f.skip.map(|skip| &skip[part(g.c_out)]), ..*f };
        let stage = t.images_per_group() * Frame::of_patches(&t, g.c_in).len();
        let [v, m] = [sizes.v_step(), sizes.m_step()].map(|step| COEFFICIENTS * step);
        with_scratch(stage + v + m, |scratch| {
            let (staged, rest) = scratch.split_at_mut(stage);
            let (v, m) = rest.split_at_mut(v);
            let room = Room { staged, v, m };
            dispatch(Group { y, f, moments, room, t: &t, g });
        });
    };
    let chunk = pixels * g.c_out;
    match moments {
        None => threads::for_chunks(y, chunk, |i, y| group(i, y, None)),
        Some(moments) => moments.fill_with(y, pixels, |i, y, of| group(i, y, Some(of))),
    }
}

/// Memory for one strip.
struct Room<'a> {
    staged: &'a mut [f32],
    /// Transformed patches.
    v: &'a mut [f32],
    /// Their products.
    m: &'a mut [f32],
}

/// A group of images on its way through all steps.
struct Group<'a> {
    y: &'a mut [f32],
    f: Forward<'a>,
    moments: Option<MomentsOf<'a>>,
    room: Room<'a>,
    t: &'a Tiling,
    g: &'a Conv2dGeom,
}

impl Task for Group<'_> {
    #[inline(always)]
    unsafe fn run<V: Vector>(mut self) {
        let (t, f, [c_in, c_out]) = (self.t, self.f, [self.g.c_in, self.g.c_out]);
        let pixels = self.y.len() / c_out;
        let images = pixels / t.pixels();
        let sizes = Sizes::new(self.g);
        let [v, m] = [sizes.v_step(), sizes.m_step()].map(|step| COEFFICIENTS * step);
        assert!(
            self.y.len() == images * t.pixels() * c_out
                && f.x.len() == pixels * c_in
                && f.skip.is_none_or(|skip| skip.len() == self.y.len())
                && f.norm_relu.is_none_or(|n| [n.scale.len(), n.shift.len()] == [c_in; 2])
                && f.weights.u.len() == COEFFICIENTS * c_in * c_out
                && self.room.staged.len() >= images * Frame::of_patches(t, c_in).len()
                && [self.room.v.len(), self.room.m.len()] == [v, m]
                && self.moments.as_ref().is_none_or(|moments| moments.channels() == c_out)
                && c_in.is_multiple_of(V::LANES)
                && c_out.is_multiple_of(V::LANES)
        );
        let steps = COEFFICIENTS * t.blocks(images);
        let mut ahead = Ahead::new([f.x, f.skip.unwrap_or_default(), self.y, &[]], steps, self.g);
        for strip in t.strips(images) {
            // SAFETY: the sizes are those asserted, and the strips are those of the
            // group; the caller vouches for the instructions.
            unsafe { with_constant_sizes!(|sizes| self.strip::<V>(&strip, sizes, &mut ahead)) };
        }
        if let Some(moments) = self.moments {
            moments.finish();
        }
    }
}

impl Group<'_> {
    /// # Safety
    /// The sizes must be those that `run` asserts, `strip` one of the group, `sizes` its
    /// sizes, and the processor must have the instructions of `V`.
    #[inline(always)]
    unsafe fn strip<V: Vector>(&mut self, strip: &Strip, sizes: Sizes, ahead: &mut Ahead) {
        let (t, f, Sizes { c_in, c_out, block }) = (self.t, &self.f, sizes);
        let frame = Frame::of_patches(t, c_in);
        let [v_step, m_step] = [sizes.v_step(), sizes.m_step()];
        let Room { staged, v, m } = &mut self.room;
        let v = v.as_mut_ptr();
        let u = f.weights.u.as_slice().as_ptr();
        // Where a product allows it, its rows take the place of the rows that it reads: the
        // cache then holds two matrices rather than three.
        let (m, m_step) = match c_in == c_out && is_one_run::<V>(c_out) {
            true => (v, v_step),
            false => (m.as_mut_ptr(), m_step),
        };
        // SAFETY: the caller vouches for all of it.
        unsafe {
            for image in 0..strip.images {
                let staged = staged.as_mut_ptr().add(image * frame.len());
                stage::input::<V>(staged, f.x, image, f.norm_relu, (t, strip, &frame));
            }
            for first in (0..strip.tiles()).step_by(block) {
                let rows = block.min(strip.tiles() - first);
                for row in 0..rows {
                    let patch = frame.corner(strip, strip.place(first + row));
                    let patch = staged.as_ptr().add(patch);
                    let out = v.add(row * c_in);
                    for channel in (0..c_in).step_by(V::LANES) {
                        let (out, patch) = (out.add(channel), patch.add(channel));
                        transform::input::<V>(out, v_step, patch, frame.row(), c_in);
                    }
                }
                // Rows without a tile hold arbitrary values, and their products are never
                // read.
                for k in 0..COEFFICIENTS {
                    let [m, v] = [m.add(k * m_step), v.add(k * v_step)];
                    product::rows::<V>(m, v, u.add(k * c_in * c_out), [block, c_out, c_in]);
                    ahead.step();
                }
                for row in 0..rows {
                    let place = strip.place(first + row);
                    let tile = ((place.image * t.h + place.y) * t.w + place.x) * c_out;
                    let left = [t.h - place.y, t.w - place.x].map(|left| left.min(TILE));
                    for channel in (0..c_out).step_by(V::LANES) {
                        let values = transform::output::<V>(m.add(row * c_out + channel), m_step);
                        let at = tile + channel;
                        let skip = f.skip.map(|skip| skip.as_ptr().add(at));
                        let out = self.y.as_mut_ptr().add(at);
                        write(out, values, skip, left, t.w * c_out, c_out);
                    }
                }
            }
        }
        if let Some(moments) = &mut self.moments {
            let row = t.w * c_out;
            for image in 0..strip.images {
                let rows = strip.y()..t.h.min(strip.y() + strip.height());
                let rows = (image * t.h + rows.start) * row..(image * t.h + rows.end) * row;
                // SAFETY: the caller vouches for the instructions.
                unsafe { moments.add::<V>(&self.y[rows]) };
            }
        }
    }
}

/// Writes the pixels of a tile that lie inside the image, `left` from its corner
/// on, with `skip` added if there is one.
///
/// # Safety
/// Those pixels must be writable from `out` on and readable from `skip` on, rows
/// `row` numbers apart, pixels `pixel`; the processor must have the instructions
/// of `V`.
#[inline(always)]
unsafe fn write<V: Vector>(
    out: *mut f32,
    tile: [[V; TILE]; TILE],
    skip: Option<*const f32>,
    left: [usize; 2],
    row: usize,
    pixel: usize,
) {
    // SAFETY: the caller vouches for the pixels.
    unsafe {
        if left == [TILE; 2] {
            for (i, values) in tile.into_iter().enumerate() {
                write_row(out, values, skip, i * row, TILE, pixel);
            }
        } else {
            for (i, values) in tile.into_iter().enumerate().take(left[0]) {
                write_row(out, values, skip, i * row, left[1], pixel);
            }
        }
    }
}

/// # Safety
/// As [`write`].
#[inline(always)]
unsafe fn write_row<V: Vector>(
    out: *mut f32,
    values: [V; TILE],
    skip: Option<*const f32>,
    row: usize,
    left: usize,
    pixel: usize,
) {
    for (j, v) in values.into_iter().enumerate().take(left) {
        let at = row + j * pixel;
        // SAFETY: the caller vouches for the pixel.
        unsafe {
            match skip {
                None => v.store(out.add(at)),
                Some(skip) => V::load(skip.add(at)).add(v).store(out.add(at)),
            }
        }
    }
}
