//! What the processor can do at most: fused multiplications and additions that never
//! leave the registers, at the level in use, on all threads of the kernels.

use std::hint::black_box;
use std::time::Instant;

use tensor::simd::{self, Level};
use tensor::threads;

/// Rounds of a run: some ten milliseconds.
const ROUNDS: usize = 1 << 22;
/// Independent sums, so that none waits for itself: a processor starts two in a cycle
/// and has a result after four or five.
const CHAINS: usize = 12;
/// Runs, of which the fastest counts: a peak is what nothing disturbed.
const RUNS: usize = 7;

/// Multiplications and additions in a second.
pub(crate) fn flops_per_second() -> f64 {
    let (run, lanes): (fn(), usize) = match simd::level() {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: a level in use is one that the processor has.
        Level::Avx512 => (|| unsafe { x86::avx512() }, 16),
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as above.
        Level::Avx2 => (|| unsafe { x86::avx2() }, 8),
        _ => (portable, 4),
    };
    let seconds = (0..RUNS).map(|_| {
        let start = Instant::now();
        threads::map(threads::count(), |_| run());
        start.elapsed().as_secs_f64()
    });
    let fastest = seconds.fold(f64::INFINITY, f64::min);
    (2 * lanes * CHAINS * ROUNDS * threads::count()) as f64 / fastest
}

/// Vectors as the compiler makes them of plain code, without fusing.
fn portable() {
    let [factor, addend] = black_box([[0.999_f32; 4], [0.001; 4]]);
    let mut sums = black_box([[1.0_f32; 4]; CHAINS]);
    for _ in 0..ROUNDS {
        for sum in &mut sums {
            *sum = std::array::from_fn(|i| sum[i] * factor[i] + addend[i]);
        }
    }
    black_box(sums);
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    //! The loop with the registers of AVX2 and AVX-512.

    use std::arch::x86_64::*;
    use std::hint::black_box;

    use super::{CHAINS, ROUNDS};

    macro_rules! rounds {
        ($splat:ident, $fma:ident) => {{
            let [factor, addend] = black_box([$splat(0.999), $splat(0.001)]);
            let mut sums = black_box([$splat(1.0); CHAINS]);
            for _ in 0..ROUNDS {
                for sum in &mut sums {
                    *sum = $fma(*sum, factor, addend);
                }
            }
            black_box(sums);
        }};
    }

    /// # Safety
    /// The processor must have AVX-512 F.
    #[target_feature(enable = "avx512f")]
    pub(super) unsafe fn avx512() {
        rounds!(_mm512_set1_ps, _mm512_fmadd_ps);
    }

    /// # Safety
    /// The processor must have AVX2 and FMA.
    #[target_feature(enable = "avx2,fma")]
    pub(super) unsafe fn avx2() {
        rounds!(_mm256_set1_ps, _mm256_fmadd_ps);
    }
}
