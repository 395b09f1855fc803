//! Pre-activation bottleneck networks (He et al. 2016, "Identity Mappings in Deep Residual
//! Networks"), with the stages of ResNet-200 at the scale of CIFAR-10: 3, 24, 36 and 3
//! blocks. A counterpart of the ImageNet network of Veit et al. 2016, figure 4.
//!
//! ```text
//! same shape:   y = x + conv3 relu bn3 conv2 relu bn2 conv1 relu bn1 x
//! boundary:     c = relu bn1 x,   y = P c + conv3 relu bn3 conv2 relu bn2 conv1 c
//! conv1, conv3, P: 1x1        conv2: 3x3        conv1 and P have the block's stride
//! ```
//!
//! Blocks are four times as wide outside as inside. The first block of every stage is a
//! boundary: that of the first stage changes the number of channels alone.

use super::family::{Family, Training, variant};
use crate::build::{conv, norm, relu};
use crate::{Model, ModelBuilder, UnitShape, UnitSpec};
use tensor::{Normalisation, Scalar};

pub(super) static FAMILY: Family = Family {
    names: "bottleneck66",
    source: "a counterpart of ResNet-200 at the scale of CIFAR-10 (He et al. 2016)",
    listed: &[0],
    parse: |name| variant(name, &["bottleneck66"]),
    name: |_| "bottleneck66".to_owned(),
    build: |_, name, seed| {
        Bottleneck { blocks: [3, 24, 36, 3], widths: [16, 16, 32, 64] }.build(name, seed)
    },
    normalisation: Normalisation::CIFAR10,
    training: Training { epochs: 30, ..Training::RESIDUAL },
};

/// A bottleneck network of four stages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bottleneck {
    /// Blocks of each stage.
    pub blocks: [usize; 4],
    /// Channels inside the blocks of each stage; the stem has as many as the first.
    pub widths: [usize; 4],
}

/// How many times wider a block is outside than inside.
const EXPANSION: usize = 4;

impl Bottleneck {
    /// The network with initial weights drawn from `seed`.
    pub fn build<T: Scalar>(self, name: &str, seed: u64) -> Model<T> {
        let mut net = ModelBuilder::for_cifar(seed);
        net.stem([conv("conv1", self.widths[0], 3)]);
        for (stage, (blocks, width)) in self.blocks.into_iter().zip(self.widths).enumerate() {
            for i in 0..blocks {
                let stride = if stage > 0 && i == 0 { 2 } else { 1 };
                let unit = block(net.shape(), width, stride);
                net.unit(format!("layer{}.{i}", stage + 1), stage, unit);
            }
        }
        net.finish(name, "block", super::preact::head())
    }
}

fn block(input: UnitShape, width: usize, stride: usize) -> UnitSpec {
    let wide = EXPANSION * width;
    let activation = [norm("bn1"), relu()];
    let convolutions = [
        conv("conv1", width, 1).stride(stride),
        norm("bn2"),
        relu(),
        conv("conv2", width, 3),
        norm("bn3"),
        relu(),
        conv("conv3", wide, 1),
    ];
    if stride == 1 && input.c == wide {
        UnitSpec::residual([&activation[..], &convolutions].concat())
    } else {
        UnitSpec::residual(convolutions)
            .pre(activation)
            .projection([conv("shortcut", wide, 1).stride(stride)])
    }
}

#[cfg(test)]
mod tests {
    use crate::{Arch, Unit};

    #[test]
    fn parameters_and_macs_follow_the_closed_formulas() {
        let model = Arch::parse("bottleneck66").unwrap().build::<f32>(0);
        let boundaries = model.units.iter().filter(|unit| unit.is_boundary());
        assert_eq!((model.units.len(), boundaries.count()), (66, 4));
        let (mut parameters, mut macs) = (27 * 16, 27 * 16 * 1024);
        let mut c_in = 16;
        for (blocks, width, side) in [(3, 16, 32), (24, 16, 16), (36, 32, 8), (3, 64, 4)] {
            let (wide, pixels) = (4 * width, side * side);
            let inner = 9 * width * width + width * wide;
            for i in 0..blocks {
                let projection = if i == 0 { c_in * wide } else { 0 };
                let weights = c_in * width + inner + projection;
                // Batch norms have two values a channel: of the input, and twice inside.
                parameters += weights + 2 * (c_in + 2 * width);
                macs += weights * pixels;
                c_in = wide;
            }
        }
        parameters += 2 * 256 + 2570;
        assert_eq!(model.params.count_trained(), parameters);
        assert_eq!(model.macs(), (macs + 2560) as u64);
        assert!(model.units.iter().all(Unit::is_deletable));
    }
}
