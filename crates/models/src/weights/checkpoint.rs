//! What the checkpoint of a training says about its weights.

use serde::Deserialize;
use tensor::Normalisation;

use super::{Metadata, WeightsError};

/// Names of an optimiser's velocities begin with this.
const VELOCITY: &str = "velocity.";

/// The part of a checkpoint's header that matters for its weights.
#[derive(Deserialize)]
struct Header {
    settings: Settings,
    progress: Progress,
    /// Absent in checkpoints of trainings that scale nothing, by older versions.
    branch_scale: Option<Vec<f64>>,
}

#[derive(Deserialize)]
struct Settings {
    model: String,
    recipe: Recipe,
    seed: u64,
    normalisation: Normalisation,
}

#[derive(Deserialize)]
struct Recipe {
    name: String,
    epochs: u32,
    paths: Option<String>,
    backward: Option<String>,
}

#[derive(Deserialize)]
struct Progress {
    epoch: u32,
    step: u64,
}

/// A checkpoint's metadata as those of final weights, and where its training stands.
pub(super) struct Checkpoint {
    pub(super) metadata: Metadata,
    pub(super) note: String,
}

/// Reads the header of a checkpoint; `None` if it is the metadata of final weights.
pub(super) fn read(header: &str, units: usize) -> Result<Option<Checkpoint>, WeightsError> {
    let value: serde_json::Value = serde_json::from_str(header)?;
    if value.get("settings").is_none() || value.get("progress").is_none() {
        return Ok(None);
    }
    let Header { settings, progress, branch_scale } = serde_json::from_value(value)?;
    let Recipe { name: recipe, epochs: of, paths, backward } = settings.recipe;
    let branch_scale = match (branch_scale, &paths) {
        (Some(scales), _) => scales,
        (None, None) => vec![1.0; units],
        (None, Some(paths)) => {
            return Err(WeightsError::CheckpointScales { paths: paths.clone() });
        }
    };
    let Progress { epoch, step } = progress;
    let within = if step > 0 { format!(" and {step} steps") } else { String::new() };
    Ok(Some(Checkpoint {
        note: format!("a checkpoint after {epoch} of {of} epochs{within}"),
        metadata: Metadata {
            model: settings.model,
            recipe,
            peak_rate: None,
            epochs: epoch,
            of_epochs: (epoch < of).then_some(of),
            seed: settings.seed,
            test_error: None,
            normalisation: settings.normalisation,
            branch_scale,
            paths,
            backward,
            program: String::new(),
        },
    }))
}

/// Whether a tensor of a checkpoint is of its optimiser.
pub(super) fn is_velocity(name: &str) -> bool {
    name.starts_with(VELOCITY)
}
