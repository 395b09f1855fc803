//! Recipes: everything about a training but the network, the data and the seed.

use models::Arch;
use nn::optim::{Schedule, Shape};
use serde::{Deserialize, Serialize};

use crate::{Backward, TrainedPaths};

/// How to train.
///
/// ```
/// use train::{Recipe, TrainedPaths};
///
/// let arch = models::Arch::parse("resnet20").unwrap();
/// // The default recipe of the network with stochastic depth, for three epochs.
/// let paths = TrainedPaths::StochasticDepth { p_last: 0.5 };
/// let recipe = Recipe { epochs: 3, paths, ..Recipe::default_for(arch) };
/// assert_eq!(recipe.schedule.rate(0, 1_000), Recipe::default_for(arch).schedule.rate(0, 1_000));
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// Its name.
    pub name: String,
    /// Passes over the training images.
    pub epochs: u32,
    /// Images in a batch; the last batch of an epoch takes what is left.
    pub batch: usize,
    /// The learning rate.
    pub schedule: Schedule,
    /// The part of the velocity that a step keeps.
    pub momentum: f64,
    /// Nesterov's form of momentum.
    pub nesterov: bool,
    /// L2 penalty on every parameter.
    pub weight_decay: f64,
    /// Which blocks a step runs.
    #[serde(default, skip_serializing_if = "is_default")]
    pub paths: TrainedPaths,
    /// Which paths the gradients take.
    #[serde(default, skip_serializing_if = "is_default")]
    pub backward: Backward,
}

/// What recipes of before had no word for is left out where it is as it was then, so
/// that their checkpoints stay equal.
fn is_default<V: Default + PartialEq>(value: &V) -> bool {
    *value == V::default()
}

/// A name that no recipe has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown recipe {name:?}; known are {} (also called paper)", Recipe::NAMES.join(" and "))]
pub struct UnknownRecipe {
    /// The name.
    pub name: String,
}

impl Recipe {
    /// The names of all recipes; the first is the default.
    pub const NAMES: [&str; 2] = ["one-cycle", "he2015"];

    /// The recipe called `name`, fitted to a network.
    ///
    /// - `one-cycle`: a short training. The rate climbs over the first quarter
    ///   and falls linearly to 0 (Smith and Topin 2018).
    /// - `he2015`, also called `paper`: He et al. 2015, section 4.2, which Veit et al. 2016
    ///   follow: rate 0.1, a tenth of it at 1/2 and 3/4 of 164 epochs (32,000 and 48,000 of
    ///   64,000 steps), with a short climb at the start.
    ///
    /// # Errors
    /// If there is none.
    pub fn named(name: &str, arch: Arch) -> Result<Recipe, UnknownRecipe> {
        let name = if name == "paper" { "he2015" } else { name };
        let common = Recipe {
            name: name.to_owned(),
            epochs: 0,
            batch: 128,
            schedule: Schedule { peak: 0.1, warm_up: 0.0, shape: Shape::OneCycle },
            momentum: 0.9,
            nesterov: true,
            weight_decay: 5e-4,
            paths: TrainedPaths::All,
            backward: Backward::default(),
        };
        let training = arch.training();
        match name {
            "one-cycle" => Ok(Recipe {
                epochs: training.epochs,
                schedule: Schedule {
                    peak: training.peak_rate,
                    warm_up: 0.25,
                    shape: Shape::OneCycle,
                },
                ..common
            }),
            "he2015" => Ok(Recipe {
                epochs: 164,
                schedule: Schedule {
                    peak: 0.1,
                    warm_up: 0.006,
                    shape: Shape::Step { milestones: vec![0.5, 0.75], factor: 0.1 },
                },
                weight_decay: training.step_weight_decay,
                ..common
            }),
            _ => Err(UnknownRecipe { name: name.to_owned() }),
        }
    }

    /// The default recipe of a network.
    pub fn default_for(arch: Arch) -> Recipe {
        Recipe::named(Recipe::NAMES[0], arch).expect("the default recipe exists")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_has_its_recipe_and_an_unknown_one_leads_to_the_names() {
        let arch = Arch::parse("resnet20").unwrap();
        for name in Recipe::NAMES {
            assert_eq!(Recipe::named(name, arch).unwrap().name, name);
        }
        assert_eq!(Recipe::named("paper", arch), Recipe::named("he2015", arch));
        let message = Recipe::named("magic", arch).unwrap_err().to_string();
        assert!(
            message.contains("\"magic\"") && message.contains("one-cycle and he2015"),
            "{message}"
        );
    }
}
