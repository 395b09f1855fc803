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
//! Each transform runs along one direction of the square and then along the
//! other. The 36 numbers in between do not fit the registers, so the two with a
//! 6x6 result go through them in three passes of 12: rows 1 and 2 of `B^T` share
//! their even and odd parts, so do rows 3 and 4, and rows 0 and 5 stand alone.
//!
//! Rows and columns are indexed in plain loops, and helpers are functions that must be
//! inlined. Closures are not always inlined into code of a higher SIMD level, and then
//! run without its instructions.

#![expect(clippy::needless_range_loop, reason = "a transposed access has no iterator")]

use super::{PATCH, TILE};
use crate::simd::Vector;

/// `B^T d` for a row `d`.
///
/// # Safety
/// The processor must have the instructions of `V`.
#[inline(always)]
unsafe fn input_1d<V: Vector>(d: [V; PATCH]) -> [V; PATCH] {
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
unsafe fn output_1d<V: Vector>(m: [V; PATCH]) -> [V; TILE] {
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
unsafe fn output_adjoint_1d<V: Vector>(y: [V; TILE]) -> [V; PATCH] {
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

/// `B v` for a column `v`: the adjoint of [`input_1d`].
///
/// # Safety
/// The processor must have the instructions of `V`.
#[inline(always)]
unsafe fn input_adjoint_1d<V: Vector>(v: [V; PATCH]) -> [V; PATCH] {
    // SAFETY: the caller vouches for the instructions.
    unsafe {
        let [four, minus_four, minus_five, two] = [4.0, -4.0, -5.0, 2.0].map(|v| V::splat(v));
        let (s1, d1) = (v[1].add(v[2]), v[1].sub(v[2]));
        let (s2, d2) = (v[3].add(v[4]), v[3].sub(v[4]));
        [
            v[0].mul(four),
            v[5].mul_add(four, d2.mul_add(V::splat(-2.0), d1.mul(minus_four))),
            v[0].mul_add(minus_five, s1.mul_add(minus_four, V::splat(0.0).sub(s2))),
            v[5].mul_add(minus_five, d2.mul_add(two, d1)),
            v[0].add(s1).add(s2),
            v[5],
        ]
    }
}

/// Writes `B^T d B` of a 6x6 patch: coefficient `(i, j)` of a channel register
/// to `out[(6 i + j) stride]`.
///
/// # Safety
/// `patch` is the first pixel, rows are `row` numbers apart and pixels `pixel`;
/// all must be readable, the 36 places of `out` writable, and the processor must
/// have the instructions of `V`.
#[inline(always)]
pub(super) unsafe fn input<V: Vector>(
    out: *mut f32,
    stride: usize,
    patch: *const f32,
    row: usize,
    pixel: usize,
) {
    // SAFETY: the caller vouches for all of it.
    unsafe {
        macro_rules! at {
            ($i:expr, $j:expr) => {
                V::load(patch.add($i * row + $j * pixel))
            };
        }
        let [four, minus_four, minus_five] = [4.0, -4.0, -5.0].map(|v| V::splat(v));
        let [two, minus_two] = [2.0, -2.0].map(|v| V::splat(v));
        let (mut a, mut b) = ([V::splat(0.0); PATCH], [V::splat(0.0); PATCH]);
        for j in 0..PATCH {
            let even = at!(2, j).mul_add(minus_four, at!(4, j));
            let odd = at!(1, j).mul_add(minus_four, at!(3, j));
            (a[j], b[j]) = (even.add(odd), even.sub(odd));
        }
        write_row(out.add(PATCH * stride), stride, a);
        write_row(out.add(2 * PATCH * stride), stride, b);
        for j in 0..PATCH {
            let inner = at!(4, j).sub(at!(2, j));
            let outer = at!(3, j).sub(at!(1, j));
            (a[j], b[j]) = (outer.mul_add(two, inner), outer.mul_add(minus_two, inner));
        }
        write_row(out.add(3 * PATCH * stride), stride, a);
        write_row(out.add(4 * PATCH * stride), stride, b);
        for j in 0..PATCH {
            a[j] = at!(0, j).mul_add(four, at!(2, j).mul_add(minus_five, at!(4, j)));
            b[j] = at!(1, j).mul_add(four, at!(3, j).mul_add(minus_five, at!(5, j)));
        }
        write_row(out, stride, a);
        write_row(out.add(5 * PATCH * stride), stride, b);
    }
}

/// Writes `B^T d`, coefficients `stride` numbers apart.
///
/// # Safety
/// The 6 places of `out` must be writable, and the processor must have the
/// instructions of `V`.
#[inline(always)]
unsafe fn write_row<V: Vector>(out: *mut f32, stride: usize, d: [V; PATCH]) {
    // SAFETY: the caller vouches for all of it.
    unsafe {
        let d = input_1d(d);
        for j in 0..PATCH {
            d[j].store(out.add(j * stride));
        }
    }
}

/// Adds `B v B^T` to a 6x6 patch, `v` read as [`input`] writes: its adjoint.
///
/// # Safety
/// As [`input`], with `patch` writable for this call alone.
#[inline(always)]
pub(super) unsafe fn input_adjoint<V: Vector>(
    patch: *mut f32,
    row: usize,
    pixel: usize,
    v: *const f32,
    stride: usize,
) {
    // SAFETY: the caller vouches for all of it.
    unsafe {
        macro_rules! at {
            ($i:expr, $j:expr) => {
                V::load(v.add(($i * PATCH + $j) * stride))
            };
        }
        let [four, minus_four, minus_five] = [4.0, -4.0, -5.0].map(|v| V::splat(v));
        let [two, minus_two] = [2.0, -2.0].map(|v| V::splat(v));
        let (mut a, mut b) = ([V::splat(0.0); PATCH], [V::splat(0.0); PATCH]);
        for i in 0..PATCH {
            (a[i], b[i]) = (at!(i, 0).mul(four), at!(i, 5));
        }
        add_column(patch, row, a);
        add_column(patch.add(5 * pixel), row, b);
        for i in 0..PATCH {
            let (d1, d2) = (at!(i, 1).sub(at!(i, 2)), at!(i, 3).sub(at!(i, 4)));
            let v5 = at!(i, 5);
            a[i] = v5.mul_add(four, d2.mul_add(minus_two, d1.mul(minus_four)));
            b[i] = v5.mul_add(minus_five, d2.mul_add(two, d1));
        }
        add_column(patch.add(pixel), row, a);
        add_column(patch.add(3 * pixel), row, b);
        for i in 0..PATCH {
            let (s1, s2) = (at!(i, 1).add(at!(i, 2)), at!(i, 3).add(at!(i, 4)));
            let v0 = at!(i, 0);
            a[i] = v0.mul_add(minus_five, s1.mul_add(minus_four, V::splat(0.0).sub(s2)));
            b[i] = v0.add(s1).add(s2);
        }
        add_column(patch.add(2 * pixel), row, a);
        add_column(patch.add(4 * pixel), row, b);
    }
}

/// Adds `B v` to a column of pixels, `row` numbers apart.
///
/// # Safety
/// The 6 pixels of `out` must be writable, and the processor must have the
/// instructions of `V`.
#[inline(always)]
unsafe fn add_column<V: Vector>(out: *mut f32, row: usize, v: [V; PATCH]) {
    // SAFETY: the caller vouches for all of it.
    unsafe {
        let v = input_adjoint_1d(v);
        for i in 0..PATCH {
            let place = out.add(i * row);
            V::load(place).add(v[i]).store(place);
        }
    }
}

/// `A^T m A` of 36 coefficients, `m` read as [`input`] writes: the 4x4 pixels
/// of a tile.
///
/// # Safety
/// The 36 places of `m` must be readable, and the processor must have the
/// instructions of `V`.
#[inline(always)]
pub(super) unsafe fn output<V: Vector>(m: *const f32, stride: usize) -> [[V; TILE]; TILE] {
    // SAFETY: the caller vouches for all of it.
    unsafe {
        let mut columns = [[V::splat(0.0); PATCH]; TILE];
        for j in 0..PATCH {
            let mut column = [V::splat(0.0); PATCH];
            for i in 0..PATCH {
                column[i] = V::load(m.add((i * PATCH + j) * stride));
            }
            let column = output_1d(column);
            for i in 0..TILE {
                columns[i][j] = column[i];
            }
        }
        let mut tile = [[V::splat(0.0); TILE]; TILE];
        for i in 0..TILE {
            tile[i] = output_1d(columns[i]);
        }
        tile
    }
}

/// Writes `A dy A^T` of a 4x4 tile, laid out as [`input`] does: the adjoint of
/// [`output`].
///
/// # Safety
/// As [`input`], for 4x4 pixels.
#[inline(always)]
pub(super) unsafe fn output_adjoint<V: Vector>(
    out: *mut f32,
    stride: usize,
    tile: *const f32,
    row: usize,
    pixel: usize,
) {
    // SAFETY: the caller vouches for all of it.
    unsafe {
        let mut rows = [[V::splat(0.0); TILE]; PATCH];
        for j in 0..TILE {
            let mut column = [V::splat(0.0); TILE];
            for i in 0..TILE {
                column[i] = V::load(tile.add(i * row + j * pixel));
            }
            let column = output_adjoint_1d(column);
            for i in 0..PATCH {
                rows[i][j] = column[i];
            }
        }
        for i in 0..PATCH {
            let row = output_adjoint_1d(rows[i]);
            for j in 0..PATCH {
                row[j].store(out.add((i * PATCH + j) * stride));
            }
        }
    }
}
