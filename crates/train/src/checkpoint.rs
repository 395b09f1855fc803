//! Checkpoints: parameters, velocities and the place of a training, in one file.

use std::path::Path;

use nn::state::StateDict;
use serde::{Deserialize, Serialize};
use tensor::Tensor;

use crate::{Position, Settings, TrainError, Trainer};

/// Names of velocities begin with this, then follow the parameter's.
const VELOCITY: &str = "velocity.";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    settings: Settings,
    #[serde(rename = "progress")]
    position: Position,
    /// For whoever evaluates the weights: how a whole network scales its branches. It
    /// follows from the settings; older checkpoints lack it.
    #[serde(default)]
    branch_scale: Option<Vec<f64>>,
}

/// Writes the state of a training, so that [`load`] restores it bit for bit.
///
/// # Errors
/// If a parameter or velocity is not finite: the older file, from which a training can
/// go on, is worth more than one from which none can. Or if it cannot be written.
pub(crate) fn save(trainer: &Trainer<'_>, path: &Path) -> Result<(), TrainError> {
    let mut state = trainer.model.params.to_state();
    for (id, param) in trainer.model.params.iter() {
        if let Some(velocity) = trainer.optimiser.velocity(id) {
            let velocity = nn::state::to_torch_layout(velocity);
            state.tensors.insert(format!("{VELOCITY}{}", param.name), velocity);
        }
    }
    check_finite(trainer, &state)?;
    let header = Header {
        settings: trainer.settings().clone(),
        position: trainer.position.clone(),
        branch_scale: Some(trainer.model.branch_scale.clone()),
    };
    state.metadata = Some(serde_json::to_string(&header).expect("a header is JSON"));
    Ok(record::atomic_write(path, &state.to_bytes())?)
}

/// Refuses a state that holds NaN or infinity. The losses do not tell of all: a
/// training that is stopped after a step has none yet from the weights that it left, and
/// running statistics take no part in training.
pub(crate) fn check_finite(trainer: &Trainer<'_>, state: &StateDict) -> Result<(), TrainError> {
    match state.tensors.iter().find(|(_, t)| !is_finite(t)) {
        Some((name, _)) => Err(trainer.diverged(format!("{name} holds NaN or infinity"))),
        None => Ok(()),
    }
}

/// Restores the state of a training that was made under the same settings. The number of
/// epochs may be another one as long as no step that was done would have been another.
pub(crate) fn load(trainer: &mut Trainer<'_>, path: &Path) -> Result<(), TrainError> {
    let bytes =
        std::fs::read(path).map_err(|error| TrainError::Read { path: path.into(), error })?;
    let damaged = |what: String| TrainError::Damaged { path: path.into(), what };
    let mut state = StateDict::from_bytes(&bytes).map_err(|error| damaged(error.to_string()))?;
    let header = state.metadata.take().ok_or_else(|| damaged("it holds no settings".into()))?;
    let header: Header =
        serde_json::from_str(&header).map_err(|error| damaged(error.to_string()))?;
    let stated = header.settings.recipe.epochs;
    let asked = trainer.settings().recipe.epochs;
    let mut settings = header.settings;
    settings.recipe.epochs = asked;
    let has_other_length = stated != asked && settings == *trainer.settings();
    if !has_other_length {
        settings.recipe.epochs = stated;
    }
    let differences = trainer.settings().differences(&settings);
    if !differences.is_empty() {
        return Err(TrainError::OtherSettings { path: path.into(), differences });
    }
    check_position(trainer, &header.position, stated).map_err(damaged)?;
    if has_other_length && !is_start_of_both(trainer, &header.position, stated) {
        let done = header.position.epoch;
        return Err(TrainError::OtherLength { path: path.into(), stated, done, asked });
    }
    let velocities = state.split_off_prefix(VELOCITY);
    let params = &mut trainer.model.params;
    params.load_state(&state).map_err(|error| damaged(error.to_string()))?;
    for (name, velocity) in velocities.tensors {
        let id = params.find(&name).filter(|&id| params.is_trained(id));
        let id = id.ok_or_else(|| damaged(format!("it has a velocity for {name}")))?;
        let velocity = nn::state::from_torch_layout(&velocity);
        if velocity.shape() != params.value(id).shape() {
            return Err(damaged(format!("the velocity of {name} has shape {}", velocity.shape())));
        }
        if !is_finite(&velocity) {
            return Err(damaged(format!("the velocity of {name} holds NaN or infinity")));
        }
        *trainer.optimiser.velocity_mut(id) = Some(velocity);
    }
    trainer.seek(header.position);
    Ok(())
}

/// Whether a training over `stated` epochs that has come to `position` has done exactly what
/// this one would have done: the learning rate is all that depends on the number of epochs.
/// The log of an epoch has the rate of the step after it, so that one counts too.
fn is_start_of_both(trainer: &Trainer<'_>, position: &Position, stated: u32) -> bool {
    let (recipe, steps) = (&trainer.settings().recipe, trainer.steps_per_epoch());
    let done = u64::from(position.epoch) * steps + position.step;
    let rate = |step, epochs: u32| recipe.schedule.rate(step, u64::from(epochs) * steps);
    let is_equal = |step| rate(step, stated) == rate(step, recipe.epochs);
    let fits = position.epoch <= recipe.epochs;
    fits && (done == 0 || (0..=done).all(is_equal))
}

/// Says why `position` is not a place in a training over `epochs` epochs.
fn check_position(trainer: &Trainer<'_>, position: &Position, epochs: u32) -> Result<(), String> {
    let Position { epoch, step, ref log, gradient_ratio, .. } = *position;
    let backward = trainer.settings().recipe.backward;
    let needs_ratio = !backward.is_ordinary() && !backward.raw && step > 0;
    if gradient_ratio.is_some() != needs_ratio
        || gradient_ratio.is_some_and(|ratio| !ratio.is_finite() || ratio < 0.0)
    {
        return Err(format!("its ratio of gradients is {gradient_ratio:?}"));
    }
    let steps = trainer.steps_per_epoch();
    if epoch > epochs {
        return Err(format!("{epoch} epochs are done, of {epochs}"));
    }
    if step > steps {
        return Err(format!("{step} steps of an epoch are done, of {steps}"));
    }
    if log.len() != epoch as usize {
        return Err(format!("{epoch} epochs are done, but {} logged", log.len()));
    }
    Ok(())
}

fn is_finite(t: &Tensor<f32>) -> bool {
    t.as_slice().iter().all(|v| v.is_finite())
}
