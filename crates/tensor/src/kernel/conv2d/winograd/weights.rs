//! The transforms of the kernels: `U = G g G^T`, and its adjoint.
//!
//! ```text
//!     1/4    0    0
//!    -1/6 -1/6 -1/6
//! G = -1/6  1/6 -1/6
//!     1/24 1/12  1/6
//!     1/24 -1/12 1/6
//!       0    0    1
//! ```

#![expect(clippy::needless_range_loop, reason = "a transposed access has no iterator")]

use super::{COEFFICIENTS, PANEL, PATCH};
use crate::simd::{Task, Vector, dispatch};

const TAPS: usize = 3;

/// `u[(i, j), pair] = sum_{ky, kx} G[i, ky] G[j, kx] g[(ky, kx), pair]`, where
/// `pair` stands for two channels, those of the input and of the output `c`; in `g`
/// they are in order, in `u` the output's come in panels of [`PANEL`].
pub(in super::super) fn transform(u: &mut [f32], g: &[f32], c: [usize; 2]) {
    dispatch(Transform { u, g, c });
}

/// `dg[(ky, kx), pair] = sum_{i, j} G[i, ky] G[j, kx] du[(i, j), pair]`, the pairs
/// as in [`transform`].
pub(super) fn adjoint(dg: &mut [f32], du: &[f32], c: [usize; 2]) {
    dispatch(Adjoint { dg, du, c });
}

/// For each register of pairs: where it lies in order, and in panels.
fn registers([c_in, c_out]: [usize; 2], lanes: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..c_out).step_by(PANEL).flat_map(move |panel| {
        let width = PANEL.min(c_out - panel);
        (0..c_in).flat_map(move |i| {
            (0..width)
                .step_by(lanes)
                .map(move |o| (i * c_out + panel + o, panel * c_in + i * width + o))
        })
    })
}

/// `G g` for a column `g`.
///
/// # Safety
/// The processor must have the instructions of `V`.
#[inline(always)]
unsafe fn weight_1d<V: Vector>(g: [V; TAPS]) -> [V; PATCH] {
    // SAFETY: the caller vouches for the instructions.
    unsafe {
        let ends = g[0].add(g[2]).mul(V::splat(-1.0 / 6.0));
        let middle = g[1].mul(V::splat(1.0 / 6.0));
        let ends_2 = g[0].mul_add(V::splat(1.0 / 24.0), g[2].mul(V::splat(1.0 / 6.0)));
        let middle_2 = g[1].mul(V::splat(1.0 / 12.0));
        [
            g[0].mul(V::splat(0.25)),
            ends.sub(middle),
            ends.add(middle),
            ends_2.add(middle_2),
            ends_2.sub(middle_2),
            g[2],
        ]
    }
}

/// `G^T u` for a column `u`.
///
/// # Safety
/// The processor must have the instructions of `V`.
#[inline(always)]
unsafe fn weight_adjoint_1d<V: Vector>(u: [V; PATCH]) -> [V; TAPS] {
    // SAFETY: the caller vouches for the instructions.
    unsafe {
        let (s1, d1) = (u[1].add(u[2]), u[2].sub(u[1]));
        let (s2, d2) = (u[3].add(u[4]), u[3].sub(u[4]));
        let ends = s1.mul(V::splat(-1.0 / 6.0));
        [
            u[0].mul_add(V::splat(0.25), s2.mul_add(V::splat(1.0 / 24.0), ends)),
            d1.mul_add(V::splat(1.0 / 6.0), d2.mul(V::splat(1.0 / 12.0))),
            s2.mul_add(V::splat(1.0 / 6.0), ends).add(u[5]),
        ]
    }
}

struct Transform<'a> {
    u: &'a mut [f32],
    g: &'a [f32],
    c: [usize; 2],
}

impl Task for Transform<'_> {
    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        let pairs = self.c[0] * self.c[1];
        assert!(
            self.g.len() == TAPS * TAPS * pairs
                && self.u.len() == COEFFICIENTS * pairs
                && self.c[1].is_multiple_of(V::LANES)
        );
        let (g, u) = (self.g.as_ptr(), self.u.as_mut_ptr());
        // SAFETY: the lengths are those asserted; the caller vouches for the
        // instructions.
        unsafe {
            for (pair, packed) in registers(self.c, V::LANES) {
                let mut rows = [[V::splat(0.0); TAPS]; PATCH];
                for x in 0..TAPS {
                    let mut column = [V::splat(0.0); TAPS];
                    for y in 0..TAPS {
                        column[y] = V::load(g.add((y * TAPS + x) * pairs + pair));
                    }
                    let column = weight_1d(column);
                    for i in 0..PATCH {
                        rows[i][x] = column[i];
                    }
                }
                for i in 0..PATCH {
                    let row = weight_1d(rows[i]);
                    for j in 0..PATCH {
                        row[j].store(u.add((i * PATCH + j) * pairs + packed));
                    }
                }
            }
        }
    }
}

struct Adjoint<'a> {
    dg: &'a mut [f32],
    du: &'a [f32],
    c: [usize; 2],
}

impl Task for Adjoint<'_> {
    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        let pairs = self.c[0] * self.c[1];
        assert!(
            self.dg.len() == TAPS * TAPS * pairs
                && self.du.len() == COEFFICIENTS * pairs
                && self.c[1].is_multiple_of(V::LANES)
        );
        let (dg, du) = (self.dg.as_mut_ptr(), self.du.as_ptr());
        // SAFETY: the lengths are those asserted; the caller vouches for the
        // instructions.
        unsafe {
            for (pair, packed) in registers(self.c, V::LANES) {
                let mut rows = [[V::splat(0.0); PATCH]; TAPS];
                for j in 0..PATCH {
                    let mut column = [V::splat(0.0); PATCH];
                    for i in 0..PATCH {
                        column[i] = V::load(du.add((i * PATCH + j) * pairs + packed));
                    }
                    let column = weight_adjoint_1d(column);
                    for y in 0..TAPS {
                        rows[y][j] = column[y];
                    }
                }
                for y in 0..TAPS {
                    let row = weight_adjoint_1d(rows[y]);
                    for x in 0..TAPS {
                        row[x].store(dg.add((y * TAPS + x) * pairs + pair));
                    }
                }
            }
        }
    }
}
