//! Tensors whose magnitude is kept apart.

use tensor::{Scalar, Tensor};

/// A tensor times a power of two.
///
/// The largest element of the tensor lies in `[1, 2)`, unless all are 0. Gradients are
/// linear maps of cotangents, and a power of two changes no digit, so a cotangent can be
/// brought to this form anywhere on its way; only elements less than `2^-126` of the
/// largest one lose digits in `f32`. Zero stands for a cotangent of which every element
/// is 0, and not for one that was too small.
#[derive(Debug, Clone)]
pub struct Scaled<T: Scalar> {
    tensor: Tensor<T>,
    exponent: i32,
}

/// The exponent of zero: below that of every other value, with room for differences.
const OF_ZERO: i32 = i32::MIN / 4;

impl<T: Scalar> Scaled<T> {
    /// The tensor itself.
    pub fn new(tensor: Tensor<T>) -> Scaled<T> {
        Scaled { tensor, exponent: 0 }.brought_near_one()
    }

    /// A linear map of it.
    pub(super) fn through(&self, map: impl FnOnce(&Tensor<T>) -> Tensor<T>) -> Scaled<T> {
        Scaled { tensor: map(&self.tensor), exponent: self.exponent }.brought_near_one()
    }

    fn brought_near_one(mut self) -> Scaled<T> {
        self.bring_near_one();
        self
    }

    fn bring_near_one(&mut self) {
        let largest = largest(self.tensor.as_slice());
        if largest == 0.0 {
            self.exponent = OF_ZERO;
        } else if largest.is_finite() {
            let by = exponent_of(largest);
            self.scale(-by);
            self.exponent += by;
        }
    }

    /// Multiplies the tensor with `2^by`.
    fn scale(&mut self, by: i32) {
        if by != 0 {
            let wide = power_of_two(by);
            let narrow = T::from_f64(wide);
            let values = self.tensor.as_mut_slice().iter_mut();
            // Either way one rounding at most, and the same; not every power fits `f32`.
            if narrow.to_f64() == wide {
                values.for_each(|v| *v *= narrow);
            } else {
                values.for_each(|v| *v = T::from_f64(v.to_f64() * wide));
            }
        }
    }

    /// Adds another one.
    ///
    /// # Panics
    /// If the shapes differ.
    #[track_caller]
    pub(super) fn add(&mut self, mut other: Scaled<T>) {
        let (ours, theirs) = (self.tensor.shape(), other.tensor.shape());
        assert!(ours == theirs, "sum of {ours} and {theirs}");
        if self.exponent < other.exponent {
            std::mem::swap(self, &mut other);
        }
        let factor = power_of_two(other.exponent - self.exponent);
        for (a, b) in self.tensor.as_mut_slice().iter_mut().zip(other.tensor.as_slice()) {
            *a = T::from_f64(a.to_f64() + b.to_f64() * factor);
        }
        self.bring_near_one();
    }

    /// Its Frobenius norm, summed in `f64`; 0 only if every element is 0.
    pub fn norm(&self) -> f64 {
        let norm = self.tensor.norm();
        let scaled = norm * power_of_two(self.exponent);
        if norm > 0.0 { scaled.max(f64::MIN_POSITIVE) } else { norm }
    }

    /// The sum of the products of the elements of both, in `f64`.
    ///
    /// # Panics
    /// If the shapes differ.
    #[track_caller]
    pub fn dot(&self, other: &Scaled<T>) -> f64 {
        let product = self.tensor.dot(&other.tensor);
        product * power_of_two(self.exponent) * power_of_two(other.exponent)
    }

    /// The tensor that it stands for, in `f64`.
    pub fn to_tensor(&self) -> Tensor<f64> {
        let factor = power_of_two(self.exponent);
        self.tensor.map(|v| v.to_f64() * factor)
    }
}

/// `e` of `2^e <= x < 2^(e + 1)`; `x` is positive, finite and not subnormal.
fn exponent_of(x: f64) -> i32 {
    (x.to_bits() >> 52) as i32 - 1023
}

/// `2^e`; 0 below the smallest number.
fn power_of_two(e: i32) -> f64 {
    2.0_f64.powi(e)
}

/// The largest magnitude; NaN does not count. In lanes, so that it is as fast as memory.
fn largest<T: Scalar>(values: &[T]) -> f64 {
    let mut lanes = [T::ZERO; 16];
    let (chunks, rest) = values.as_chunks::<16>();
    let mut raise = |chunk: &[T]| {
        for (lane, &v) in lanes.iter_mut().zip(chunk) {
            let magnitude = if v < T::ZERO { -v } else { v };
            if magnitude > *lane {
                *lane = magnitude;
            }
        }
    };
    chunks.iter().for_each(|chunk| raise(chunk));
    raise(rest);
    lanes.iter().fold(0.0, |m, v| v.to_f64().max(m))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scaled(elements: [f32; 3]) -> Scaled<f32> {
        Scaled::new(Tensor::copy_of([3], &elements))
    }

    #[test]
    fn values_stay_and_the_largest_is_near_one() {
        for elements in [[0.0, -3.0, 1.5], [1e-40, -1e-45, 0.0], [3e38, 1.0, -2.0]] {
            let found = scaled(elements);
            let largest = found.tensor.as_slice().iter().fold(0.0_f32, |m, v| m.max(v.abs()));
            assert!((1.0..2.0).contains(&largest), "{found:?}");
            assert_eq!(found.to_tensor().as_slice(), elements.map(f64::from));
            let squares: f64 = elements.iter().map(|&v| f64::from(v) * f64::from(v)).sum();
            assert!((found.norm() - squares.sqrt()).abs() <= 1e-15 * squares.sqrt());
        }
    }

    #[test]
    fn the_largest_may_be_anywhere_and_is_not_nan() {
        for n in [1, 15, 16, 17, 40] {
            for place in 0..n {
                let mut values = vec![0.5_f32; n];
                values[place] = if place % 2 == 0 { -3.0 } else { 3.0 };
                values[(place + 1) % n] = if n > 1 { f32::NAN } else { 3.0 };
                assert_eq!(largest(&values), 3.0, "{n}, {place}");
            }
        }
        assert_eq!((largest::<f32>(&[]), largest(&[0.0, -f64::INFINITY])), (0.0, f64::INFINITY));
    }

    /// Far below the smallest number of `f32` no digit is lost.
    #[test]
    fn a_long_way_down_and_up_changes_nothing() {
        let start = scaled([1.234_567_9, -0.7, 1e-3]);
        let times = |of: &Scaled<f32>, factor: f32| of.through(|t| t.map(|v| v * factor));
        let down = (0..30).fold(start.clone(), |s, _| times(&s, 2e-8));
        assert!((down.norm() - start.norm() * 2e-8_f64.powi(30)).abs() < 1e-4 * down.norm());
        assert!(down.norm() > 0.0);
        let halved = (0..900).fold(start.clone(), |s, _| times(&s, 0.5));
        let back = (0..900).fold(halved, |s, _| times(&s, 2.0));
        assert_eq!(back.to_tensor(), start.to_tensor());
    }

    #[test]
    fn zero_is_zero_and_what_is_too_small_for_f64_is_not() {
        let zero = scaled([0.0; 3]);
        assert_eq!((zero.norm(), zero.dot(&scaled([1.0; 3]))), (0.0, 0.0));
        let tiny = (0..40).fold(scaled([1.0; 3]), |s, _| s.through(|t| t.map(|v| v * 1e-30)));
        assert_eq!(tiny.norm(), f64::MIN_POSITIVE);
        let dead = tiny.through(|t| t.map(|_| 0.0));
        assert_eq!(dead.norm(), 0.0);
    }

    #[test]
    fn sums_are_those_of_the_values_in_either_order() {
        let cases = [[1.0, -2.0, 3.0], [0.0; 3], [1e-12, 2e-12, 0.0], [-1.0, 2.0, -3.0]];
        for a in cases {
            for b in cases {
                let mut sum = scaled(a);
                sum.add(scaled(b));
                let mut other = scaled(b);
                other.add(scaled(a));
                assert_eq!(sum.to_tensor(), other.to_tensor());
                for (i, &v) in sum.to_tensor().as_slice().iter().enumerate() {
                    let expected = f64::from(a[i]) + f64::from(b[i]);
                    assert!((v - expected).abs() <= 1e-7 * expected.abs(), "{a:?} + {b:?}: {v}");
                }
                let dot: f64 = a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(b)).sum();
                assert!((scaled(a).dot(&scaled(b)) - dot).abs() <= 1e-14 * dot.abs());
            }
        }
    }
}
