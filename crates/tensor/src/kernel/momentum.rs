//! A step of gradient descent with momentum.

use rayon::prelude::*;

use crate::Scalar;
use crate::simd::vectorised;
use crate::threads::{self, CHUNK_ELEMENTS};

/// The numbers of a step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Momentum<T> {
    /// The learning rate.
    pub lr: T,
    /// The fraction of the velocity that a step keeps.
    pub momentum: T,
    /// Step along where the next velocity would point.
    pub nesterov: bool,
    /// L2 penalty.
    pub weight_decay: T,
}

/// With `g' = g + weight_decay w`: `v = momentum v + g'`, then `w -= lr v`, or
/// `w -= lr (g' + momentum v)` if Nesterov.
///
/// # Panics
/// If the lengths differ.
#[track_caller]
pub fn step<T: Scalar>(w: &mut [T], v: &mut [T], g: &[T], by: Momentum<T>) {
    assert!(
        v.len() == w.len() && g.len() == w.len(),
        "a step needs equal lengths, got {} weights, {} velocities and {} gradients",
        w.len(),
        v.len(),
        g.len()
    );
    let with = v.par_chunks_mut(CHUNK_ELEMENTS).zip(g.par_chunks(CHUNK_ELEMENTS));
    threads::for_pairs(w, CHUNK_ELEMENTS, with, |_, w, (v, g)| {
        vectorised(|| step_chunk(w, v, g, by));
    });
}

#[inline(always)]
fn step_chunk<T: Scalar>(w: &mut [T], v: &mut [T], g: &[T], by: Momentum<T>) {
    for ((w, v), &g) in w.iter_mut().zip(v).zip(g) {
        let g = g + by.weight_decay * *w;
        *v = by.momentum * *v + g;
        *w -= by.lr * if by.nesterov { g + by.momentum * *v } else { *v };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::wave;

    #[test]
    fn a_step_is_its_formula_at_each_element_and_has_its_bits() {
        // Longer than a chunk and not a multiple of anything.
        const LEN: usize = CHUNK_ELEMENTS + 37;
        let wave = |shift| wave(LEN, shift).into_iter().map(|v: f32| v / 7.0).collect::<Vec<_>>();
        for nesterov in [false, true] {
            let by = Momentum { lr: 0.3, momentum: 0.9, nesterov, weight_decay: 0.01 };
            let (mut w, mut v, g) = (wave(0), wave(5), wave(11));
            step(&mut w, &mut v, &g, by);
            let (w_0, v_0) = (wave(0), wave(5));
            for i in 0..g.len() {
                let decayed = g[i] + 0.01 * w_0[i];
                let velocity = 0.9 * v_0[i] + decayed;
                let along = if nesterov { decayed + 0.9 * velocity } else { velocity };
                assert_eq!(v[i], velocity, "velocity {i}, nesterov {nesterov}");
                assert_eq!(w[i], w_0[i] - 0.3 * along, "weight {i}, nesterov {nesterov}");
            }
        }
    }
}
