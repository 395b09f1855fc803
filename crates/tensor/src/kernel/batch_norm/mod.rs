//! The passes of batch normalisation over `[rows, c]`, one row a pixel.

mod moments;
mod partial;

use rayon::prelude::*;

use super::whole_rows;
use crate::scratch::with_scratch;
use crate::simd::vectorised;
use crate::threads::{self, chunk_rows};
use crate::{Buffer, Scalar};

pub use moments::Moments;
pub(crate) use partial::{MomentsOf, PartialMoments};

/// Rows that are processed together: few enough that a second pass finds them in the
/// first-level cache.
const BLOCK_ROWS: usize = 64;

/// The two sums that the backward pass needs, per channel: `sum dy` and
/// `sum dy (x - mean)`, as `sums[2, c]`.
///
/// # Panics
/// If `dy` and `x` are not the same number of whole rows, or there are not two sums per
/// channel.
#[track_caller]
pub fn grad_sums<T: Scalar>(sums: &mut [f64], dy: &[T], x: &[T], mean: &[T]) {
    let c = mean.len();
    whole_rows("grad_sums", x.len(), c);
    assert!(
        dy.len() == x.len() && sums.len() == 2 * c,
        "grad_sums: {} gradients for {} numbers, {} sums for {c} channels",
        dy.len(),
        x.len(),
        sums.len()
    );
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
                vectorised(|| add_products(sum, product, dy, x, mean));
                total.iter_mut().zip(&*of_block).for_each(|(total, v)| *total += v.to_f64());
            }
        });
    });
    threads::tree_sum(totals, parts);
    sums.copy_from_slice(&totals[..2 * c]);
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
    use crate::kernel::wave;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_sums_are_their_formulas(rows in 1usize..2000, c in 1usize..20) {
            let [dy, x, a] = [0, 11, 3].map(|shift| wave::<f64>(rows * c, shift));
            let a = &a[..c];
            let mut sums = vec![f64::NAN; 2 * c];
            grad_sums(&mut sums, &dy, &x, a);
            let (sum, product) = sums.split_at(c);
            for j in 0..c {
                let rows = || (0..rows).map(|r| r * c + j);
                prop_assert_eq!(sum[j], rows().map(|i| dy[i]).sum::<f64>());
                prop_assert_eq!(product[j], rows().map(|i| dy[i] * (x[i] - a[j])).sum::<f64>());
            }
        }
    }
}
