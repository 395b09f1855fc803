//! Count, mean and variance of each channel.

use super::BLOCK_ROWS;
use crate::kernel::whole_rows;
use crate::scratch::with_scratch;
use crate::simd::vectorised;
use crate::threads::{self, chunk_rows};
use crate::{Buffer, Scalar, Tensor};

/// Count, mean and sum of squared deviations of each channel, in `f64`. A clone
/// shares them with its original.
#[derive(Debug, Clone, PartialEq)]
pub struct Moments {
    /// How many values each channel has.
    pub count: usize,
    /// `mean[c]`.
    pub mean: Tensor<f64>,
    /// `m2[c] = sum (x - mean[c])^2`.
    pub m2: Tensor<f64>,
}

impl Moments {
    /// The moments of `x[rows, c]`.
    ///
    /// Each chunk gathers its own; a fixed tree joins them (Chan, Golub and
    /// LeVeque 1979), so nothing cancels even far from zero.
    ///
    /// # Panics
    /// If `x` is not whole rows.
    #[track_caller]
    pub fn of<T: Scalar>(x: &[T], c: usize) -> Moments {
        let (rows, rows_per_part) = (whole_rows("moments", x.len(), c), chunk_rows(c));
        let mut parts = Buffer::<f64>::zeros(2 * c * rows.div_ceil(rows_per_part));
        threads::for_chunks(parts.as_mut_slice(), 2 * c, |i, part| {
            let chunk = rows_per_part * c;
            let x = &x[i * chunk..x.len().min((i + 1) * chunk)];
            with_scratch(2 * c, |of_block: &mut [T]| {
                let mut count = 0;
                for block in x.chunks(BLOCK_ROWS * c) {
                    let rows = block.len() / c;
                    moments_of_block(of_block, block, c);
                    if count == 0 {
                        part.iter_mut().zip(&*of_block).for_each(|(v, b)| *v = b.to_f64());
                    } else {
                        join(part, count, of_block, rows);
                    }
                    count += rows;
                }
            });
        });
        Self::joined(parts.as_mut_slice(), rows, rows_per_part, c)
    }

    /// Joins `[parts, 2, c]` in a fixed tree: means and squared deviations of
    /// `rows_per_part` rows each, of fewer in the last one.
    pub(super) fn joined(
        parts: &mut [f64],
        rows: usize,
        rows_per_part: usize,
        c: usize,
    ) -> Moments {
        let start = |part: usize| rows.min(part * rows_per_part);
        let items = rows.div_ceil(rows_per_part);
        threads::tree_join(parts, items, |a, b, ends| {
            let [first, middle, end] = ends.map(start);
            join(a, middle - first, b, end - middle);
        });
        let run = |i: usize| match parts.get(i * c..(i + 1) * c) {
            Some(values) => Tensor::copy_of([c], values),
            None => Tensor::zeros([c]),
        };
        Moments { count: rows, mean: run(0), m2: run(1) }
    }

    /// The biased variance `m2 / count`, which normalises the batch; `[c]`.
    pub fn variance(&self) -> Tensor<f64> {
        self.m2.map(|m2| m2 / self.count as f64)
    }

    /// The unbiased variance `m2 / (count - 1)`, which enters the running one; `[c]`.
    pub fn unbiased_variance(&self) -> Tensor<f64> {
        self.m2.map(|m2| m2 / (self.count as f64 - 1.0))
    }
}

/// Means and squared deviations, `[2, c]`, of the rows of a block.
fn moments_of_block<T: Scalar>(out: &mut [T], x: &[T], c: usize) {
    out.fill(T::ZERO);
    let (sum, m2) = out.split_at_mut(c);
    let factor = T::from_f64(1.0 / (x.len() / c) as f64);
    vectorised(|| {
        for row in x.chunks_exact(c) {
            for (s, &v) in sum.iter_mut().zip(row) {
                *s += v;
            }
        }
        sum.iter_mut().for_each(|s| *s *= factor);
        for row in x.chunks_exact(c) {
            for ((m2, &v), &mean) in m2.iter_mut().zip(row).zip(&*sum) {
                *m2 += (v - mean) * (v - mean);
            }
        }
    });
}

/// Joins the moments `[2, c]` of `b` more rows to those of `a` rows.
fn join<T: Scalar>(moments: &mut [f64], a: usize, other: &[T], b: usize) {
    let (a, b) = (a as f64, b as f64);
    let (mean, m2) = moments.split_at_mut(moments.len() / 2);
    let (other_mean, other_m2) = other.split_at(mean.len());
    let others = other_mean.iter().zip(other_m2);
    for ((mean, m2), (other_mean, other_m2)) in mean.iter_mut().zip(m2).zip(others) {
        let delta = other_mean.to_f64() - *mean;
        *mean += delta * b / (a + b);
        *m2 += other_m2.to_f64() + delta * delta * a * b / (a + b);
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
                prop_assert!((got.mean.as_slice()[j] - mean).abs() < 1e-10, "{} and {mean}", got.mean.as_slice()[j]);
                prop_assert!((got.m2.as_slice()[j] - m2).abs() < 1e-8 * rows as f64, "{} and {m2}", got.m2.as_slice()[j]);
            }
        }
    }
}
