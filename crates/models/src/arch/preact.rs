//! Pre-activation residual networks (He et al. 2016, "Identity Mappings in Deep Residual
//! Networks"): depth 6n + 2, three stages of n blocks with 16, 32 and 64 channels.
//!
//! ```text
//! same shape:   y = x + conv2 relu bn2 conv1 relu bn1 x
//! boundary:     c = relu bn1 x,   y = P c + conv2 relu bn2 conv1 c   (P: 1x1, no norm)
//! ```

use tensor::Normalisation;

use super::family::{Family, Training, depth};
use crate::build::{LayerSpec, conv, global_average, linear, norm, relu};
use crate::{Model, ModelBuilder, UnitShape, UnitSpec};

pub(super) static FAMILY: Family = Family {
    names: "resnetD with a depth D = 6n + 2 (resnet8, resnet20, resnet110, …)",
    source: "pre-activation residual networks (He et al. 2016)",
    listed: &[8, 14, 20, 32, 44, 56, 110],
    parse: |name| depth(name, "resnet", ""),
    name: |depth| format!("resnet{depth}"),
    build,
    normalisation: Normalisation::CIFAR10,
    training: Training::RESIDUAL,
};

fn build(depth: u32, name: &str, seed: u64) -> Model<f64> {
    let n = (depth as usize - 2) / 6;
    let mut net = ModelBuilder::for_cifar(seed);
    net.stem([conv("conv1", 16, 3)]);
    net.stages(&[16, 32, 64], n, block);
    net.finish(name, "block", head())
}

/// The block on images of this shape; a boundary where the shape changes.
pub(super) fn block(input: UnitShape, width: usize, stride: usize) -> UnitSpec {
    let activation = [norm("bn1"), relu()];
    let convolutions =
        [conv("conv1", width, 3).stride(stride), norm("bn2"), relu(), conv("conv2", width, 3)];
    if stride == 1 && input.c == width {
        UnitSpec::residual([&activation[..], &convolutions].concat())
    } else {
        UnitSpec::residual(convolutions)
            .pre(activation)
            .projection([conv("shortcut", width, 1).stride(stride)])
    }
}

/// The last norm belongs to the last block's sum.
pub(super) fn head() -> [LayerSpec; 4] {
    [norm("bn"), relu(), global_average(), linear("linear", 10).bias(0.0)]
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
            let projections = 16 * 32 + 32 * 64;
            let head = 64 * 10 + 10;
            // bn1 of a boundary block is half as wide; a last norm of 64.
            let parameters =
                convs + projections + b16 + b32 + b64 - 2 * 16 - 2 * 32 + 2 * 64 + head;
            let name = format!("resnet{}", 6 * n + 2);
            let model = Arch::parse(&name).unwrap().build::<f32>(0);
            assert_eq!(model.params.count_trained() as u64, parameters, "{name}");
            // A full stage of n blocks costs the same at each resolution.
            let stage = 2 * n * 9 * 16 * 16 * 1024;
            let macs = 27 * 16 * 1024 + 3 * stage - 9 * 16 * 32 * 256 - 9 * 32 * 64 * 64 + 640;
            assert_eq!(model.macs(), macs + 16 * 32 * 256 + 32 * 64 * 64, "{name}");
        }
    }
}
