//! Multi-residual networks (Abdi and Nahavandi 2016, "Multi-Residual Networks: Improving the
//! Speed and Accuracy of Residual Networks"): pre-activation residual networks whose blocks
//! add several functions to the skip instead of one. Three stages of B blocks with 16, 32
//! and 64 channels, K functions in each block.
//!
//! ```text
//! same shape:   y = x + f_1(x) + … + f_K(x),   f_i = conv2 relu bn2 conv1 relu bn1
//! boundary:     c = relu bn1 x,   y = P c + g_1(c) + … + g_K(c),   g_i = conv2 relu bn2 conv1
//! ```
//!
//! Every function has norms and convolutions of its own. Where the shape changes the first
//! norm and rectifier are shared, as in the source, and so is the projection P (1x1, no
//! norm); the source pads with zeros in networks of this kind of block, and the
//! pre-activation networks here project, so that `multires-Bx1` is `resnetD` with
//! D = 6B + 2: the same function, drawn from the same random numbers.
//!
//! Of the n = 3B blocks a path takes in each the skip or one of the functions, so there are
//! (K+1)^n paths, which add up to the gradient. The source counts 2^(Kn): the subsets of all
//! functions, each of which is a network that deletions can leave.

use tensor::{Normalisation, Scalar};

use super::family::{Family, Training};
use crate::build::{conv, norm, relu};
use crate::{LayerSpec, Model, ModelBuilder, UnitShape, UnitSpec};

pub(super) static FAMILY: Family = Family {
    names: "multires-BxK with B blocks a stage (1 to 99) of K functions (1 to 9)",
    source: "blocks of several functions (Abdi and Nahavandi 2016)",
    listed: &[number(3, 2), number(2, 3)],
    parse: |name| {
        let (blocks, functions) = name.strip_prefix("multires-")?.split_once('x')?;
        Some(number(count(blocks, 99)?, count(functions, 9)?))
    },
    name: |number| {
        let [blocks, functions] = parts(number);
        format!("multires-{blocks}x{functions}")
    },
    build,
    normalisation: Normalisation::CIFAR10,
    training: Training::RESIDUAL,
};

const fn number(blocks: u32, functions: u32) -> u32 {
    10 * blocks + functions
}

/// Blocks of a stage, functions of a block.
fn parts(number: u32) -> [u32; 2] {
    [number / 10, number % 10]
}

/// A count from 1, written without a sign or leading zeros.
fn count(text: &str, most: u32) -> Option<u32> {
    let count = text.parse().ok().filter(|count| (1..=most).contains(count))?;
    (count.to_string() == text).then_some(count)
}

fn build(number: u32, name: &str, seed: u64) -> Model<f64> {
    let [blocks, functions] = parts(number).map(|part| part as usize);
    MultiResidual { blocks, functions, widths: [16, 32, 64] }.build(name, seed)
}

/// A multi-residual network of three stages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MultiResidual {
    /// Blocks of a stage.
    pub blocks: usize,
    /// Functions of a block, 1 to 64.
    pub functions: usize,
    /// Channels of each stage; the stem has as many as the first.
    pub widths: [usize; 3],
}

impl MultiResidual {
    /// The network with initial weights drawn from `seed`.
    pub fn build<T: Scalar>(self, name: &str, seed: u64) -> Model<T> {
        let MultiResidual { blocks, functions, widths } = self;
        let mut net = ModelBuilder::for_cifar(seed);
        net.stem([conv("conv1", widths[0], 3)]);
        net.stages(&widths, blocks, |input, width, stride| block(functions, input, width, stride));
        net.finish(name, "block", super::preact::head())
    }
}

fn block(functions: usize, input: UnitShape, width: usize, stride: usize) -> UnitSpec {
    let activation = [norm("bn1"), relu()];
    let convolutions =
        [conv("conv1", width, 3).stride(stride), norm("bn2"), relu(), conv("conv2", width, 3)];
    let is_boundary = stride > 1 || input.c != width;
    let function = |i: usize| -> Vec<LayerSpec> {
        let own = if is_boundary { &[] } else { &activation[..] };
        let layers = own.iter().chain(&convolutions).cloned();
        layers.map(|layer| layer.within(&format!("branch{i}"))).collect()
    };
    let first = UnitSpec::residual(function(0));
    let unit = (1..functions).fold(first, |unit, i| unit.branch(function(i)));
    if is_boundary {
        unit.pre(activation).projection([conv("shortcut", width, 1).stride(stride)])
    } else {
        unit
    }
}

#[cfg(test)]
mod tests {
    use crate::{Arch, Route};

    #[test]
    fn parameters_and_macs_follow_the_closed_formulas() {
        for (b, k) in [(1, 1), (3, 2), (2, 3), (6, 1), (1, 9)] {
            // Each function: two 3x3 convolutions and two norms of two values a channel.
            let stage = |c: u64| b * k * (2 * 9 * c * c + 4 * c);
            // The first block of a narrower stage's: first convolutions see half the
            // channels, and one norm of half the width stands for K whole ones.
            let boundary = |c: u64| k * 9 * c * c / 2 + 2 * k * c - 2 * c / 2;
            let projections = 16 * 32 + 32 * 64;
            let stages = stage(16) + stage(32) + stage(64) - boundary(32) - boundary(64);
            let parameters = 27 * 16 + stages + projections + 2 * 64 + 650;
            let name = format!("multires-{b}x{k}");
            let model = Arch::parse(&name).unwrap().build::<f32>(0);
            assert_eq!(model.params.count_trained() as u64, parameters, "{name}");
            let stage = b * k * 2 * 9 * 16 * 16 * 1024;
            let macs = 27 * 16 * 1024 + 3 * stage - k * 9 * (16 * 32 * 256 + 32 * 64 * 64);
            assert_eq!(model.macs(), macs + 16 * 32 * 256 + 32 * 64 * 64 + 640, "{name}");
            assert_eq!(model.units.len() as u64, 3 * b);
            let all = Route::first_branches(k as usize).and(Route::SKIP);
            assert!(model.units.iter().all(|unit| unit.intact_route() == all));
        }
    }

    /// 18 functions each, so "at equal parameters" holds up to the boundary blocks.
    #[test]
    fn networks_of_18_functions_have_nearly_equal_parameters() {
        let parameters =
            |name: &str| Arch::parse(name).unwrap().build::<f32>(0).params.count_trained() as f64;
        let reference = parameters("resnet38");
        for name in ["multires-3x2", "multires-2x3"] {
            let ratio = parameters(name) / reference;
            assert!((0.9..1.0).contains(&ratio), "{name}: {ratio}");
        }
    }

    #[test]
    fn names_are_counts_without_decoration() {
        for name in ["multires-1x1", "multires-9x9", "multires-18x4", "multires-99x1"] {
            assert_eq!(Arch::parse(name).unwrap().to_string(), name);
        }
        for name in [
            "multires",
            "multires-3",
            "multires-3x",
            "multires-x2",
            "multires-0x2",
            "multires-3x0",
            "multires-3x10",
            "multires-100x1",
            "multires-03x2",
            "multires-+3x2",
            "multires-3x2x1",
            "multires-3X2",
            "multires-3x2-v1",
        ] {
            assert!(Arch::parse(name).is_err(), "{name}");
        }
    }
}
