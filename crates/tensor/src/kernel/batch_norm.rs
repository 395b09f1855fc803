//! The passes of batch normalisation over `[rows, c]`, one row a pixel.

use rayon::prelude::*;

use crate::Scalar;
use crate::scratch::with_scratch;
use crate::simd::{Vector, vectorised};
use crate::threads::{self, chunk_rows};

/// Rows whose mean is taken before their squared deviations: few enough that
/// the second pass finds them in the first-level cache.
const BLOCK_ROWS: usize = 64;

/// Count, mean and sum of squared deviations of each channel, in `f64`.
#[derive(Debug, Clone, PartialEq)]
pub struct Moments {
    /// How many values each channel has.
    pub count: usize,
    /// `mean[c]`.
    pub mean: Vec<f64>,
    /// `m2[c] = sum (x - mean[c])^2`.
    pub m2: Vec<f64>,
}

impl Moments {
    /// The moments of `x[rows, c]`.
    ///
    /// Each chunk gathers its own; a fixed tree joins them (Chan, Golub and
    /// LeVeque 1979), so nothing cancels even far from zero.
    pub fn of<T: Scalar>(x: &[T], c: usize) -> Moments {
        let chunk = chunk_rows(c) * c;
        let parts = threads::map(x.len().div_ceil(chunk), |i| {
            let rows = &x[i * chunk..x.len().min((i + 1) * chunk)];
            rows.chunks(BLOCK_ROWS * c)
                .map(|block| Moments::of_block(block, c))
                .reduce(Moments::join)
                .expect("a chunk has rows")
        });
        threads::tree_fold(parts, Moments::join).unwrap_or_else(|| Moments::none(c))
    }

    fn none(c: usize) -> Moments {
        Moments { count: 0, mean: vec![0.0; c], m2: vec![0.0; c] }
    }

    fn of_block<T: Scalar>(x: &[T], c: usize) -> Moments {
        let count = x.len() / c;
        let mut sum = vec![T::ZERO; c];
        let mut m2 = vec![T::ZERO; c];
        let factor = T::from_f64(1.0 / count as f64);
        vectorised(|| {
            for row in x.chunks_exact(c) {
                for (s, &v) in sum.iter_mut().zip(row) {
                    *s += v;
                }
            }
            sum.iter_mut().for_each(|s| *s *= factor);
            for row in x.chunks_exact(c) {
                for ((m2, &v), &mean) in m2.iter_mut().zip(row).zip(&sum) {
                    *m2 += (v - mean) * (v - mean);
                }
            }
        });
        let wide = |values: Vec<T>| values.into_iter().map(T::to_f64).collect();
        Moments { count, mean: wide(sum), m2: wide(m2) }
    }

    fn join(mut self, other: Moments) -> Moments {
        let (a, b) = (self.count as f64, other.count as f64);
        for (c, (mean, m2)) in self.mean.iter_mut().zip(&mut self.m2).enumerate() {
            let delta = other.mean[c] - *mean;
            *mean += delta * b / (a + b);
            *m2 += other.m2[c] + delta * delta * a * b / (a + b);
        }
        self.count += other.count;
        self
    }

    /// The biased variance `m2 / count`, which normalises the batch.
    pub fn variance(&self) -> Vec<f64> {
        self.m2.iter().map(|m2| m2 / self.count as f64).collect()
    }

    /// The unbiased variance `m2 / (count - 1)`, which enters the running one.
    pub fn unbiased_variance(&self) -> Vec<f64> {
        self.m2.iter().map(|m2| m2 / (self.count as f64 - 1.0)).collect()
    }
}

/// The moments of parts of some rows, taken while another kernel has them in the
/// cache.
pub(crate) struct PartialMoments {
    rows: usize,
    rows_per_part: usize,
    c: usize,
    /// `[parts, 2, c]`: means and squared deviations.
    parts: Vec<f64>,
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
        PartialMoments { rows, rows_per_part: rows.max(1), c, parts: Vec::new() }
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
        self.parts = vec![0.0; 2 * c * self.rows.div_ceil(rows_per_part)];
        let places = self.parts.par_chunks_exact_mut(2 * c);
        threads::for_pairs(y, rows_per_part * c, places, |i, y, place| {
            let (mean, m2) = place.split_at_mut(c);
            with_scratch(c, |rough| f(i, y, MomentsOf { mean, m2, rough, rows: 0 }));
        });
    }

    /// The moments of all rows, joined in a fixed tree.
    pub(crate) fn join(self) -> Moments {
        let (rows, per_part, c) = (self.rows, self.rows_per_part, self.c);
        let parts = self.parts.chunks_exact(2 * c).enumerate().map(|(i, part)| Moments {
            count: per_part.min(rows - i * per_part),
            mean: part[..c].to_vec(),
            m2: part[c..].to_vec(),
        });
        threads::tree_fold(parts.collect(), Moments::join).unwrap_or_else(|| Moments::none(c))
    }
}

/// Rows that the rough mean is taken of.
const PILOT: usize = 32;
/// Independent sums, so that an addition need not wait for the one before.
const CHAINS: usize = 4;

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
            // instructions; no register is longer than the arrays.
            unsafe {
                let y = y.as_ptr().add(channel);
                if self.rows == 0 {
                    let pilot = PILOT.min(rows);
                    let mut sums = [V::splat(0.0); CHAINS];
                    for row in 0..pilot {
                        sums[row % CHAINS] = sums[row % CHAINS].add(V::load(y.add(row * c)));
                    }
                    let rough = total(sums).mul(V::splat(1.0 / pilot as f32));
                    rough.store(self.rough.as_mut_ptr().add(channel));
                }
                let rough = V::load(self.rough.as_ptr().add(channel));
                let mut sums = [[V::splat(0.0); CHAINS]; 2];
                for row in 0..rows {
                    let (d, chain) = (V::load(y.add(row * c)).sub(rough), row % CHAINS);
                    sums[0][chain] = sums[0][chain].add(d);
                    sums[1][chain] = d.mul_add(d, sums[1][chain]);
                }
                let mut narrow = [[0.0f32; 16]; 2];
                for (narrow, sums) in narrow.iter_mut().zip(sums) {
                    total(sums).store(narrow.as_mut_ptr());
                }
                for (lane, at) in lanes.enumerate() {
                    self.mean[at] += f64::from(narrow[0][lane]);
                    self.m2[at] += f64::from(narrow[1][lane]);
                }
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

/// # Safety
/// The processor must have the instructions of `V`.
#[inline(always)]
unsafe fn total<V: Vector>(sums: [V; CHAINS]) -> V {
    // SAFETY: the caller vouches for the instructions.
    unsafe { sums[0].add(sums[1]).add(sums[2].add(sums[3])) }
}

/// The two sums that the backward pass needs, per channel:
/// `sum dy` and `sum dy (x - mean)`.
pub fn grad_sums<T: Scalar>(dy: &[T], x: &[T], mean: &[T]) -> (Vec<f64>, Vec<f64>) {
    let c = mean.len();
    let chunk = chunk_rows(c) * c;
    let parts = threads::map(x.len().div_ceil(chunk), |i| {
        let range = i * chunk..x.len().min((i + 1) * chunk);
        let mut total = (vec![0.0f64; c], vec![0.0f64; c]);
        let blocks = dy[range.clone()].chunks(BLOCK_ROWS * c).zip(x[range].chunks(BLOCK_ROWS * c));
        let (mut sum, mut product) = (vec![T::ZERO; c], vec![T::ZERO; c]);
        for (dy, x) in blocks {
            sum.fill(T::ZERO);
            product.fill(T::ZERO);
            let (sum, product) = (&mut sum[..], &mut product[..]);
            vectorised(|| add_products(sum, product, dy, x, mean));
            for i in 0..c {
                total.0[i] += sum[i].to_f64();
                total.1[i] += product[i].to_f64();
            }
        }
        total
    });
    let join = |mut a: (Vec<f64>, Vec<f64>), b: (Vec<f64>, Vec<f64>)| {
        a.0.iter_mut().zip(&b.0).for_each(|(a, b)| *a += b);
        a.1.iter_mut().zip(&b.1).for_each(|(a, b)| *a += b);
        a
    };
    threads::tree_fold(parts, join).unwrap_or_else(|| (vec![0.0; c], vec![0.0; c]))
}

/// Adds `dy` and `dy (x - mean)` of each row. A function and not a closure, so that it
/// is inlined into the code of every SIMD level.
#[inline(always)]
fn add_products<T: Scalar>(sum: &mut [T], product: &mut [T], dy: &[T], x: &[T], mean: &[T]) {
    let c = mean.len();
    for (dy, x) in dy.chunks_exact(c).zip(x.chunks_exact(c)) {
        let sums = sum.iter_mut().zip(product.iter_mut());
        for ((sums, (&dy, &x)), &mean) in sums.zip(dy.iter().zip(x)).zip(mean) {
            *sums.0 += dy;
            *sums.1 += dy * (x - mean);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn moments_are_those_of_two_plain_passes(
            rows in 1usize..3000, c in 1usize..40, offset in -1000.0..1000.0f64,
        ) {
            let x: Vec<f64> = (0..rows * c).map(|i| offset + ((i * 31) % 101) as f64 / 50.0).collect();
            let got = Moments::of(&x, c);
            prop_assert_eq!(got.count, rows);
            for j in 0..c {
                let column = || (0..rows).map(|r| x[r * c + j]);
                let mean = column().sum::<f64>() / rows as f64;
                let m2 = column().map(|v| (v - mean) * (v - mean)).sum::<f64>();
                prop_assert!((got.mean[j] - mean).abs() < 1e-10, "{} and {mean}", got.mean[j]);
                prop_assert!((got.m2[j] - m2).abs() < 1e-8 * rows as f64, "{} and {m2}", got.m2[j]);
            }
        }

        #[test]
        fn the_sums_are_their_formulas(rows in 1usize..2000, c in 1usize..20) {
            let wave = |shift: usize| -> Vec<f64> {
                (0..rows * c).map(|i| ((i * 7 + shift) % 29) as f64 - 14.0).collect()
            };
            let (dy, x, a) = (wave(0), wave(11), wave(3)[..c].to_vec());
            let (sum, product) = grad_sums(&dy, &x, &a);
            for j in 0..c {
                let rows = || (0..rows).map(|r| r * c + j);
                // Small integers: exact in any order.
                prop_assert_eq!(sum[j], rows().map(|i| dy[i]).sum::<f64>());
                prop_assert_eq!(product[j], rows().map(|i| dy[i] * (x[i] - a[j])).sum::<f64>());
            }
        }
    }
}
