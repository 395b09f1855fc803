//! The registry: every network has a name.

mod bottleneck;
mod family;
mod highway;
mod identity;
mod multires;
mod plain;
mod postact;
mod preact;
mod resnext;
mod shared;
mod shortcut;
mod vgg;

use std::fmt;
use std::hash::{Hash, Hasher};

use tensor::{Buffer, Normalisation, Scalar};

use crate::Model;
pub use bottleneck::Bottleneck;
pub use family::{Family, Training};
pub use multires::MultiResidual;
pub use resnext::ResNext;
pub use shared::SharedWeights;
pub use shortcut::{Shortcut, UnknownShortcut};
pub use vgg::Vgg15;

/// All families, in the order of listings.
pub static FAMILIES: [&Family; 10] = [
    &preact::FAMILY,
    &postact::FAMILY,
    &vgg::FAMILY,
    &plain::FAMILY,
    &highway::FAMILY,
    &bottleneck::FAMILY,
    &identity::FAMILY,
    &multires::FAMILY,
    &shared::FAMILY,
    &resnext::FAMILY,
];

/// An architecture, known by its name: a member of a family.
#[derive(Clone, Copy)]
pub struct Arch {
    family: &'static Family,
    number: u32,
}

/// A name that no architecture has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown model {0:?}; known are {known}; `cargo xtask models` lists them", known = known())]
pub struct UnknownModel(pub String);

fn known() -> String {
    FAMILIES.map(|family| family.names).join(", ")
}

impl Arch {
    /// The architectures that listings show. ResNets of other depths exist too.
    pub fn listed() -> Vec<Arch> {
        let of = |family: &&'static Family| {
            let family = *family;
            family.listed.iter().map(move |&number| Arch { family, number })
        };
        FAMILIES.iter().flat_map(of).collect()
    }

    /// The architecture called `name`.
    ///
    /// # Errors
    /// If there is none.
    pub fn parse(name: &str) -> Result<Arch, UnknownModel> {
        let in_family =
            |&family: &&'static Family| (family.parse)(name).map(|number| Arch { family, number });
        FAMILIES.iter().find_map(in_family).ok_or_else(|| UnknownModel(name.to_owned()))
    }

    /// The network with initial weights drawn from `seed`.
    pub fn build<T: Scalar>(self, seed: u64) -> Model<T> {
        let model = (self.family.build)(self.number, &self.to_string(), seed).cast();
        // What the network was drawn in. It would count towards the memory of a training.
        Buffer::<f64>::free_unused();
        model
    }

    /// The same network with another shortcut where the resolution changes; `None` if it
    /// comes with one kind only.
    pub fn with_shortcut(self, shortcut: Shortcut) -> Option<Arch> {
        let number = postact::with_shortcut(self.number, shortcut);
        self.shortcut().map(|_| Arch { number, ..self })
    }

    /// Its shortcut where the resolution changes, if it comes with several kinds.
    pub fn shortcut(self) -> Option<Shortcut> {
        let has_several = std::ptr::eq(self.family, &postact::FAMILY);
        has_several.then(|| postact::shortcut(self.number))
    }

    /// How images are normalised for weights that do not say it themselves.
    pub fn default_normalisation(self) -> Normalisation {
        self.family.normalisation
    }

    /// What a training of it should know.
    pub fn training(self) -> Training {
        self.family.training
    }
}

impl fmt::Display for Arch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&(self.family.name)(self.number))
    }
}

/// By name, which is unique.
impl fmt::Debug for Arch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Arch({self})")
    }
}

impl PartialEq for Arch {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.family, other.family) && self.number == other.number
    }
}

impl Eq for Arch {}

impl Hash for Arch {
    fn hash<H: Hasher>(&self, state: &mut H) {
        std::ptr::hash(self.family, state);
        self.number.hash(state);
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
    fn no_name_belongs_to_two_families() {
        for arch in Arch::listed() {
            let name = arch.to_string();
            let claiming = FAMILIES.iter().filter(|family| (family.parse)(&name).is_some());
            assert_eq!(claiming.count(), 1, "{name}");
        }
    }

    #[test]
    fn other_names_are_refused() {
        for name in [
            "",
            "resnet",
            "resnet21",
            "resnet2",
            "resnet020",
            "resnet+20",
            "vgg",
            "resnet20-v2",
            "plain",
            "plain31",
            "highway-b1",
        ] {
            assert_eq!(Arch::parse(name), Err(UnknownModel(name.into())), "{name}");
        }
        let message = UnknownModel("x".into()).to_string();
        assert!(message.contains("resnetD with a depth D = 6n + 2"), "{message}");
        assert!(message.contains("vgg15, vgg15-nobn and vgg15-skip"), "{message}");
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
            let found = [Route::SKIP, Route::BRANCH].map(|route| unit.macs_along(route));
            assert_eq!(found, [skip, branch], "{name}, unit {id}");
            if unit.intact_route() == Route::BOTH {
                assert_eq!(unit.macs_along(Route::BOTH), skip + branch, "{name}, unit {id}");
            }
            assert_eq!(unit.macs(), unit.macs_along(unit.intact_route()), "{name}, unit {id}");
            let deleted = Plan::intact(&model).delete(&model, id).unwrap();
            assert_eq!(model.macs_under(&deleted), model.macs() - branch, "{name}, unit {id}");
        }
    }
}
