//! A vector of `f32`, one type for each SIMD level, for kernels that must control what
//! stays in registers.

use super::{Level, level};

/// A register of [`LANES`](Vector::LANES) numbers.
///
/// # Safety
/// The functions are safe to call only where the processor has the level's
/// instructions; [`dispatch`] sees to it.
pub(crate) trait Vector: Copy {
    /// Numbers in a register.
    const LANES: usize;
    /// Registers that a product may accumulate in, so that nothing spills; as rows and
    /// columns by [`with_widest_run`](super::with_widest_run).
    const ACCUMULATORS: usize;

    /// All lanes `value`.
    unsafe fn splat(value: f32) -> Self;
    /// The numbers from `from` on, which must be readable.
    unsafe fn load(from: *const f32) -> Self;
    /// Writes the numbers from `to` on, which must be writable.
    unsafe fn store(self, to: *mut f32);
    /// `self + other`.
    unsafe fn add(self, other: Self) -> Self;
    /// `self - other`.
    unsafe fn sub(self, other: Self) -> Self;
    /// `self * other`.
    unsafe fn mul(self, other: Self) -> Self;
    /// `self * factor + addend`, fused where the level has it.
    unsafe fn mul_add(self, factor: Self, addend: Self) -> Self;
    /// Zero where a lane is below zero, else the lane: NaN stays NaN, as in
    /// [`relu`](crate::kernel::elementwise::relu).
    unsafe fn relu(self) -> Self;
    /// The lanes of `self` where `sign` is above zero, else zero.
    unsafe fn where_positive(self, sign: Self) -> Self;
}

/// Work that is written once for every level.
pub(crate) trait Task {
    /// Does the work.
    ///
    /// # Safety
    /// The processor must have the instructions of `V`.
    unsafe fn run<V: Vector>(self);
}

/// Does the work with the vectors of the level in use.
pub(crate) fn dispatch(task: impl Task) {
    match level() {
        // SAFETY: a level in use is one that the processor has.
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 => unsafe { x86::run_avx512(task) },
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 => unsafe { x86::run_avx2(task) },
        // SAFETY: plain arrays need no special instructions.
        _ => unsafe { task.run::<[f32; 8]>() },
    }
}

impl Vector for [f32; 8] {
    const LANES: usize = 8;
    const ACCUMULATORS: usize = 4;

    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        [value; 8]
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: the caller vouches for eight readable numbers.
        unsafe { from.cast::<Self>().read_unaligned() }
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: the caller vouches for eight writable numbers.
        unsafe { to.cast::<Self>().write_unaligned(self) }
    }
    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        std::array::from_fn(|i| self[i] + other[i])
    }
    #[inline(always)]
    unsafe fn sub(self, other: Self) -> Self {
        std::array::from_fn(|i| self[i] - other[i])
    }
    #[inline(always)]
    unsafe fn mul(self, other: Self) -> Self {
        std::array::from_fn(|i| self[i] * other[i])
    }
    #[inline(always)]
    unsafe fn mul_add(self, factor: Self, addend: Self) -> Self {
        std::array::from_fn(|i| self[i] * factor[i] + addend[i])
    }
    #[inline(always)]
    unsafe fn relu(self) -> Self {
        self.map(|v| if v < 0.0 { 0.0 } else { v })
    }
    #[inline(always)]
    unsafe fn where_positive(self, sign: Self) -> Self {
        std::array::from_fn(|i| if sign[i] > 0.0 { self[i] } else { 0.0 })
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    //! The vectors of AVX2 and AVX-512.

    use std::arch::x86_64::*;

    use super::{Task, Vector};

    /// # Safety
    /// The processor must have the listed features.
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
    pub(super) unsafe fn run_avx512(task: impl Task) {
        // SAFETY: the features of this function are those of the vector.
        unsafe { task.run::<__m512>() }
    }

    /// # Safety
    /// The processor must have the listed features.
    #[target_feature(enable = "avx2,fma")]
    pub(super) unsafe fn run_avx2(task: impl Task) {
        // SAFETY: the features of this function are those of the vector.
        unsafe { task.run::<__m256>() }
    }

    macro_rules! vector {
        ($t:ty, $lanes:literal, $acc:literal, $splat:ident, $load:ident, $store:ident,
         $add:ident, $sub:ident, $mul:ident, $fma:ident, $max:ident, $where_positive:expr) => {
            // SAFETY of all bodies: the trait demands the level's features,
            // and readable or writable memory behind the pointers.
            impl Vector for $t {
                const LANES: usize = $lanes;
                const ACCUMULATORS: usize = $acc;

                #[inline(always)]
                unsafe fn splat(value: f32) -> Self {
                    // SAFETY: see above the impl.
                    unsafe { $splat(value) }
                }
                #[inline(always)]
                unsafe fn load(from: *const f32) -> Self {
                    // SAFETY: see above the impl.
                    unsafe { $load(from) }
                }
                #[inline(always)]
                unsafe fn store(self, to: *mut f32) {
                    // SAFETY: see above the impl.
                    unsafe { $store(to, self) }
                }
                #[inline(always)]
                unsafe fn add(self, other: Self) -> Self {
                    // SAFETY: see above the impl.
                    unsafe { $add(self, other) }
                }
                #[inline(always)]
                unsafe fn sub(self, other: Self) -> Self {
                    // SAFETY: see above the impl.
                    unsafe { $sub(self, other) }
                }
                #[inline(always)]
                unsafe fn mul(self, other: Self) -> Self {
                    // SAFETY: see above the impl.
                    unsafe { $mul(self, other) }
                }
                #[inline(always)]
                unsafe fn mul_add(self, factor: Self, addend: Self) -> Self {
                    // SAFETY: see above the impl.
                    unsafe { $fma(self, factor, addend) }
                }
                #[inline(always)]
                unsafe fn relu(self) -> Self {
                    // Of a NaN and a number `max` gives its second operand.
                    // SAFETY: see above the impl.
                    unsafe { $max($splat(0.0), self) }
                }
                #[inline(always)]
                unsafe fn where_positive(self, sign: Self) -> Self {
                    // SAFETY: see above the impl.
                    unsafe { $where_positive(self, sign) }
                }
            }
        };
    }

    vector!(
        __m512,
        16,
        16,
        _mm512_set1_ps,
        _mm512_loadu_ps,
        _mm512_storeu_ps,
        _mm512_add_ps,
        _mm512_sub_ps,
        _mm512_mul_ps,
        _mm512_fmadd_ps,
        _mm512_max_ps,
        |v, sign| {
            _mm512_maskz_mov_ps(_mm512_cmp_ps_mask::<_CMP_GT_OQ>(sign, _mm512_setzero_ps()), v)
        }
    );
    vector!(
        __m256,
        8,
        8,
        _mm256_set1_ps,
        _mm256_loadu_ps,
        _mm256_storeu_ps,
        _mm256_add_ps,
        _mm256_sub_ps,
        _mm256_mul_ps,
        _mm256_fmadd_ps,
        _mm256_max_ps,
        |v, sign| _mm256_and_ps(_mm256_cmp_ps::<_CMP_GT_OQ>(sign, _mm256_setzero_ps()), v)
    );
}

#[cfg(test)]
mod tests;
