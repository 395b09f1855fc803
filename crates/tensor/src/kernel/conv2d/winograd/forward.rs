//! The forward pass.

use super::ahead::Ahead;
use super::stage::{self, Frame};
use super::{
    BLOCK, COEFFICIENTS, Conv2dGeom, TILE, Tiling, coefficient_stride, product, transform,
};
use crate::kernel::batch_norm::{MomentsOf, PartialMoments};
use crate::scratch::with_scratch;
use crate::simd::{Task, Vector, dispatch};
use crate::threads;

use super::super::fused::NormRelu;

/// What `y = z * w + skip` is computed from, `z` being the input, normalised and
/// rectified if that is asked for.
#[derive(Clone, Copy)]
pub(in super::super) struct Forward<'a> {
    pub x: &'a [f32],
    pub norm_relu: Option<NormRelu<'a, f32>>,
    /// Transformed weights, `[36, c_in, c_out]`.
    pub u: &'a [f32],
    pub skip: Option<&'a [f32]>,
}

/// Writes `y`; if asked, also the moments of its channels.
pub(in super::super) fn forward(
    y: &mut [f32],
    moments: Option<&mut PartialMoments>,
    f: &Forward<'_>,
    g: &Conv2dGeom,
) {
    let t = Tiling::new(g);
    let images = t.images_per_group();
    let image = t.pixels();
    let group = |number: usize, y: &mut [f32], moments: Option<MomentsOf<'_>>| {
        let (start, len) = (number * images * image, y.len() / g.c_out);
        let part = |c: usize| start * c..(start + len) * c;
        let f =
            Forward { x: &f.x[part(g.c_in)], skip: f.skip.map(|skip| &skip[part(g.c_out)]), ..*f };
        let stage = images * Frame::of_patches(&t, g.c_in).len();
        let [v, m] = [g.c_in, g.c_out].map(|c| COEFFICIENTS * coefficient_stride(c));
        with_scratch(stage + v + m, |scratch| {
            dispatch(Group { y, f, moments, scratch, t: &t, c: [g.c_in, g.c_out] });
        });
    };
    let chunk = images * image * g.c_out;
    match moments {
        None => threads::for_chunks(y, chunk, |i, y| group(i, y, None)),
        Some(moments) => moments.fill_with(y, images * image, |i, y, of| group(i, y, Some(of))),
    }
}

/// A group of images on its way through all steps.
struct Group<'a> {
    y: &'a mut [f32],
    f: Forward<'a>,
    moments: Option<MomentsOf<'a>>,
    scratch: &'a mut [f32],
    t: &'a Tiling,
    /// Input and output channels.
    c: [usize; 2],
}

impl Task for Group<'_> {
    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        let Group { y, f, moments, scratch, t, c: [c_in, c_out] } = self;
        let frame = Frame::of_patches(t, c_in);
        let [v_step, m_step] = [c_in, c_out].map(coefficient_stride);
        let pixels = y.len() / c_out;
        let images = pixels / t.pixels();
        let (staged, rest) = scratch.split_at_mut(images * frame.len());
        let (v, rest) = rest.split_at_mut(COEFFICIENTS * v_step);
        let m = &mut rest[..COEFFICIENTS * m_step];
        assert!(
            f.x.len() == pixels * c_in
                && f.skip.is_none_or(|skip| skip.len() == y.len())
                && f.norm_relu.is_none_or(|n| [n.scale.len(), n.shift.len()] == [c_in; 2])
                && f.u.len() == COEFFICIENTS * c_in * c_out
                && pixels == images * t.pixels()
                && c_in.is_multiple_of(V::LANES)
                && c_out.is_multiple_of(V::LANES)
        );
        // SAFETY: the sizes are those asserted or split off; every tile lies in an
        // image of the group; the caller vouches for the instructions.
        unsafe {
            for image in 0..images {
                let staged = staged.as_mut_ptr().add(image * frame.len());
                stage::input::<V>(staged, f.x, image, f.norm_relu, t, &frame);
            }
            let tiles = images * t.per_image();
            let steps = COEFFICIENTS * tiles.div_ceil(BLOCK);
            let mut ahead = Ahead::new([f.x, f.skip.unwrap_or_default(), y, &[]], steps);
            for first in (0..tiles).step_by(BLOCK) {
                let rows = BLOCK.min(tiles - first);
                for row in 0..rows {
                    let patch = staged.as_ptr().add(frame.corner(t.place(first + row)));
                    let out = v.as_mut_ptr().add(row * c_in);
                    for channel in (0..c_in).step_by(V::LANES) {
                        let (out, patch) = (out.add(channel), patch.add(channel));
                        transform::input::<V>(out, v_step, patch, frame.row(), c_in);
                    }
                }
                // Rows without a tile hold whatever was there: nobody reads what
                // comes of them.
                for k in 0..COEFFICIENTS {
                    let out = m.as_mut_ptr().add(k * m_step);
                    let u = f.u.as_ptr().add(k * c_in * c_out);
                    product::rows::<V>(out, v.as_ptr().add(k * v_step), u, c_out, c_in);
                    ahead.step();
                }
                for row in 0..rows {
                    let place = t.place(first + row);
                    let tile = ((place.image * t.h + place.y) * t.w + place.x) * c_out;
                    let left = [t.h - place.y, t.w - place.x].map(|left| left.min(TILE));
                    for channel in (0..c_out).step_by(V::LANES) {
                        let values =
                            transform::output::<V>(m.as_ptr().add(row * c_out + channel), m_step);
                        let at = tile + channel;
                        let (out, row) = (y.as_mut_ptr().add(at), t.w * c_out);
                        let skip = f.skip.map(|skip| skip.as_ptr().add(at));
                        write(out, values, skip, left, row, c_out);
                    }
                }
            }
            if let Some(moments) = moments {
                moments.take::<V>(y, t.w);
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
