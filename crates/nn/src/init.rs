//! Initial values (He et al. 2015, "Delving Deep into Rectifiers").

use tensor::random::Random;
use tensor::{Scalar, Tensor};

/// A convolution weight `[k, k, c_in, c_out]`: normal with standard deviation
/// `sqrt(2 / (k^2 c_out))`, the fan-out form of the residual networks' authors.
pub fn he_conv<T: Scalar>(k: usize, c_in: usize, c_out: usize, rng: &mut Random) -> Tensor<T> {
    let std = (2.0 / (k * k * c_out) as f64).sqrt();
    Tensor::from_fn([k, k, c_in, c_out], |_| T::from_f64(std * rng.normal()))
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
