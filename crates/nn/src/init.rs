//! Initial values (He et al. 2015, "Delving Deep into Rectifiers").

use tensor::random::Random;
use tensor::{Scalar, Tensor};

/// The standard deviation of a convolution's weights before a rectifier,
/// `sqrt(2 / (k^2 c_out))`: the fan-out form of the residual networks' authors.
pub fn he_deviation(k: usize, c_out: usize) -> f64 {
    (2.0 / (k * k * c_out) as f64).sqrt()
}

/// A convolution weight `[k, k, c_in, c_out]`: normal with this standard deviation.
pub fn conv<T: Scalar>(
    [k, c_in, c_out]: [usize; 3],
    deviation: f64,
    rng: &mut Random,
) -> Tensor<T> {
    // The sum turns a negative zero into zero.
    Tensor::from_fn([k, k, c_in, c_out], |_| T::from_f64(deviation * rng.normal() + 0.0))
}

/// A linear weight `[c_out, c_in]`: normal with standard deviation
/// `sqrt(2 / c_in)` before a rectifier, `sqrt(1 / c_in)` before a softmax.
pub fn he_linear<T: Scalar>(
    c_in: usize,
    c_out: usize,
    before_relu: bool,
    rng: &mut Random,
) -> Tensor<T> {
    let gain = if before_relu { 2.0 } else { 1.0 };
    let std = (gain / c_in as f64).sqrt();
    Tensor::from_fn([c_out, c_in], |_| T::from_f64(std * rng.normal()))
}
