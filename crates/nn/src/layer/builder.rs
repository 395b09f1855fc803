//! Creates parameters under dotted names, with seeded initial values.

use tensor::random::{Random, Stream};
use tensor::{Scalar, Tensor};

use crate::{ParamId, Params};

/// Collects the parameters of a network under construction.
///
/// The initial value of the `i`-th parameter is drawn from its own place of
/// the stream `"init"`, so it does not change when another layer grows wider; it does
/// when a parameter before it comes or goes.
pub struct Builder<T: Scalar> {
    params: Params<T>,
    stream: Stream,
}

impl<T: Scalar> Builder<T> {
    /// No parameters yet; initial values from `seed`.
    pub fn new(seed: u64) -> Self {
        Builder { params: Params::new(), stream: Stream::new(seed, "init") }
    }

    /// The parameters.
    pub fn finish(self) -> Params<T> {
        self.params
    }

    pub(super) fn random(
        &mut self,
        name: String,
        draw: impl FnOnce(&mut Random) -> Tensor<T>,
    ) -> ParamId {
        let mut rng = self.stream.at(self.params.iter().count() as u64, 0);
        self.params.add(name, draw(&mut rng))
    }

    /// Random values that stay as they are.
    pub(super) fn random_buffer(
        &mut self,
        name: String,
        draw: impl FnOnce(&mut Random) -> Tensor<T>,
    ) -> ParamId {
        let mut rng = self.stream.at(self.params.iter().count() as u64, 0);
        self.params.add_buffer(name, draw(&mut rng))
    }

    pub(super) fn constant(&mut self, name: String, len: usize, value: T) -> ParamId {
        self.params.add(name, Tensor::full([len], value))
    }

    pub(super) fn buffer(&mut self, name: String, len: usize, value: T) -> ParamId {
        self.params.add_buffer(name, Tensor::full([len], value))
    }
}

#[cfg(test)]
mod tests {
    use crate::Params;
    use crate::layer::{BatchNorm, Builder, Conv2d, Linear};

    fn build(seed: u64, channels: usize) -> Params<f64> {
        let mut b = Builder::new(seed);
        let _ = Conv2d::new(&mut b, "conv", [16, channels], 3, 1);
        let _ = BatchNorm::new(&mut b, "bn", channels);
        let _ = Linear::new(&mut b, "hidden", [400, 300], true);
        let _ = Linear::new(&mut b, "fc", [400, 300], false).with_bias(&mut b, "fc", 0.0);
        b.finish()
    }

    fn standard_deviation(params: &Params<f64>, name: &str) -> f64 {
        let value = params.value(params.find(name).unwrap());
        value.norm() / (value.len() as f64).sqrt()
    }

    #[test]
    fn the_seed_alone_decides_and_other_layers_do_not() {
        assert_eq!(build(1, 32), build(1, 32));
        assert_ne!(build(1, 32), build(2, 32));
        let (a, b) = (build(1, 32), build(1, 48));
        let value = |p: &Params<f64>| p.value(p.find("fc.weight").unwrap()).clone();
        assert_eq!(value(&a), value(&b), "a wider convolution leaves the rest as it was");
    }

    #[test]
    fn initial_values_have_the_spread_of_he_and_the_rest_is_constant() {
        let params = build(3, 64);
        for (name, expected) in [
            ("conv.weight", (2.0f64 / (9.0 * 64.0)).sqrt()),
            ("hidden.weight", (2.0f64 / 400.0).sqrt()),
            ("fc.weight", (1.0f64 / 400.0).sqrt()),
        ] {
            // Some 10,000 draws or more: the deviation of the deviation is below 0.8 %.
            let got = standard_deviation(&params, name);
            assert!((got / expected - 1.0).abs() < 0.04, "{name}: {got}, expected {expected}");
        }
        for (name, value) in [
            ("bn.weight", 1.0),
            ("bn.bias", 0.0),
            ("bn.running_mean", 0.0),
            ("bn.running_var", 1.0),
            ("fc.bias", 0.0),
        ] {
            let t = params.value(params.find(name).unwrap());
            assert!(t.as_slice().iter().all(|&v| v == value), "{name}");
        }
        let buffers: Vec<_> = params.iter().filter(|(_, p)| !p.is_trained).collect();
        assert_eq!(buffers.len(), 2);
        assert_eq!(params.count_trained(), 9 * 16 * 64 + 2 * 64 + 2 * 120_000 + 300);
    }

    #[test]
    #[should_panic(expected = "two parameters are called bn.weight")]
    fn a_name_is_given_once() {
        let mut b = Builder::<f32>::new(0);
        let _ = BatchNorm::new(&mut b, "bn", 2);
        let _ = BatchNorm::new(&mut b, "bn", 2);
    }
}
