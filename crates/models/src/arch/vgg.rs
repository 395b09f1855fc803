//! The plain network of the lesion study: VGG-15 with one width throughout.
//!
//! 13 convolutions in groups of 2, 2, 3, 3 and 3, each group followed by 2 x 2 max
//! pooling, then two fully connected layers (after the CIFAR-10 network of Zagoruyko;
//! Simonyan and Zisserman 2014). All widths are equal, so that the identity can stand in
//! for any layer but the first (Veit et al. 2016, section 4.1).
//!
//! ```text
//! y = pool relu bn conv x       (pool at the end of a group)
//! y = relu bn linear dropout average x
//! ```
//!
//! `vgg15-skip` is the same with the identity added around every layer that keeps its
//! width, all but the first: `y = pool (x + relu bn conv x)`. Whatever differs between the
//! two is due to the skips, not to depth, width or the make of a layer.

use tensor::{Normalisation, Scalar};

use super::family::{Family, Training, variant};
use crate::build::{LayerSpec, conv, dropout, global_average, linear, max_pool, norm, relu};
use crate::{Model, ModelBuilder, UnitSpec};

const NAMES: [&str; 3] = ["vgg15", "vgg15-nobn", "vgg15-skip"];

pub(super) static FAMILY: Family = Family {
    names: "vgg15, vgg15-nobn and vgg15-skip",
    source: "plain networks of 15 layers, one with skips (after Simonyan and Zisserman 2014)",
    listed: &[0, 1, 2],
    parse: |name| variant(name, &NAMES),
    name: |variant| NAMES[variant as usize].to_owned(),
    build: |variant, name, seed| {
        Vgg15 { width: 128, batch_norm: variant != 1, skips: variant == 2 }.build(name, seed)
    },
    normalisation: Normalisation::CIFAR10,
    training: Training { epochs: 30, peak_rate: 0.1, step_weight_decay: 5e-4 },
};

/// VGG-15 with `width` channels in every convolution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Vgg15 {
    /// Channels of every convolution and features of the first linear layer.
    pub width: usize,
    /// Batch norm after each layer but the last; else biases.
    pub batch_norm: bool,
    /// The identity added around each layer that keeps its width.
    pub skips: bool,
}

/// Convolutions in each group.
const GROUPS: [usize; 5] = [2, 2, 3, 3, 3];
/// Before each fully connected layer.
const DROPOUT: f64 = 0.5;

impl Vgg15 {
    /// The network with initial weights drawn from `seed`.
    pub fn build<T: Scalar>(self, name: &str, seed: u64) -> Model<T> {
        let mut net = ModelBuilder::for_cifar(seed);
        for (group, layers) in GROUPS.into_iter().enumerate() {
            for i in 0..layers {
                let keeps_width = net.shape().c == self.width;
                let layer = self.layer(self.rectified(conv("conv", self.width, 3)), keeps_width);
                let is_last = i + 1 == layers;
                let layer = if is_last { layer.post([max_pool(2)]) } else { layer };
                net.unit(format!("layer{}.{i}", group + 1), group, layer);
            }
        }
        let hidden = self.rectified(linear("linear", self.width));
        let hidden = self.layer([vec![dropout(DROPOUT)], hidden].concat(), true);
        net.unit("fc1", GROUPS.len(), hidden.pre([global_average()]));
        net.finish(name, "layer", [dropout(DROPOUT), linear("linear", 10).bias(0.0)])
    }

    fn layer(self, layers: Vec<LayerSpec>, keeps_width: bool) -> UnitSpec {
        if self.skips && keeps_width { UnitSpec::residual(layers) } else { UnitSpec::plain(layers) }
    }

    /// A linear map with its norm, or else its bias, and a ReLU.
    fn rectified(self, map: LayerSpec) -> Vec<LayerSpec> {
        if self.batch_norm { vec![map, norm("bn"), relu()] } else { vec![map.bias(0.0), relu()] }
    }
}

#[cfg(test)]
mod tests {
    use crate::Arch;

    #[test]
    fn parameters_and_macs_follow_the_closed_formulas() {
        let [vgg, nobn, skip] = super::NAMES.map(|name| Arch::parse(name).unwrap().build::<f32>(0));
        let convs = 9 * 3 * 128 + 12 * 9 * 128 * 128;
        let params = convs + 14 * 256 + 128 * 128 + 1290;
        assert_eq!(vgg.params.count_trained(), params);
        let square = 9 * 128 * 128;
        let macs = 9 * 3 * 128 * 1024
            + square * (1024 + 2 * 256 + 3 * 64 + 3 * 16 + 3 * 4)
            + 128 * 128
            + 1280;
        assert_eq!(vgg.macs(), macs as u64);
        assert_eq!(nobn.params.count_trained(), params - 14 * 128);
        assert_eq!((skip.params.count_trained(), skip.macs()), (params, macs as u64));
    }

    #[test]
    fn with_skips_every_layer_but_the_first_is_a_residual_block_of_the_same_layers() {
        let [plain, skip] =
            ["vgg15", "vgg15-skip"].map(|name| Arch::parse(name).unwrap().build::<f32>(0));
        assert_eq!((plain.units.len(), skip.units.len()), (14, 14));
        for (place, (plain, skip)) in plain.units.iter().zip(&skip.units).enumerate() {
            assert_eq!((&plain.name, &plain.branches), (&skip.name, &skip.branches));
            assert_eq!((&plain.pre, &plain.post), (&skip.pre, &skip.post));
            assert_eq!((plain.has_skip(), skip.has_skip()), (false, place > 0));
            assert_eq!(plain.is_deletable(), skip.is_deletable());
        }
    }
}
