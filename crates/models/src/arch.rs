//! The registry: every network has a name.

use std::fmt;

use tensor::{Normalisation, Scalar};

use crate::{Model, PostActResNet, PreActResNet, Vgg15};

/// An architecture, known by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Arch {
    /// `resnetD`: pre-activation ResNet of depth `D = 6n + 2` (He et al. 2016).
    PreAct {
        /// Layers with weights: 8, 14, 20, …
        depth: usize,
    },
    /// `resnetD-v1`: post-activation with option A (He et al. 2015).
    PostAct {
        /// Layers with weights: 8, 14, 20, …
        depth: usize,
    },
    /// `vgg15` and `vgg15-nobn`: 13 convolutions and 2 fully connected layers.
    Vgg15 {
        /// Batch norm after each layer but the last.
        batch_norm: bool,
    },
}

/// A name that is no architecture's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "unknown model {0:?}; known are resnetD and resnetD-v1 with a depth D = 6n + 2 (resnet8, \
     resnet20, resnet110, …), vgg15 and vgg15-nobn; `cargo xtask models` lists them"
)]
pub struct UnknownModel(pub String);

impl Arch {
    /// The architectures that listings show. ResNets of other depths exist too.
    pub fn listed() -> Vec<Arch> {
        let pre = [8, 14, 20, 32, 44, 56, 110].map(|depth| Arch::PreAct { depth });
        let post = [8, 20, 32, 56, 110].map(|depth| Arch::PostAct { depth });
        let vgg = [true, false].map(|batch_norm| Arch::Vgg15 { batch_norm });
        pre.into_iter().chain(post).chain(vgg).collect()
    }

    /// The architecture called `name`.
    ///
    /// # Errors
    /// If there is none.
    pub fn parse(name: &str) -> Result<Arch, UnknownModel> {
        let unknown = || UnknownModel(name.to_owned());
        match name {
            "vgg15" => return Ok(Arch::Vgg15 { batch_norm: true }),
            "vgg15-nobn" => return Ok(Arch::Vgg15 { batch_norm: false }),
            _ => {}
        }
        let depth = name.strip_prefix("resnet").ok_or_else(unknown)?;
        let (depth, is_v1) = match depth.strip_suffix("-v1") {
            Some(depth) => (depth, true),
            None => (depth, false),
        };
        let is_plain = !depth.is_empty()
            && !depth.starts_with('0')
            && depth.bytes().all(|b| b.is_ascii_digit());
        let depth: usize = depth.parse().ok().filter(|_| is_plain).ok_or_else(unknown)?;
        if depth < 8 || depth % 6 != 2 || depth > 9998 {
            return Err(unknown());
        }
        Ok(if is_v1 { Arch::PostAct { depth } } else { Arch::PreAct { depth } })
    }

    /// The network with initial weights drawn from `seed`.
    pub fn build<T: Scalar>(self, seed: u64) -> Model<T> {
        let name = self.to_string();
        match self {
            Arch::PreAct { depth } => PreActResNet::cifar(depth).build(&name, seed),
            Arch::PostAct { depth } => PostActResNet::cifar(depth).build(&name, seed),
            Arch::Vgg15 { batch_norm } => Vgg15 { width: 128, batch_norm }.build(&name, seed),
        }
    }

    /// How images are normalised for weights that do not say it themselves.
    /// Published `-v1` weights use the ImageNet values, even on CIFAR-10.
    pub fn default_normalisation(self) -> Normalisation {
        match self {
            Arch::PostAct { .. } => Normalisation::IMAGENET,
            _ => Normalisation::CIFAR10,
        }
    }
}

impl fmt::Display for Arch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Arch::PreAct { depth } => write!(f, "resnet{depth}"),
            Arch::PostAct { depth } => write!(f, "resnet{depth}-v1"),
            Arch::Vgg15 { batch_norm: true } => f.write_str("vgg15"),
            Arch::Vgg15 { batch_norm: false } => f.write_str("vgg15-nobn"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Plan, Route};

    #[test]
    fn every_listed_name_leads_back_to_its_architecture() {
        for arch in Arch::listed() {
            assert_eq!(Arch::parse(&arch.to_string()), Ok(arch));
            assert_eq!(arch.build::<f32>(0).name, arch.to_string());
        }
    }

    #[test]
    fn other_names_are_refused() {
        for name in
            ["", "resnet", "resnet21", "resnet2", "resnet020", "resnet+20", "vgg", "resnet20-v2"]
        {
            assert_eq!(Arch::parse(name), Err(UnknownModel(name.into())), "{name}");
        }
    }

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
            let depth = 6 * n as usize + 2;

            // Pre-activation: bn1 of a boundary block is half as wide; a last norm of 64.
            let pre = convs + projections + b16 + b32 + b64 - 2 * 16 - 2 * 32 + 2 * 64 + head;
            let model = Arch::PreAct { depth }.build::<f32>(0);
            assert_eq!(model.params.count_trained() as u64, pre, "resnet{depth}");
            // Post-activation: a norm of 16 after the stem, no projections.
            let post = convs + b16 + b32 + b64 + 2 * 16 + head;
            let v1 = Arch::PostAct { depth }.build::<f32>(0);
            assert_eq!(v1.params.count_trained() as u64, post, "resnet{depth}-v1");

            // A full stage of n blocks costs the same at each resolution.
            let stage = 2 * n * 9 * 16 * 16 * 1024;
            let macs = 27 * 16 * 1024 + 3 * stage - 9 * 16 * 32 * 256 - 9 * 32 * 64 * 64 + 640;
            assert_eq!(v1.macs(), macs, "resnet{depth}-v1");
            assert_eq!(model.macs(), macs + 16 * 32 * 256 + 32 * 64 * 64, "resnet{depth}");
        }
        let vgg = Arch::Vgg15 { batch_norm: true }.build::<f32>(0);
        let convs = 9 * 3 * 128 + 12 * 9 * 128 * 128;
        let params = convs + 14 * 256 + 128 * 128 + 1290;
        assert_eq!(vgg.params.count_trained(), params);
        let square = 9 * 128 * 128;
        let macs = 9 * 3 * 128 * 1024
            + square * (1024 + 2 * 256 + 3 * 64 + 3 * 16 + 3 * 4)
            + 128 * 128
            + 1280;
        assert_eq!(vgg.macs(), macs as u64);
        let nobn = Arch::Vgg15 { batch_norm: false }.build::<f32>(0);
        assert_eq!(nobn.params.count_trained(), params - 14 * 128);
    }
    #[test]
    fn each_route_costs_the_terms_that_it_takes() {
        let same = 2 * 9 * 16 * 16 * 1024;
        let narrowing = 9 * 16 * 32 * 256 + 9 * 32 * 32 * 256;
        let projection = 16 * 32 * 256;
        let layer = 9 * 128 * 128 * 1024;
        let costs = [
            ("resnet8", 0, 0, same),
            ("resnet8", 1, projection, narrowing),
            ("resnet8-v1", 0, 0, same),
            ("resnet8-v1", 1, 0, narrowing),
            ("vgg15", 1, 0, layer),
            ("vgg15", 13, 0, 128 * 128),
        ];
        for (name, id, skip, branch) in costs {
            let model = Arch::parse(name).unwrap().build::<f32>(0);
            let unit = &model.units[id];
            let found = [Route::Skip, Route::Branch].map(|route| unit.macs_along(route));
            assert_eq!(found, [skip, branch], "{name}, unit {id}");
            if unit.intact_route() == Route::Both {
                assert_eq!(unit.macs_along(Route::Both), skip + branch, "{name}, unit {id}");
            }
            assert_eq!(unit.macs(), unit.macs_along(unit.intact_route()), "{name}, unit {id}");
            let deleted = Plan::intact(&model).delete(&model, id).unwrap();
            assert_eq!(model.macs_under(&deleted), model.macs() - branch, "{name}, unit {id}");
        }
    }
}
