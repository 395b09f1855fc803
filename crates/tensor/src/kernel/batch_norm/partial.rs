//! Moments that another kernel computes while it has the rows in the cache.

use rayon::prelude::*;

use super::Moments;
use crate::scratch::with_scratch;
use crate::simd::{CHAINS, Vector, add_chains, join_chains};
use crate::{Buffer, threads};

/// The moments of parts of some rows.
pub(crate) struct PartialMoments {
    rows: usize,
    rows_per_part: usize,
    c: usize,
    /// `[parts, 2, c]`: means and squared deviations.
    parts: Buffer<f64>,
}

/// Where the moments of one part go. Until it is finished, `mean` and `m2` hold the
/// sums of `d` and `d^2`, with `d = y - rough`.
pub(crate) struct MomentsOf<'a> {
    mean: &'a mut [f64],
    m2: &'a mut [f64],
    /// A rough mean, of the first rows: with it nothing cancels, since it is a few
    /// deviations from the true one at most.
    rough: &'a mut [f32],
    rows: usize,
}

impl PartialMoments {
    /// Moments of `[rows, c]`, to be filled in.
    pub(crate) fn new(rows: usize, c: usize) -> Self {
        PartialMoments { rows, rows_per_part: rows.max(1), c, parts: Buffer::zeros(0) }
    }

    /// Calls `f` for each part of `y`, in parallel, with its number and the place
    /// for its moments.
    pub(crate) fn fill_with(
        &mut self,
        y: &mut [f32],
        rows_per_part: usize,
        f: impl Fn(usize, &mut [f32], MomentsOf<'_>) + Send + Sync,
    ) {
        let c = self.c;
        self.rows_per_part = rows_per_part;
        self.parts = Buffer::zeros(2 * c * self.rows.div_ceil(rows_per_part));
        let places = self.parts.as_mut_slice().par_chunks_exact_mut(2 * c);
        threads::for_pairs(y, rows_per_part * c, places, |i, y, place| {
            let (mean, m2) = place.split_at_mut(c);
            with_scratch(c, |rough| f(i, y, MomentsOf { mean, m2, rough, rows: 0 }));
        });
    }

    /// The moments of all rows, joined in a fixed tree.
    pub(crate) fn join(mut self) -> Moments {
        Moments::joined(self.parts.as_mut_slice(), self.rows, self.rows_per_part, self.c)
    }
}

/// Rows whose mean is the rough one.
const PILOT: usize = 32;

impl MomentsOf<'_> {
    pub(crate) fn channels(&self) -> usize {
        self.mean.len()
    }

    /// Adds `y[rows, c]`.
    ///
    /// # Safety
    /// The processor must have the instructions of `V`.
    #[inline(always)]
    pub(crate) unsafe fn add<V: Vector>(&mut self, y: &[f32]) {
        let c = self.mean.len();
        let rows = y.len() / c;
        assert!(y.len() == rows * c && c.is_multiple_of(V::LANES) && self.rough.len() == c);
        for channel in (0..c).step_by(V::LANES) {
            let lanes = channel..channel + V::LANES;
            // SAFETY: the rows are as long as asserted; the caller vouches for the
            // instructions.
            unsafe {
                let y = y.as_ptr().add(channel);
                if self.rows == 0 {
                    let pilot = PILOT.min(rows);
                    let mut sums = [V::splat(0.0); CHAINS];
                    for row in 0..pilot {
                        sums[row % CHAINS] = sums[row % CHAINS].add(V::load(y.add(row * c)));
                    }
                    let rough = join_chains(sums).mul(V::splat(1.0 / pilot as f32));
                    rough.store(self.rough.as_mut_ptr().add(channel));
                }
                let rough = V::load(self.rough.as_ptr().add(channel));
                let mut sums = [[V::splat(0.0); CHAINS]; 2];
                for row in 0..rows {
                    let (d, chain) = (V::load(y.add(row * c)).sub(rough), row % CHAINS);
                    sums[0][chain] = sums[0][chain].add(d);
                    sums[1][chain] = d.mul_add(d, sums[1][chain]);
                }
                add_chains(&mut self.mean[lanes.clone()], sums[0]);
                add_chains(&mut self.m2[lanes], sums[1]);
            }
        }
        self.rows += rows;
    }

    /// `mean = rough + sum d / n` and `m2 = sum d^2 - (sum d)^2 / n`.
    pub(crate) fn finish(self) {
        let n = self.rows as f64;
        for ((mean, m2), &rough) in self.mean.iter_mut().zip(self.m2).zip(&*self.rough) {
            let sum = *mean;
            *mean = f64::from(rough) + sum / n;
            *m2 -= sum * sum / n;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::{Task, dispatch};

    /// A part of the rows, added in two pieces.
    struct Add<'a>(&'a [f32], MomentsOf<'a>);

    impl Task for Add<'_> {
        #[inline(always)]
        unsafe fn run<V: Vector>(self) {
            let Add(y, mut moments) = self;
            let c = moments.channels();
            let (first, rest) = y.split_at(y.len() / c / 3 * c);
            // SAFETY: the caller vouches for the instructions.
            unsafe {
                moments.add::<V>(first);
                moments.add::<V>(rest);
            }
            moments.finish();
        }
    }

    #[test]
    fn nothing_cancels_far_from_zero() {
        let (c, rows) = (32, 2000);
        let mut rng = crate::random::Stream::new(3, "partial moments").at(0, 0);
        let mut y: Vec<f32> =
            (0..rows * c).map(|i| 1000.0 + (i % c) as f32 + rng.normal() as f32).collect();
        let wide: Vec<f64> = y.iter().map(|&v| f64::from(v)).collect();
        let mut partial = PartialMoments::new(rows, c);
        partial.fill_with(&mut y, 300, |_, y, of| dispatch(Add(y, of)));
        let got = partial.join();
        assert_eq!(got.count, rows);
        for j in 0..c {
            let column = || wide.iter().skip(j).step_by(c);
            let mean = column().sum::<f64>() / rows as f64;
            let m2 = column().map(|v| (v - mean) * (v - mean)).sum::<f64>();
            let (got_mean, got_m2) = (got.mean.as_slice()[j], got.m2.as_slice()[j]);
            assert!((got_mean - mean).abs() < 1e-6, "mean {j}: {got_mean} and {mean}");
            assert!((got_m2 / m2 - 1.0).abs() < 1e-5, "m2 {j}: {got_m2} and {m2}");
        }
    }
}
