//! Residual networks with shared weights (Liao and Poggio 2016, "Bridging the Gaps Between
//! Residual Learning, Recurrent Neural Networks and Visual Cortex"; Jastrzebski et al. 2018,
//! "Residual Connections Encourage Iterative Inference", section 5): `resnetD` in which the
//! blocks of a stage that keep the shape have the same two convolutions, so that a stage is
//! a boundary block and a recursion of several steps.
//!
//! ```text
//! step t:     y = x + conv2 relu bn2_t conv1 relu bn1_t x       (sharedD)
//!             y = x + conv2 relu bn2 conv1 relu bn1 x           (sharedD-naive)
//! boundary:   as in resnetD
//! ```
//!
//! In `sharedD` every step has batch norms of its own: scale, shift and running statistics.
//! In `sharedD-naive` the steps share those too: one scale, one shift and one set of running
//! statistics for all steps. Scales start at 1 in both. A training pass runs a shared norm
//! once a step; each run normalises by its own batch and then moves the one set of running
//! statistics, in the order of the steps, as a PyTorch module does that is called several
//! times ([`nn::Params::update_running`]). [`recalibrated`](crate::recalibrated) gives each
//! step statistics of its own.
//!
//! Shared parameters belong to their stage: `layer2.shared.conv1.weight`. They have the same
//! names for all depths, so a naive network's weights fit one with more or fewer steps.

use tensor::{Normalisation, Scalar};

use super::family::{Family, Training, depth};
use crate::build::{LayerSpec, conv, norm, relu};
use crate::{Model, ModelBuilder, UnitSpec};

pub(super) static FAMILY: Family = Family {
    names: "sharedD and sharedD-naive with such a depth, 14 or more",
    source: "blocks of a stage share their weights (Liao and Poggio 2016; Jastrzebski et al. 2018)",
    listed: &[number(32, false), number(32, true)],
    parse: |name| {
        let number = |is_naive| {
            let depth = depth(name, "shared", suffix(is_naive))?;
            // With one block a stage there are no two to share anything.
            (depth >= 14).then_some(number(depth, is_naive))
        };
        [false, true].into_iter().find_map(number)
    },
    name: |number| {
        let (depth, is_naive) = parts(number);
        format!("shared{depth}{}", suffix(is_naive))
    },
    build,
    normalisation: Normalisation::CIFAR10,
    training: Training::RESIDUAL,
};

const fn number(depth: u32, is_naive: bool) -> u32 {
    2 * depth + is_naive as u32
}

fn parts(number: u32) -> (u32, bool) {
    (number / 2, number % 2 == 1)
}

fn suffix(is_naive: bool) -> &'static str {
    if is_naive { "-naive" } else { "" }
}

fn build(number: u32, name: &str, seed: u64) -> Model<f64> {
    let (depth, shares_norms) = parts(number);
    let blocks = (depth as usize - 2) / 6;
    SharedWeights { blocks, widths: [16, 32, 64], shares_norms }.build(name, seed)
}

/// A residual network of three stages with shared weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SharedWeights {
    /// Blocks of a stage; all but the boundary block are steps.
    pub blocks: usize,
    /// Channels of each stage; the stem has as many as the first.
    pub widths: [usize; 3],
    /// Whether steps share their batch norms as well.
    pub shares_norms: bool,
}

impl SharedWeights {
    /// The network with initial weights drawn from `seed`.
    pub fn build<T: Scalar>(self, name: &str, seed: u64) -> Model<T> {
        let mut net = ModelBuilder::for_cifar(seed);
        net.stem([conv("conv1", self.widths[0], 3)]);
        for (stage, width) in self.widths.into_iter().enumerate() {
            let layer = format!("layer{}", stage + 1);
            for i in 0..self.blocks {
                let unit = if stage > 0 && i == 0 {
                    super::preact::block(net.shape(), width, 2)
                } else {
                    step(&format!("{layer}.shared"), width, self.shares_norms)
                };
                net.unit(format!("{layer}.{i}"), stage, unit);
            }
        }
        net.finish(name, "block", super::preact::head())
    }
}

/// A step whose convolutions, and perhaps its norms, are those of `owner`.
fn step(owner: &str, width: usize, shares_norms: bool) -> UnitSpec {
    let shared = |layer: LayerSpec| layer.shared(owner);
    let norm = |name| if shares_norms { shared(norm(name)) } else { norm(name) };
    UnitSpec::residual([
        norm("bn1"),
        relu(),
        shared(conv("conv1", width, 3)),
        norm("bn2"),
        relu(),
        shared(conv("conv2", width, 3)),
    ])
}

#[cfg(test)]
mod tests {
    use crate::Arch;

    fn parameters(name: &str) -> usize {
        Arch::parse(name).unwrap().build::<f32>(0).params.count_trained()
    }

    /// By hand: stage 1 of resnet14 has two blocks, that of a shared network one; the other
    /// stages have a boundary block and one more in both.
    #[test]
    fn shared_networks_have_the_parameters_of_resnet14_up_to_norms_and_one_block() {
        let (convolutions_of_a_block, norms_of_a_block) = (2 * 9 * 16 * 16, 4 * 16);
        let resnet14 = parameters("resnet14");
        let naive = resnet14 - convolutions_of_a_block - norms_of_a_block;
        for depth in [14, 20, 32] {
            assert_eq!(parameters(&format!("shared{depth}-naive")), naive, "{depth}");
        }
        // Five steps' norms in stage 1 instead of one's, four instead of one's elsewhere.
        let own_norms = 4 * 4 * 16 + 3 * 4 * 32 + 3 * 4 * 64;
        assert_eq!(parameters("shared32"), naive + own_norms);
    }

    #[test]
    fn a_shared_network_costs_what_its_depth_costs() {
        let macs = |name: &str| Arch::parse(name).unwrap().build::<f32>(0).macs();
        for name in ["shared32", "shared32-naive"] {
            assert_eq!(macs(name), macs("resnet32"), "{name}");
        }
    }

    #[test]
    fn names_have_a_depth_with_something_to_share() {
        for name in ["shared14", "shared32", "shared32-naive", "shared110-naive"] {
            assert_eq!(Arch::parse(name).unwrap().to_string(), name);
        }
        for name in ["shared", "shared8", "shared8-naive", "shared31", "shared32-", "shared032"] {
            assert!(Arch::parse(name).is_err(), "{name}");
        }
    }
}
