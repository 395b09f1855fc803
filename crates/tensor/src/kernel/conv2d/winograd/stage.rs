//! Strips in a frame of zeros, where every patch can be read without a check.

use super::super::terms::{Cotangent, NormRelu};
use super::tiling::{Frame, Strip, Tiling};
use crate::simd::Vector;

/// What is staged, pixel by pixel.
#[derive(Clone, Copy)]
enum Source<'a> {
    /// Numbers as they are.
    Plain(&'a [f32]),
    /// `relu(x scale + shift)`.
    NormRelu(&'a [f32], NormRelu<'a>),
    /// `a dz + b x + d`.
    Pending(&'a [f32], &'a [f32], [&'a [f32]; 3]),
}

/// Copies a strip of image number `image` of `x` into its frame, normalised and
/// rectified if there is a norm; zeros where the frame reaches beyond the image.
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
    norm_relu: Option<NormRelu<'_>>,
    (t, strip, frame): (&Tiling, &Strip, &Frame),
) {
    let source = match norm_relu {
        Some(norm_relu) => Source::NormRelu(x, norm_relu),
        None => Source::Plain(x),
    };
    // SAFETY: the caller vouches for it.
    unsafe { fill::<V>(staged, source, image, t, strip, frame) }
}

/// The same for a gradient in the output.
///
/// # Safety
/// As [`input`].
#[inline(always)]
pub(super) unsafe fn cotangent<V: Vector>(
    staged: *mut f32,
    dy: &Cotangent<'_>,
    image: usize,
    (t, strip, frame): (&Tiling, &Strip, &Frame),
) {
    let source = match *dy {
        Cotangent::Whole(dy) => Source::Plain(dy),
        Cotangent::Pending { dz, x, factors } => Source::Pending(dz, x, factors),
    };
    // SAFETY: the caller vouches for it.
    unsafe { fill::<V>(staged, source, image, t, strip, frame) }
}

/// # Safety
/// As [`input`].
#[inline(always)]
unsafe fn fill<V: Vector>(
    staged: *mut f32,
    source: Source<'_>,
    image: usize,
    t: &Tiling,
    strip: &Strip,
    frame: &Frame,
) {
    let (margin, row) = (frame.margin, frame.row());
    let (left, right) = (margin * frame.c, (margin + t.w) * frame.c);
    for i in 0..strip.height() + 2 * margin {
        // SAFETY: the row lies in the frame; rows outside the image are not read.
        unsafe {
            let out = staged.add(i * row);
            let y = (strip.y() + i).wrapping_sub(margin);
            if y < t.h {
                clear::<V>(out, left);
                pixels::<V>(out.add(left), source, (image * t.h + y) * t.w * frame.c, t.w, frame.c);
                clear::<V>(out.add(right), row - right);
            } else {
                clear::<V>(out, row);
            }
        }
    }
}

/// Writes `w` pixels of `c` channels, from number `at` of the source on.
///
/// # Safety
/// As [`input`], for these pixels.
#[inline(always)]
unsafe fn pixels<V: Vector>(out: *mut f32, source: Source<'_>, at: usize, w: usize, c: usize) {
    // SAFETY: the caller vouches for the sizes.
    unsafe {
        match source {
            Source::Plain(x) => {
                let x = x.as_ptr().add(at);
                for i in (0..w * c).step_by(V::LANES) {
                    V::load(x.add(i)).store(out.add(i));
                }
            }
            Source::NormRelu(x, NormRelu { scale, shift }) => {
                let x = x.as_ptr().add(at);
                for channel in (0..c).step_by(V::LANES) {
                    let scale = V::load(scale.as_ptr().add(channel));
                    let shift = V::load(shift.as_ptr().add(channel));
                    for i in (channel..w * c).step_by(c) {
                        V::load(x.add(i)).mul_add(scale, shift).relu().store(out.add(i));
                    }
                }
            }
            Source::Pending(dz, x, [a, b, d]) => {
                let (dz, x) = (dz.as_ptr().add(at), x.as_ptr().add(at));
                for channel in (0..c).step_by(V::LANES) {
                    let a = V::load(a.as_ptr().add(channel));
                    let b = V::load(b.as_ptr().add(channel));
                    let d = V::load(d.as_ptr().add(channel));
                    for i in (channel..w * c).step_by(c) {
                        let rest = V::load(x.add(i)).mul_add(b, d);
                        V::load(dz.add(i)).mul_add(a, rest).store(out.add(i));
                    }
                }
            }
        }
    }
}

/// Writes `len` zeros.
///
/// # Safety
/// They must be writable; `len` is a multiple of the lanes; the processor must have
/// the instructions of `V`.
#[inline(always)]
pub(super) unsafe fn clear<V: Vector>(out: *mut f32, len: usize) {
    for i in (0..len).step_by(V::LANES) {
        // SAFETY: the caller vouches for it.
        unsafe { V::splat(0.0).store(out.add(i)) };
    }
}
