//! `plainD`: the pre-activation network `resnetD` built without its skips.
//!
//! ```text
//! y = conv2 relu bn2 conv1 relu bn1 x
//! ```
//!
//! Units, stem and head are those of [`preact`](super::preact), so that the two can be
//! compared unit by unit. Where a unit keeps the shape the identity can stand in for it.

use tensor::Normalisation;

use super::family::{Family, Training, depth};
use super::preact::head;
use crate::build::{conv, norm, relu};
use crate::{Model, ModelBuilder, UnitShape, UnitSpec};

pub(super) static FAMILY: Family = Family {
    names: "plainD with such a depth (plain32)",
    source: "residual networks built without their skips (He et al. 2015)",
    listed: &[32],
    parse: |name| depth(name, "plain", ""),
    name: |depth| format!("plain{depth}"),
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

fn block(_: UnitShape, width: usize, stride: usize) -> UnitSpec {
    UnitSpec::plain([
        norm("bn1"),
        relu(),
        conv("conv1", width, 3).stride(stride),
        norm("bn2"),
        relu(),
        conv("conv2", width, 3),
    ])
}

#[cfg(test)]
mod tests {
    use crate::Arch;

    #[test]
    fn a_plain_network_is_the_residual_one_without_projections() {
        let [plain, residual] =
            ["plain32", "resnet32"].map(|name| Arch::parse(name).unwrap().build::<f32>(0));
        let projections = 16 * 32 + 32 * 64;
        let parameters = [&plain, &residual].map(|model| model.params.count_trained());
        assert_eq!(parameters[0] + projections, parameters[1]);
        assert_eq!(plain.macs() + 16 * 32 * 256 + 32 * 64 * 64, residual.macs());
        let shapes = |model: &crate::Model<f32>| -> Vec<_> {
            model.units.iter().map(|unit| (unit.name.clone(), unit.output)).collect()
        };
        assert_eq!(shapes(&plain), shapes(&residual));
        let deletable = plain.units.iter().map(crate::Unit::is_deletable);
        assert!(deletable.eq((0..15).map(|id| id != 5 && id != 10)));
    }
}
