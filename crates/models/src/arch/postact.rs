//! Post-activation residual networks (He et al. 2015, "Deep Residual Learning for Image
//! Recognition", section 4.2): depth 6n + 2, parameter-free skips (option A).
//!
//! ```text
//! y = relu(s + bn2 conv2 relu bn1 conv1 x),   s = x, or option A where the shape changes
//! ```
//!
//! The last ReLU bends the sum, so the forward pass does not unravel into a sum over
//! paths here.

use tensor::Normalisation;

use super::family::{Family, Training, depth};
use crate::build::{conv, global_average, linear, norm, relu};
use crate::{Model, ModelBuilder, UnitShape, UnitSpec};

/// Published weights of these networks use the ImageNet values, even on CIFAR-10.
pub(super) static FAMILY: Family = Family {
    names: "resnetD-v1 with such a depth",
    listed: &[8, 20, 32, 56, 110],
    parse: |name| depth(name, "resnet", "-v1"),
    name: |depth| format!("resnet{depth}-v1"),
    build,
    normalisation: Normalisation::IMAGENET,
    training: Training::RESIDUAL,
};

fn build(depth: u32, name: &str, seed: u64) -> Model<f64> {
    let n = (depth as usize - 2) / 6;
    let mut net = ModelBuilder::for_cifar(seed);
    net.stem([conv("conv1", 16, 3), norm("bn1"), relu()]);
    net.stages(&[16, 32, 64], n, block);
    net.finish(name, "block", [global_average(), linear("linear", 10).bias(0.0)])
}

fn block(input: UnitShape, width: usize, stride: usize) -> UnitSpec {
    let block = UnitSpec::residual([
        conv("conv1", width, 3).stride(stride),
        norm("bn1"),
        relu(),
        conv("conv2", width, 3),
        norm("bn2"),
    ])
    .post([relu()]);
    if stride == 1 && input.c == width { block } else { block.option_a(width, stride) }
}

#[cfg(test)]
mod tests {
    use crate::Arch;

    #[test]
    fn parameters_and_macs_follow_the_closed_formulas() {
        for n in [1, 2, 3, 5, 9, 18] {
            // Two 3x3 convolutions a block; batch norms have two values a channel.
            let blocks = |c: u64| (2 * n * 9 * c * c, 4 * n * c);
            let [(c16, b16), (c32, b32), (c64, b64)] = [16, 32, 64].map(blocks);
            let narrower = 9 * 16 * 32 + 9 * 32 * 64; // first convolutions see half the channels
            let convs = 9 * 3 * 16 + c16 + c32 + c64 - narrower;
            // A norm of 16 after the stem, no projections.
            let parameters = convs + b16 + b32 + b64 + 2 * 16 + 64 * 10 + 10;
            let name = format!("resnet{}-v1", 6 * n + 2);
            let model = Arch::parse(&name).unwrap().build::<f32>(0);
            assert_eq!(model.params.count_trained() as u64, parameters, "{name}");
            // A full stage of n blocks costs the same at each resolution.
            let stage = 2 * n * 9 * 16 * 16 * 1024;
            let macs = 27 * 16 * 1024 + 3 * stage - 9 * 16 * 32 * 256 - 9 * 32 * 64 * 64 + 640;
            assert_eq!(model.macs(), macs, "{name}");
        }
    }
}
