//! The gate of a highway unit and what it lets through (Srivastava et al. 2015).

use super::elementwise::{binary, unary};
use crate::Scalar;

/// `y = 1 / (1 + e^-x)`, with `exp` from `libm`. Far from 0 it is 0 or 1, never NaN.
///
/// # Panics
/// If the lengths differ.
#[track_caller]
pub fn sigmoid<T: Scalar>(y: &mut [T], x: &[T]) {
    unary(y, x, |v| T::ONE / (T::ONE + (-v).exp()));
}

/// `dx = dy y (1 - y)`; `y` is the output of [`sigmoid`].
///
/// # Panics
/// If the lengths differ.
#[track_caller]
pub fn sigmoid_grad<T: Scalar>(dx: &mut [T], dy: &[T], y: &[T]) {
    binary(dx, dy, y, |g, v| g * (v * (T::ONE - v)));
}

/// `out = (1 - t) a`, elementwise.
///
/// # Panics
/// If the lengths differ.
#[track_caller]
pub fn carry<T: Scalar>(out: &mut [T], t: &[T], a: &[T]) {
    binary(out, t, a, |t, a| (T::ONE - t) * a);
}

/// `dt = -(dy a)`: the gradient of [`carry`] in `t`.
///
/// # Panics
/// If the lengths differ.
#[track_caller]
pub fn carry_grad<T: Scalar>(dt: &mut [T], dy: &[T], a: &[T]) {
    binary(dt, dy, a, |g, a| -(g * a));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pass_is_its_formula_at_each_element() {
        // Longer than a vector and not a multiple of one.
        let values = |shift: usize| -> Vec<f64> {
            (0..1003).map(|i| ((i * 7 + shift) % 23) as f64 / 4.0 - 2.5).collect()
        };
        let (a, b) = (values(0), values(5));
        let mut out = vec![f64::NAN; a.len()];
        let mut check =
            |what: &str, pass: &dyn Fn(&mut [f64]), formula: &dyn Fn(f64, f64) -> f64| {
                pass(&mut out);
                let wrong = (0..a.len()).find(|&i| out[i] != formula(a[i], b[i]));
                if let Some(i) = wrong {
                    panic!("{what} at {i}: {} instead of {}", out[i], formula(a[i], b[i]));
                }
            };
        check("sigmoid", &|y| sigmoid(y, &a), &|x, _| 1.0 / (1.0 + libm::exp(-x)));
        check("sigmoid_grad", &|dx| sigmoid_grad(dx, &a, &b), &|g, y| g * (y * (1.0 - y)));
        check("carry", &|out| carry(out, &a, &b), &|t, x| (1.0 - t) * x);
        check("carry_grad", &|dt| carry_grad(dt, &a, &b), &|g, x| -(g * x));
    }

    #[test]
    fn a_gate_far_from_zero_is_open_or_closed() {
        let mut y = [f32::NAN; 4];
        sigmoid(&mut y, &[-1000.0, 0.0, 1000.0, f32::NEG_INFINITY]);
        assert_eq!(y, [0.0, 0.5, 1.0, 0.0]);
    }
}
