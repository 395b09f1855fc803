//! A convolutional highway network (Srivastava, Greff and Schmidhuber 2015): three stages
//! of five gated units with 16, 32 and 64 channels, joined by plain layers at stride 2.
//!
//! ```text
//! y = t h + (1 - t) x,   h = relu bn conv x,   t = sigmoid(gate x + b)
//! ```
//!
//! The gates' biases `b` start at -2, so that the gates are almost closed, `t = 0.12`, as
//! the authors propose; at 0, half open, in `highway-b0`, where a mean gate below one half
//! is something that has been learned.

use tensor::Normalisation;

use super::family::{Family, Training, variant};
use crate::build::{conv, global_average, linear, norm, relu};
use crate::{Model, ModelBuilder, UnitSpec};

const NAMES: [&str; 2] = ["highway", "highway-b0"];
/// Where the gates' biases start.
const BIASES: [f64; 2] = [-2.0, 0.0];

pub(super) static FAMILY: Family = Family {
    names: "highway and highway-b0",
    source: "convolutional highway networks (Srivastava, Greff and Schmidhuber 2015)",
    listed: &[0, 1],
    parse: |name| variant(name, &NAMES),
    name: |variant| NAMES[variant as usize].to_owned(),
    build: |variant, name, seed| build(BIASES[variant as usize], name, seed),
    normalisation: Normalisation::CIFAR10,
    training: Training::RESIDUAL,
};

fn build(bias: f64, name: &str, seed: u64) -> Model<f64> {
    let mut net = ModelBuilder::for_cifar(seed);
    net.stem([conv("conv1", 16, 3), norm("bn1"), relu()]);
    for (stage, width) in [16, 32, 64].into_iter().enumerate() {
        if stage > 0 {
            let wider = [conv("conv", width, 3).stride(2), norm("bn"), relu()];
            net.unit(format!("layer{}.down", stage + 1), stage, UnitSpec::plain(wider));
        }
        for i in 0..5 {
            let gated = UnitSpec::residual([conv("conv", width, 3), norm("bn"), relu()])
                .gate([conv("gate", width, 3).bias(bias)]);
            net.unit(format!("layer{}.{i}", stage + 1), stage, gated);
        }
    }
    net.finish(name, "layer", [global_average(), linear("linear", 10).bias(0.0)])
}

#[cfg(test)]
mod tests {
    use super::{BIASES, NAMES};
    use crate::Arch;

    #[test]
    fn parameters_and_macs_follow_the_closed_formulas() {
        // H and T: two convolutions, a norm, the gate's bias.
        let unit = |c: usize| 2 * 9 * c * c + 2 * c + c;
        let gated = 5 * [16, 32, 64].map(unit).into_iter().sum::<usize>();
        let (stem, wider) = (9 * 3 * 16, 9 * 16 * 32 + 9 * 32 * 64);
        let parameters = stem + 2 * 16 + gated + wider + 2 * 32 + 2 * 64 + 64 * 10 + 10;
        // A stage costs the same at each resolution.
        let stage = 5 * 2 * 9 * 16 * 16 * 1024;
        let macs = stem * 1024 + 3 * stage + 9 * 16 * 32 * 256 + 9 * 32 * 64 * 64 + 640;
        for (name, bias) in NAMES.into_iter().zip(BIASES) {
            let model = Arch::parse(name).unwrap().build::<f32>(0);
            assert_eq!(model.params.count_trained(), parameters);
            assert_eq!(model.macs(), macs as u64);
            let gates = model.params.iter().filter(|(_, p)| p.name.ends_with("gate.bias"));
            let starts: Vec<f32> = gates.flat_map(|(_, p)| p.value.as_slice().to_vec()).collect();
            assert_eq!(starts, vec![bias as f32; 5 * (16 + 32 + 64)], "{name}");
            let gated = model.units.iter().filter(|unit| unit.has_skip()).count();
            assert_eq!((model.units.len(), gated), (17, 15));
        }
    }
}
