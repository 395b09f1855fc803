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
    /// Where each lane of a [`permute`](Vector::permute) comes from.
    type Places: Copy;

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
    /// The first `n` lanes from `from` on, of which only these must be readable; the
    /// others are 0. `n` is at most [`LANES`](Vector::LANES).
    unsafe fn load_first(from: *const f32, n: usize) -> Self;
    /// Writes the first `n` lanes, at most [`LANES`](Vector::LANES); only so much must be
    /// writable.
    unsafe fn store_first(self, to: *mut f32, n: usize);
    /// A place below [`LANES`](Vector::LANES) for each lane, from readable memory.
    unsafe fn places(from: *const i32) -> Self::Places;
    /// Lane `i` of the result is lane `places[i]` of `self`.
    unsafe fn permute(self, places: Self::Places) -> Self;
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

/// Lanes of a register of the level in use.
pub(crate) fn lanes() -> usize {
    struct Lanes<'a>(&'a mut usize);
    impl Task for Lanes<'_> {
        #[inline(always)]
        unsafe fn run<V: Vector>(self) {
            *self.0 = V::LANES;
        }
    }
    let mut lanes = 0;
    dispatch(Lanes(&mut lanes));
    lanes
}

impl Vector for [f32; 8] {
    const LANES: usize = 8;
    const ACCUMULATORS: usize = 4;
    type Places = [i32; 8];

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
    #[inline(always)]
    unsafe fn load_first(from: *const f32, n: usize) -> Self {
        // SAFETY: the caller vouches for the first `n` numbers; no other is read.
        std::array::from_fn(|i| if i < n { unsafe { *from.add(i) } } else { 0.0 })
    }
    #[inline(always)]
    unsafe fn store_first(self, to: *mut f32, n: usize) {
        for (i, &value) in self[..n].iter().enumerate() {
            // SAFETY: the caller vouches for the first `n` places.
            unsafe { to.add(i).write(value) }
        }
    }
    #[inline(always)]
    unsafe fn places(from: *const i32) -> [i32; 8] {
        // SAFETY: the caller vouches for eight readable places.
        unsafe { from.cast::<[i32; 8]>().read_unaligned() }
    }
    #[inline(always)]
    unsafe fn permute(self, places: [i32; 8]) -> Self {
        places.map(|place| self[place as usize])
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
         $add:ident, $sub:ident, $mul:ident, $fma:ident, $max:ident, $where_positive:expr,
         $places:ty, $load_places:expr, $permute:expr, $load_first:expr, $store_first:expr) => {
            // SAFETY of all bodies: the trait demands the level's features,
            // and readable or writable memory behind the pointers.
            impl Vector for $t {
                const LANES: usize = $lanes;
                const ACCUMULATORS: usize = $acc;
                type Places = $places;

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
                #[inline(always)]
                unsafe fn load_first(from: *const f32, n: usize) -> Self {
                    // SAFETY: see above the impl; lanes that the mask leaves out are not read.
                    unsafe { $load_first(from, n) }
                }
                #[inline(always)]
                unsafe fn store_first(self, to: *mut f32, n: usize) {
                    // SAFETY: see above the impl; lanes that the mask leaves out are not
                    // written.
                    unsafe { $store_first(to, n, self) }
                }
                #[inline(always)]
                unsafe fn places(from: *const i32) -> $places {
                    // SAFETY: see above the impl.
                    unsafe { $load_places(from) }
                }
                #[inline(always)]
                unsafe fn permute(self, places: $places) -> Self {
                    // SAFETY: see above the impl.
                    unsafe { $permute(self, places) }
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
        },
        __m512i,
        |from: *const i32| _mm512_loadu_epi32(from),
        |v, places| _mm512_permutexvar_ps(places, v),
        |from, n| _mm512_maskz_loadu_ps(first_bits(n), from),
        |to, n, v| _mm512_mask_storeu_ps(to, first_bits(n), v)
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
        |v, sign| _mm256_and_ps(_mm256_cmp_ps::<_CMP_GT_OQ>(sign, _mm256_setzero_ps()), v),
        __m256i,
        |from: *const i32| _mm256_loadu_si256(from.cast()),
        |v, places| _mm256_permutevar8x32_ps(v, places),
        |from, n| _mm256_maskload_ps(from, first_lanes(n)),
        |to, n, v| _mm256_maskstore_ps(to, first_lanes(n), v)
    );

    /// A bit for each of the first `n` of 16 lanes.
    #[inline(always)]
    fn first_bits(n: usize) -> __mmask16 {
        ((1u32 << n) - 1) as __mmask16
    }

    /// All bits in the first `n` of 8 lanes.
    ///
    /// # Safety
    /// The processor must have AVX2.
    #[inline(always)]
    unsafe fn first_lanes(n: usize) -> __m256i {
        const ONES_THEN_ZEROS: [i32; 16] = [-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0];
        let from = ONES_THEN_ZEROS[8 - n..].as_ptr();
        // SAFETY: eight numbers lie behind the place; the caller vouches for the
        // instructions.
        unsafe { _mm256_loadu_si256(from.cast()) }
    }
}

#[cfg(test)]
mod tests;
