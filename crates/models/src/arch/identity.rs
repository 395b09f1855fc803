//! A residual network without batch norm, after Hardt and Ma 2017, "Identity Matters in
//! Deep Learning", section 4: three stages of three blocks with 16, 32 and 64 channels, one
//! rectifier a block, and a classifier that is a fixed random projection.
//!
//! ```text
//! same shape:   y = x + conv2 relu conv1 x
//! boundary:     y = (x averaged over 2x2, with channels of zeros) + conv2 relu conv1 x
//! ```
//!
//! The published network has nine blocks a stage with 64, 128 and 256 channels. Nothing has
//! a bias. The three variants differ in how the weights of the blocks start, a convolution
//! with a kernel of side k and c output channels:
//!
//! - `identity20`: standard deviation `1 / (k^2 c)`, as published, so that blocks start near
//!   the identity;
//! - `identity20-standard`: `1 / (k sqrt(c))`;
//! - `identity20-zero`: as `-standard`, but `conv2` starts at 0, and each block at its skip.
//!
//! The stem starts at `1 / (k sqrt(c))` in all of them.

use tensor::Normalisation;

use super::family::{Family, Training, variant};
use crate::build::{LayerSpec, average_pool, conv, fixed_linear, global_average, pad, relu};
use crate::{Model, ModelBuilder, UnitShape, UnitSpec};

const NAMES: [&str; 3] = ["identity20", "identity20-standard", "identity20-zero"];

pub(super) static FAMILY: Family = Family {
    names: "identity20, identity20-standard and identity20-zero",
    source: "residual networks without batch norm, by initial weights (Hardt and Ma 2017)",
    listed: &[0, 1, 2],
    parse: |name| variant(name, &NAMES),
    name: |variant| NAMES[variant as usize].to_owned(),
    build: |variant, name, seed| build(STARTS[variant as usize], name, seed),
    normalisation: Normalisation::CIFAR10,
    training: Training::RESIDUAL,
};

/// Standard deviations of the initial weights of a block's two convolutions, from the side of
/// the kernel and the output channels.
type Starts = [fn(f64, f64) -> f64; 2];

const SMALL: fn(f64, f64) -> f64 = |k, c| 1.0 / (k * k * c);
const STANDARD: fn(f64, f64) -> f64 = |k, c| 1.0 / (k * c.sqrt());
const ZERO: fn(f64, f64) -> f64 = |_, _| 0.0;
const STARTS: [Starts; 3] = [[SMALL, SMALL], [STANDARD, STANDARD], [STANDARD, ZERO]];

fn build(starts: Starts, name: &str, seed: u64) -> Model<f64> {
    let mut net = ModelBuilder::for_cifar(seed);
    net.stem([starting("conv1", 16, STANDARD)]);
    net.stages(&[16, 32, 64], 3, |input, width, stride| block(starts, input, width, stride));
    net.finish(name, "block", [global_average(), fixed_linear("linear", 10)])
}

fn block([first, second]: Starts, input: UnitShape, width: usize, stride: usize) -> UnitSpec {
    let branch =
        [starting("conv1", width, first).stride(stride), relu(), starting("conv2", width, second)];
    let unit = UnitSpec::residual(branch);
    if stride == 1 && input.c == width {
        unit
    } else {
        unit.projection([average_pool(stride), pad(width)])
    }
}

/// A 3x3 convolution whose weights start so.
fn starting(name: &'static str, c_out: usize, start: fn(f64, f64) -> f64) -> LayerSpec {
    conv(name, c_out, 3).deviation(start(3.0, c_out as f64))
}

#[cfg(test)]
mod tests {
    use super::NAMES;
    use crate::Arch;

    #[test]
    fn parameters_and_macs_follow_the_closed_formulas() {
        // Six 3x3 convolutions a stage, the first of two of them from half the channels.
        let convs = |c: usize| 6 * 9 * c * c;
        let narrower = 9 * 16 * 32 + 9 * 32 * 64;
        let trained = 9 * 3 * 16 + convs(16) + convs(32) + convs(64) - narrower;
        // A stage costs the same at each resolution.
        let macs = 9 * 3 * 16 * 1024 + 3 * convs(16) * 1024 - 9 * 16 * 32 * 256 - 9 * 32 * 64 * 64;
        for name in NAMES {
            let model = Arch::parse(name).unwrap().build::<f32>(0);
            assert_eq!(model.params.count_trained(), trained, "{name}");
            assert_eq!(model.macs(), macs as u64 + 640, "{name}");
            let fixed = model.params.iter().filter(|(_, param)| !param.is_trained);
            let fixed: Vec<_> = fixed.map(|(_, param)| (&*param.name, param.value.len())).collect();
            assert_eq!(fixed, [("linear.weight", 640)], "the classifier is not trained");
        }
    }

    #[test]
    fn the_variants_differ_in_the_start_of_their_blocks_alone() {
        let deviation = |name: &str, param: &str| {
            let model = Arch::parse(name).unwrap().build::<f64>(3);
            let value = model.params.value(model.params.find(param).unwrap());
            value.norm() / (value.len() as f64).sqrt()
        };
        let (small, standard) = (1.0 / (9.0 * 64.0), 1.0 / (3.0 * 8.0));
        for (name, first, second) in [
            ("identity20", small, small),
            ("identity20-standard", standard, standard),
            ("identity20-zero", standard, 0.0),
        ] {
            for (param, expected) in [
                ("layer3.1.conv1.weight", first),
                ("layer3.1.conv2.weight", second),
                ("conv1.weight", 1.0 / (3.0 * 4.0)),
                ("linear.weight", (1.0f64 / 64.0).sqrt()),
            ] {
                // 432 draws or more: the deviation of the deviation is below 3.5 %.
                let found = deviation(name, param);
                assert!((found - expected).abs() <= 0.1 * expected, "{name}, {param}: {found}");
            }
        }
    }

    /// Where every branch starts at 0 the network is its skips.
    #[test]
    fn a_network_that_starts_at_its_skips_does_not_change_when_a_block_is_deleted() {
        use crate::{Plan, evaluate};
        use tensor::Tensor;
        let model = Arch::parse("identity20-zero").unwrap().build::<f32>(5);
        let images = Tensor::from_fn([4, 32, 32, 3], |i| (i % 17) as f32 / 8.0 - 1.0);
        let logits = |plan: &Plan| evaluate(&model, plan, [(images.clone(), vec![0; 4])]);
        let intact = Plan::intact(&model);
        let deleted = intact.clone().delete_all(&model, &[0, 3, 8]).unwrap();
        assert_eq!(logits(&intact), logits(&deleted));
    }
}
