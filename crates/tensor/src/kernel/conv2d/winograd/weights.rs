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

use super::{COEFFICIENTS, PATCH};
use crate::simd::{Task, Vector, dispatch};

const TAPS: usize = 3;

/// `u[(i, j), pair] = sum_{ky, kx} G[i, ky] G[j, kx] g[(ky, kx), pair]`, where
/// `pair` stands for an input and an output channel.
pub(in super::super) fn transform(u: &mut [f32], g: &[f32]) {
    dispatch(Transform { u, g });
}

/// `dg[(ky, kx), pair] = sum_{i, j} G[i, ky] G[j, kx] du[(i, j), pair]`.
pub(super) fn adjoint(dg: &mut [f32], du: &[f32]) {
    dispatch(Adjoint { dg, du });
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
}

impl Task for Transform<'_> {
    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        let pairs = self.g.len() / (TAPS * TAPS);
        assert!(self.u.len() == COEFFICIENTS * pairs && pairs.is_multiple_of(V::LANES));
        let (g, u) = (self.g.as_ptr(), self.u.as_mut_ptr());
        // SAFETY: the lengths are those asserted; the caller vouches for the
        // instructions.
        unsafe {
            for pair in (0..pairs).step_by(V::LANES) {
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
                        row[j].store(u.add((i * PATCH + j) * pairs + pair));
                    }
                }
            }
        }
    }
}

struct Adjoint<'a> {
    dg: &'a mut [f32],
    du: &'a [f32],
}

impl Task for Adjoint<'_> {
    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        let pairs = self.dg.len() / (TAPS * TAPS);
        assert!(self.du.len() == COEFFICIENTS * pairs && pairs.is_multiple_of(V::LANES));
        let (dg, du) = (self.dg.as_mut_ptr(), self.du.as_ptr());
        // SAFETY: the lengths are those asserted; the caller vouches for the
        // instructions.
        unsafe {
            for pair in (0..pairs).step_by(V::LANES) {
                let mut rows = [[V::splat(0.0); PATCH]; TAPS];
                for j in 0..PATCH {
                    let mut column = [V::splat(0.0); PATCH];
                    for i in 0..PATCH {
                        column[i] = V::load(du.add((i * PATCH + j) * pairs + pair));
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
