//! The passes of batch normalisation over `[rows, c]`, one row a pixel.

use rayon::prelude::*;

use crate::Scalar;
use crate::simd::vectorised;
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
        threads::tree_fold(parts, Moments::join).unwrap_or_else(|| Moments {
            count: 0,
            mean: vec![0.0; c],
            m2: vec![0.0; c],
        })
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

/// `y[r, c] = x[r, c] scale[c] + shift[c]`.
pub fn affine<T: Scalar>(y: &mut [T], x: &[T], scale: &[T], shift: &[T]) {
    let c = scale.len();
    let chunk = chunk_rows(c) * c;
    y.par_chunks_mut(chunk).zip(x.par_chunks(chunk)).for_each(|(y, x)| {
        vectorised(|| {
            for (y, x) in y.chunks_exact_mut(c).zip(x.chunks_exact(c)) {
                for (((y, &x), &scale), &shift) in y.iter_mut().zip(x).zip(scale).zip(shift) {
                    *y = x * scale + shift;
                }
            }
        })
    });
}

/// `dx[r, c] = dy[r, c] a[c] + x[r, c] b[c] + d[c]`: the input gradient of
/// batch norm on batch statistics, as one pass.
pub fn affine_pair<T: Scalar>(dx: &mut [T], dy: &[T], x: &[T], [a, b, d]: [&[T]; 3]) {
    let c = a.len();
    let chunk = chunk_rows(c) * c;
    let inputs = dy.par_chunks(chunk).zip(x.par_chunks(chunk));
    dx.par_chunks_mut(chunk).zip(inputs).for_each(|(dx, (dy, x))| {
        vectorised(|| {
            let rows = dx.chunks_exact_mut(c).zip(dy.chunks_exact(c)).zip(x.chunks_exact(c));
            for ((dx, dy), x) in rows {
                for i in 0..c {
                    dx[i] = dy[i] * a[i] + x[i] * b[i] + d[i];
                }
            }
        })
    });
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
            vectorised(|| {
                for (dy, x) in dy.chunks_exact(c).zip(x.chunks_exact(c)) {
                    for i in 0..c {
                        sum[i] += dy[i];
                        product[i] += dy[i] * (x[i] - mean[i]);
                    }
                }
            });
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
        fn the_passes_are_their_formulas(rows in 1usize..2000, c in 1usize..20) {
            let wave = |shift: usize| -> Vec<f64> {
                (0..rows * c).map(|i| ((i * 7 + shift) % 29) as f64 - 14.0).collect()
            };
            let (dy, x) = (wave(0), wave(11));
            let [a, b, d] = [3, 5, 8].map(|s| wave(s)[..c].to_vec());
            let mut out = vec![f64::NAN; rows * c];
            affine(&mut out, &x, &a, &b);
            prop_assert!((0..out.len()).all(|i| out[i] == x[i] * a[i % c] + b[i % c]));
            affine_pair(&mut out, &dy, &x, [&a, &b, &d]);
            prop_assert!((0..out.len())
                .all(|i| out[i] == dy[i] * a[i % c] + x[i] * b[i % c] + d[i % c]));
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
