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

use super::{COEFFICIENTS, PATCH};
use crate::simd::vectorised;
use crate::threads;

const TAPS: usize = 3;

const G: [[f32; TAPS]; PATCH] = [
    [1.0 / 4.0, 0.0, 0.0],
    [-1.0 / 6.0, -1.0 / 6.0, -1.0 / 6.0],
    [-1.0 / 6.0, 1.0 / 6.0, -1.0 / 6.0],
    [1.0 / 24.0, 1.0 / 12.0, 1.0 / 6.0],
    [1.0 / 24.0, -1.0 / 12.0, 1.0 / 6.0],
    [0.0, 0.0, 1.0],
];

/// `u[(i, j), channels] = sum_{ky, kx} G[i, ky] G[j, kx] g[(ky, kx), channels]`,
/// where `channels` stands for all pairs of an input and an output channel.
pub(super) fn transform(u: &mut [f32], g: &[f32]) {
    let pairs = g.len() / (TAPS * TAPS);
    threads::for_chunks(u, pairs, |k, u| {
        let (row, column) = (G[k / PATCH], G[k % PATCH]);
        combine(u, g, |tap| row[tap / TAPS] * column[tap % TAPS]);
    });
}

/// `dg[(ky, kx), channels] = sum_{i, j} G[i, ky] G[j, kx] du[(i, j), channels]`.
pub(super) fn adjoint(dg: &mut [f32], du: &[f32]) {
    let pairs = du.len() / COEFFICIENTS;
    for (tap, dg) in dg.chunks_exact_mut(pairs).enumerate() {
        combine(dg, du, |k| G[k / PATCH][tap / TAPS] * G[k % PATCH][tap % TAPS]);
    }
}

/// `out = sum_i factor(i) rows[i]`, skipping rows whose factor is 0.
fn combine(out: &mut [f32], rows: &[f32], factor: impl Fn(usize) -> f32) {
    out.fill(0.0);
    for (i, row) in rows.chunks_exact(out.len()).enumerate() {
        let factor = factor(i);
        if factor != 0.0 {
            vectorised(|| {
                for (o, &v) in out.iter_mut().zip(row) {
                    *o += factor * v;
                }
            });
        }
    }
}
