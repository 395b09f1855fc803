//! The element types: `f32` for work, `f64` as the exact twin.

use std::fmt::Display;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Div, Mul, MulAssign, Neg, Sub, SubAssign};

use crate::Element;

/// A floating point element. Sealed in effect: only `f32` and `f64` are meant.
///
/// `exp` and `ln` come from `libm`, not from the platform, so that they
/// have the same bits everywhere.
pub trait Scalar:
    Element
    + Display
    + PartialOrd
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + AddAssign
    + SubAssign
    + MulAssign
    + Sum
    + faer::traits::ComplexField
{
    /// The name in messages and files: `"f32"` or `"f64"`.
    const NAME: &'static str;
    /// Additive identity.
    const ZERO: Self;
    /// Multiplicative identity.
    const ONE: Self;
    /// The smallest value, for running maxima.
    const NEG_INFINITY: Self;

    /// The nearest value to `v`.
    fn from_f64(v: f64) -> Self;
    /// The value as `f64`, exactly.
    fn to_f64(self) -> f64;
    /// Square root (correctly rounded, as IEEE 754 demands).
    fn sqrt(self) -> Self;
    /// `e^self`, from `libm`.
    fn exp(self) -> Self;
    /// Natural logarithm, from `libm`.
    fn ln(self) -> Self;
    /// Neither infinite nor NaN.
    fn is_finite(self) -> bool;
    /// Not a number.
    fn is_nan(self) -> bool;
    /// The same slice if this type is `f32`, for kernels that know only that.
    fn as_f32(slice: &[Self]) -> Option<&[f32]>;
    /// The same slice if this type is `f32`, to write.
    fn as_f32_mut(slice: &mut [Self]) -> Option<&mut [f32]>;
}

macro_rules! scalar {
    ($t:ident, $exp:path, $ln:path, $as_f32:expr, $as_f32_mut:expr) => {
        impl Scalar for $t {
            const NAME: &'static str = stringify!($t);
            const ZERO: Self = 0.0;
            const ONE: Self = 1.0;
            const NEG_INFINITY: Self = $t::NEG_INFINITY;

            #[inline(always)]
            fn from_f64(v: f64) -> Self {
                v as $t
            }
            #[inline(always)]
            fn to_f64(self) -> f64 {
                self as f64
            }
            #[inline(always)]
            fn sqrt(self) -> Self {
                $t::sqrt(self)
            }
            #[inline]
            fn exp(self) -> Self {
                $exp(self)
            }
            #[inline]
            fn ln(self) -> Self {
                $ln(self)
            }
            #[inline(always)]
            fn is_finite(self) -> bool {
                $t::is_finite(self)
            }
            #[inline(always)]
            fn is_nan(self) -> bool {
                $t::is_nan(self)
            }
            fn as_f32(slice: &[Self]) -> Option<&[f32]> {
                $as_f32(slice)
            }
            fn as_f32_mut(slice: &mut [Self]) -> Option<&mut [f32]> {
                $as_f32_mut(slice)
            }
        }
    };
}

scalar!(f32, libm::expf, libm::logf, Some, Some);
scalar!(f64, libm::exp, libm::log, |_| None, |_| None);
