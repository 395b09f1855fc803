//! The passes of batch normalisation over `[rows, c]`, one row a pixel.

mod moments;
mod partial;

use rayon::prelude::*;

use crate::scratch::with_scratch;
use crate::simd::vectorised;
use crate::threads::{self, chunk_rows};
use crate::{Buffer, Scalar};

pub use moments::Moments;
pub(crate) use partial::{MomentsOf, PartialMoments};

/// Rows that are gone over together: few enough that a second pass finds them in the
/// first-level cache.
const BLOCK_ROWS: usize = 64;

/// `y[r, c] = x[r, c] scale[c] + shift[c]`.
pub fn affine<T: Scalar>(y: &mut [T], x: &[T], scale: &[T], shift: &[T]) {
    let c = scale.len();
    let chunk = chunk_rows(c) * c;
    threads::share(y.par_chunks_mut(chunk).zip(x.par_chunks(chunk))).for_each(|(y, x)| {
        vectorised(|| {
            for (y, x) in y.chunks_exact_mut(c).zip(x.chunks_exact(c)) {
                for (((y, &x), &scale), &shift) in y.iter_mut().zip(x).zip(scale).zip(shift) {
                    *y = x * scale + shift;
                }
            }
        })
    });
}

/// `dz[r, c] = dz[r, c] a[c] + x[r, c] b[c] + d[c] + plus[r, c]`, in place: the
/// input gradient of batch norm from that in its output, and what else reaches
/// its input, as one pass.
pub fn affine_pair<T: Scalar>(dz: &mut [T], x: &[T], [a, b, d]: [&[T]; 3], plus: Option<&[T]>) {
    let c = a.len();
    let chunk = chunk_rows(c) * c;
    threads::for_chunks(dz, chunk, |i, dz| {
        let part = i * chunk..i * chunk + dz.len();
        let x = &x[part.clone()];
        let plus = plus.map(|plus| &plus[part]);
        vectorised(|| {
            let rows = dz.chunks_exact_mut(c).zip(x.chunks_exact(c));
            match plus {
                None => {
                    for (dz, x) in rows {
                        for i in 0..c {
                            dz[i] = dz[i] * a[i] + (x[i] * b[i] + d[i]);
                        }
                    }
                }
                Some(plus) => {
                    for ((dz, x), plus) in rows.zip(plus.chunks_exact(c)) {
                        for i in 0..c {
                            dz[i] = dz[i] * a[i] + (x[i] * b[i] + d[i]) + plus[i];
                        }
                    }
                }
            }
        })
    });
}

/// The two sums that the backward pass needs, per channel: `sum dy` and
/// `sum dy (x - mean)`, as `sums[2, c]`.
pub fn grad_sums<T: Scalar>(sums: &mut [f64], dy: &[T], x: &[T], mean: &[T]) {
    let c = mean.len();
    let chunk = chunk_rows(c) * c;
    let parts = x.len().div_ceil(chunk);
    let mut totals = Buffer::<f64>::zeros(parts.max(1) * 2 * c);
    let totals = totals.as_mut_slice();
    let inputs = dy.par_chunks(chunk).zip(x.par_chunks(chunk));
    threads::for_pairs(totals, 2 * c, inputs, |_, total, (dy, x)| {
        with_scratch(2 * c, |of_block: &mut [T]| {
            for (dy, x) in dy.chunks(BLOCK_ROWS * c).zip(x.chunks(BLOCK_ROWS * c)) {
                of_block.fill(T::ZERO);
                let (sum, product) = of_block.split_at_mut(c);
                vectorised(|| {
                    for (dy, x) in dy.chunks_exact(c).zip(x.chunks_exact(c)) {
                        for i in 0..c {
                            sum[i] += dy[i];
                            product[i] += dy[i] * (x[i] - mean[i]);
                        }
                    }
                });
                total.iter_mut().zip(&*of_block).for_each(|(total, v)| *total += v.to_f64());
            }
        });
    });
    threads::tree_sum(totals, parts);
    sums.copy_from_slice(&totals[..2 * c]);
}

/// `z[r, c] = relu(x[r, c] scale[c] + shift[c])`: batch norm and ReLU as one pass.
pub fn affine_relu<T: Scalar>(z: &mut [T], x: &[T], scale: &[T], shift: &[T]) {
    let c = scale.len();
    let chunk = chunk_rows(c) * c;
    threads::share(z.par_chunks_mut(chunk).zip(x.par_chunks(chunk))).for_each(|(z, x)| {
        vectorised(|| {
            for (z, x) in z.chunks_exact_mut(c).zip(x.chunks_exact(c)) {
                for i in 0..c {
                    let y = x[i] * scale[i] + shift[i];
                    z[i] = if y < T::ZERO { T::ZERO } else { y };
                }
            }
        })
    });
}

/// The gradient behind the ReLU of [`affine_relu`], in place: `dz = 0` where it was
/// closed.
pub fn affine_relu_grad<T: Scalar>(dz: &mut [T], x: &[T], scale: &[T], shift: &[T]) {
    let c = scale.len();
    let chunk = chunk_rows(c) * c;
    threads::share(dz.par_chunks_mut(chunk).zip(x.par_chunks(chunk))).for_each(|(dz, x)| {
        vectorised(|| {
            for (dz, x) in dz.chunks_exact_mut(c).zip(x.chunks_exact(c)) {
                for i in 0..c {
                    let is_open = x[i] * scale[i] + shift[i] > T::ZERO;
                    dz[i] = if is_open { dz[i] } else { T::ZERO };
                }
            }
        })
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
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
            let pair = |i: usize| dy[i] * a[i % c] + x[i] * b[i % c] + d[i % c];
            out.copy_from_slice(&dy);
            affine_pair(&mut out, &x, [&a, &b, &d], None);
            prop_assert!((0..out.len()).all(|i| out[i] == pair(i)));
            let plus = wave(3);
            out.copy_from_slice(&dy);
            affine_pair(&mut out, &x, [&a, &b, &d], Some(&plus));
            prop_assert!((0..out.len()).all(|i| out[i] == pair(i) + plus[i]));
            affine_relu(&mut out, &x, &a, &b);
            prop_assert!((0..out.len()).all(|i| out[i] == (x[i] * a[i % c] + b[i % c]).max(0.0)));
            let z = out.clone();
            out.copy_from_slice(&dy);
            affine_relu_grad(&mut out, &x, &a, &b);
            let open = |i: usize| if z[i] > 0.0 { dy[i] } else { 0.0 };
            prop_assert!((0..out.len()).all(|i| out[i] == open(i)));
            let mut sums = vec![f64::NAN; 2 * c];
            grad_sums(&mut sums, &dy, &x, &a);
            let (sum, product) = sums.split_at(c);
            for j in 0..c {
                let rows = || (0..rows).map(|r| r * c + j);
                // Small integers: exact in any order.
                prop_assert_eq!(sum[j], rows().map(|i| dy[i]).sum::<f64>());
                prop_assert_eq!(product[j], rows().map(|i| dy[i] * (x[i] - a[j])).sum::<f64>());
            }
        }
    }
}
