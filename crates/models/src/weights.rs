//! Trained weights: a state dict and what is said about it.

use nn::state::{StateDict, StateError};
use serde::{Deserialize, Serialize};
use tensor::Normalisation;

use crate::{Arch, Model};

/// What this project's weight files say about themselves.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metadata {
    /// The name of the architecture.
    pub model: String,
    /// The recipe it was trained with.
    pub recipe: String,
    /// Epochs of training.
    pub epochs: u32,
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
    /// Unreadable, or not of this network.
    #[error(transparent)]
    State(#[from] StateError),
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
}

/// The network `arch` with weights from the bytes of a safetensors file, and
/// its metadata, which foreign files lack.
///
/// # Errors
/// If the bytes are no state dict of exactly this network with finite values,
/// or say that they are of another.
pub fn load_weights(
    arch: Arch,
    bytes: &[u8],
) -> Result<(Model<f32>, Option<Metadata>), WeightsError> {
    let state = StateDict::from_bytes(bytes)?;
    let metadata: Option<Metadata> =
        state.metadata.as_deref().map(serde_json::from_str).transpose()?;
    let mut model = arch.build::<f32>(0);
    if let Some(metadata) = &metadata {
        if metadata.model != model.name {
            let (found, expected) = (metadata.model.clone(), model.name);
            return Err(WeightsError::OtherModel { found, expected });
        }
        let (found, expected) = (metadata.branch_scale.len(), model.units.len());
        if found != expected {
            return Err(WeightsError::BranchScale { found, expected });
        }
        model.branch_scale.clone_from(&metadata.branch_scale);
    }
    model.params.load_state(&state)?;
    Ok((model, metadata))
}
