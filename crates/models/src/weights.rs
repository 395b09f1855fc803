//! Trained weights: a state dict and what is said about it.

mod checkpoint;
mod loaded;

use nn::state::StateError;
use serde::{Deserialize, Serialize};
use tensor::Normalisation;

pub use crate::import::ImportError;
pub use loaded::{Choices, Loaded, Origin, load_weights};

use crate::Shortcut;

/// What this project's weight files say about themselves.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metadata {
    /// The name of the architecture.
    pub model: String,
    /// The recipe it was trained with.
    pub recipe: String,
    /// The highest learning rate; absent if it was the recipe's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peak_rate: Option<f64>,
    /// Epochs of training.
    pub epochs: u32,
    /// The epochs that its recipe was laid out for; absent if they were all done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of_epochs: Option<u32>,
    /// The seed of the training.
    pub seed: u64,
    /// Error on all test images after the last epoch, a part of 1; absent if
    /// it was not trained on the full data set.
    pub test_error: Option<f64>,
    /// How its inputs are normalised.
    pub normalisation: Normalisation,
    /// The factor of each unit's branch under both terms.
    pub branch_scale: Vec<f64>,
    /// Which blocks a training step ran, in the words of the training's option, for
    /// instance `stochastic-depth:0.5`; absent if all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paths: Option<String>,
    /// Which paths the gradients of the training took, in the words of its option, for
    /// instance `up-to:4`; absent if all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backward: Option<String>,
    /// The version of the program that trained it.
    pub program: String,
}

/// Weights that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum WeightsError {
    /// Not a file of weights, or a damaged one.
    #[error(transparent)]
    Import(#[from] ImportError),
    /// Not of this network, or with values that no network has.
    #[error("{}{source}", hint.as_ref().map_or(String::new(), |hint| format!("{hint}; ")))]
    State {
        /// What explains most of the differences, and what to do.
        hint: Option<String>,
        /// All of them.
        source: StateError,
    },
    /// Metadata that does not parse.
    #[error("the metadata of the weights is damaged: {0}; train or download them again")]
    Metadata(#[from] serde_json::Error),
    /// Metadata of another model.
    #[error("the weights are of model {found}, not of {expected}; name that model instead")]
    OtherModel {
        /// The model of the weights.
        found: String,
        /// The model asked for.
        expected: String,
    },
    /// A scale for each branch is needed.
    #[error("the weights scale {found} branches, but the network has {expected}")]
    BranchScale {
        /// Scales in the file.
        found: usize,
        /// Units of the network.
        expected: usize,
    },
    /// A checkpoint without the scales of its branches.
    #[error(
        "a checkpoint of a training with --paths {paths}, by a version that did not store how \
         branches are scaled; resume the training, and use its final.safetensors"
    )]
    CheckpointScales {
        /// What the training's option said.
        paths: String,
    },
    /// A shortcut that the architecture does not come with.
    #[error(
        "{model} does not come with the shortcut {shortcut}; only the -v1 networks have several"
    )]
    Shortcut {
        /// The architecture.
        model: String,
        /// The shortcut asked for.
        shortcut: Shortcut,
    },
}
