//! The transforms of patches and tiles, a register of channels at a time.
//!
//! With the interpolation points 0, 1, -1, 2, -2 and infinity:
//!
//! ```text
//!       4  0 -5  0  1  0            1  1  1  1  1  0
//!       0 -4 -4  1  1  0     A^T =  0  1 -1  2 -2  0
//! B^T = 0  4 -4 -1  1  0            0  1  1  4  4  0
//!       0 -2 -1  2  1  0            0  1 -1  8 -8  1
//!       0  2 -1 -2  1  0
//!       0  4  0 -5  0  1
//! ```
//!
//! Rows and columns are indexed in plain loops: nested `from_fn` closures are
//! not always inlined into code of a higher SIMD level, and then cost half of
//! the speed.

#![expect(clippy::needless_range_loop, reason = "a transposed read has no iterator")]

use super::{PATCH, Place, TILE, Tiling};
use crate::simd::Vector;

/// `B^T d` for a column `d`.
///
/// # Safety
/// The processor must have the instructions of `V`.
#[inline(always)]
unsafe fn input_1d<V: Vector>(d: [V; 6]) -> [V; 6] {
    // SAFETY: the caller vouches for the instructions.
    unsafe {
        let [four, minus_four, minus_five, two] = [4.0, -4.0, -5.0, 2.0].map(|v| V::splat(v));
        let even = d[2].mul_add(minus_four, d[4]);
        let odd = d[1].mul_add(minus_four, d[3]);
        let inner = d[4].sub(d[2]);
        let outer = d[3].sub(d[1]);
        [
            d[0].mul_add(four, d[2].mul_add(minus_five, d[4])),
            even.add(odd),
            even.sub(odd),
            outer.mul_add(two, inner),
            outer.mul_add(V::splat(-2.0), inner),
            d[1].mul_add(four, d[3].mul_add(minus_five, d[5])),
        ]
    }
}

/// `A^T m` for a column `m`.
///
/// # Safety
/// The processor must have the instructions of `V`.
#[inline(always)]
unsafe fn output_1d<V: Vector>(m: [V; 6]) -> [V; 4] {
    // SAFETY: the caller vouches for the instructions.
    unsafe {
        let (s1, d1) = (m[1].add(m[2]), m[1].sub(m[2]));
        let (s2, d2) = (m[3].add(m[4]), m[3].sub(m[4]));
        [
            m[0].add(s1).add(s2),
            d2.mul_add(V::splat(2.0), d1),
            s2.mul_add(V::splat(4.0), s1),
            d2.mul_add(V::splat(8.0), d1).add(m[5]),
        ]
    }
}

/// `A y` for a column `y`: the adjoint of [`output_1d`].
///
/// # Safety
/// The processor must have the instructions of `V`.
#[inline(always)]
unsafe fn output_adjoint_1d<V: Vector>(y: [V; 4]) -> [V; 6] {
    // SAFETY: the caller vouches for the instructions.
    unsafe {
        let (even, odd) = (y[0].add(y[2]), y[1].add(y[3]));
        let even_2 = y[2].mul_add(V::splat(4.0), y[0]);
        let odd_2 = y[3].mul_add(V::splat(4.0), y[1]);
        [
            y[0],
            even.add(odd),
            even.sub(odd),
            odd_2.mul_add(V::splat(2.0), even_2),
            odd_2.mul_add(V::splat(-2.0), even_2),
            y[3],
        ]
    }
}

/// One channel register of all pixels of a window that may stick out of its
/// image: pixel `(row, column)` of `SIDE x SIDE`, 0 outside.
///
/// # Safety
/// `image` must be the first channel of the register in an image of `c`
/// channels, and the processor must have the instructions of `V`.
#[inline(always)]
unsafe fn window<V: Vector, const SIDE: usize>(
    image: *const f32,
    [y, x]: [isize; 2],
    t: &Tiling,
    c: usize,
) -> [[V; SIDE]; SIDE] {
    let (h, w) = (t.h as isize, t.w as isize);
    let side = SIDE as isize;
    // SAFETY: only pixels inside the image are read.
    unsafe {
        let at = |row: isize, column: isize| image.offset((row * w + column) * c as isize);
        let mut pixels = [[V::splat(0.0); SIDE]; SIDE];
        if y >= 0 && x >= 0 && y + side <= h && x + side <= w {
            for (i, row) in pixels.iter_mut().enumerate() {
                for (j, pixel) in row.iter_mut().enumerate() {
                    *pixel = V::load(at(y + i as isize, x + j as isize));
                }
            }
        } else {
            for (i, row) in pixels.iter_mut().enumerate() {
                let iy = y + i as isize;
                for (j, pixel) in row.iter_mut().enumerate() {
                    let ix = x + j as isize;
                    if (0..h).contains(&iy) && (0..w).contains(&ix) {
                        *pixel = V::load(at(iy, ix));
                    }
                }
            }
        }
        pixels
    }
}

/// Writes `V = B^T d B` of the patch behind an output tile:
/// `out[k * stride + channel]` for coefficient `k`.
///
/// # Safety
/// `images` must hold the tile's image, `[h, w, c]` each; `out` must have room
/// for `c` numbers at each of 36 multiples of `stride`; `c` is a multiple of
/// the lanes; the processor must have the instructions of `V`.
#[inline(always)]
pub(super) unsafe fn input<V: Vector>(
    out: *mut f32,
    stride: usize,
    images: *const f32,
    t: &Tiling,
    place: Place,
    c: usize,
) {
    // SAFETY: the window stays inside the image; `out` has the room.
    unsafe {
        let image = images.add(place.image * t.h * t.w * c);
        // The patch begins one pixel before its tile: the padding.
        let corner = [place.y as isize - 1, place.x as isize - 1];
        for channel in (0..c).step_by(V::LANES) {
            let d = window::<V, PATCH>(image.add(channel), corner, t, c);
            let mut rows = [[V::splat(0.0); PATCH]; PATCH];
            for j in 0..PATCH {
                let column = input_1d(std::array::from_fn(|i| d[i][j]));
                for i in 0..PATCH {
                    rows[i][j] = column[i];
                }
            }
            for (i, row) in rows.into_iter().enumerate() {
                for (j, v) in input_1d(row).into_iter().enumerate() {
                    v.store(out.add((i * PATCH + j) * stride + channel));
                }
            }
        }
    }
}

/// Writes `A dy A^T` of an output tile, laid out as [`input`] does.
///
/// # Safety
/// As [`input`].
#[inline(always)]
pub(super) unsafe fn output_adjoint<V: Vector>(
    out: *mut f32,
    stride: usize,
    images: *const f32,
    t: &Tiling,
    place: Place,
    c: usize,
) {
    // SAFETY: the window stays inside the image; `out` has the room.
    unsafe {
        let image = images.add(place.image * t.h * t.w * c);
        let corner = [place.y as isize, place.x as isize];
        for channel in (0..c).step_by(V::LANES) {
            let dy = window::<V, TILE>(image.add(channel), corner, t, c);
            let mut rows = [[V::splat(0.0); TILE]; PATCH];
            for j in 0..TILE {
                let column = output_adjoint_1d(std::array::from_fn(|i| dy[i][j]));
                for i in 0..PATCH {
                    rows[i][j] = column[i];
                }
            }
            for (i, row) in rows.into_iter().enumerate() {
                for (j, v) in output_adjoint_1d(row).into_iter().enumerate() {
                    v.store(out.add((i * PATCH + j) * stride + channel));
                }
            }
        }
    }
}

/// Writes `Y = A^T M A` to the pixels of an output tile that lie inside its
/// image; coefficient `k` is read from `m[k * stride + channel]`.
///
/// # Safety
/// `images` must hold the tile's image, `[h, w, c]` each, for this call alone;
/// `m` must hold `c` numbers at each of 36 multiples of `stride`; `c` is a
/// multiple of the lanes; the processor must have the instructions of `V`.
#[inline(always)]
pub(super) unsafe fn output<V: Vector>(
    images: *mut f32,
    m: *const f32,
    stride: usize,
    t: &Tiling,
    place: Place,
    c: usize,
) {
    // SAFETY: `inside` keeps the writes in the image.
    unsafe {
        let image = images.add(place.image * t.h * t.w * c);
        let inside = [t.h - place.y, t.w - place.x].map(|left| left.min(TILE));
        for channel in (0..c).step_by(V::LANES) {
            let mut columns = [[V::splat(0.0); PATCH]; TILE];
            for j in 0..PATCH {
                let load = |i: usize| V::load(m.add((i * PATCH + j) * stride + channel));
                let column = output_1d(std::array::from_fn(load));
                for i in 0..TILE {
                    columns[i][j] = column[i];
                }
            }
            for (i, row) in columns.into_iter().enumerate().take(inside[0]) {
                for (j, v) in output_1d(row).into_iter().enumerate().take(inside[1]) {
                    v.store(image.add(((place.y + i) * t.w + place.x + j) * c + channel));
                }
            }
        }
    }
}
