//! The control of a measurement: the same architecture before any training.

use std::sync::OnceLock;

use models::{Arch, Model, Plan, recalibrated};
use serde::{Deserialize, Serialize};

use crate::experiment::OptionInfo;
use crate::{Inputs, LesionError, RECALIBRATION_BATCH};

/// The seed of a control unless another one is asked for: no network here is trained from it.
pub(crate) const SEED: u64 = 1000;
/// The batches of a control unless others are asked for.
pub(crate) const BATCHES: usize = 50;
/// What the command line says of a control.
pub(crate) const OPTIONS: [OptionInfo; 2] = [
    OptionInfo::new("control-seed", "S", "the seed of the control's initial weights"),
    OptionInfo::new(
        "control-batches",
        "N",
        "batches of 128 training images for the control's batch-norm statistics",
    ),
];

/// The options of an experiment that has a control and nothing else to choose.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ControlOptions {
    /// The seed of the control's initial weights.
    pub control_seed: u64,
    /// Batches of training images for its statistics, at most.
    pub control_batches: usize,
}

impl Default for ControlOptions {
    fn default() -> Self {
        ControlOptions { control_seed: SEED, control_batches: BATCHES }
    }
}

/// Initial weights of a seed of their own, the trained network's branch scales, and
/// batch-norm statistics from the first training images, unaugmented. The first who asks
/// makes the network, the same whoever it is.
pub(crate) struct Control {
    arch: Arch,
    seed: u64,
    batches: usize,
    model: OnceLock<Model<f32>>,
}

impl Control {
    /// The control of the first network, with statistics from `batches` batches of
    /// [`RECALIBRATION_BATCH`] images, or all whole ones where there are fewer.
    ///
    /// # Errors
    /// If the seed is the one that the network was trained from, there is no batch, or the
    /// architecture has no name by which it could be built.
    pub(crate) fn new(
        experiment: &'static str,
        inputs: &Inputs,
        seed: u64,
        batches: usize,
    ) -> Result<Control, LesionError> {
        let subject = inputs.network();
        let needed = "an architecture with a name, for the control with initial weights";
        let unsuited = |_| LesionError::unsuited(experiment, &subject.name, needed);
        let arch = Arch::parse(&subject.model.name).map_err(unsuited)?;
        if subject.weights.seed == Some(seed) {
            let reason = "the network was trained from this seed; the control has one of its own";
            return Err(LesionError::option(experiment, "control-seed", seed, reason));
        }
        if batches == 0 {
            let reason = "expected at least 1";
            return Err(LesionError::option(experiment, "control-batches", batches, reason));
        }
        // The error about too few images.
        inputs.statistics_batches(experiment)?;
        let batches = inputs.whole_batches(batches);
        Ok(Control { arch, seed, batches, model: OnceLock::new() })
    }

    /// How many batches the statistics come from.
    pub(crate) fn batches(&self) -> usize {
        self.batches
    }

    /// What making it costs, in multiplications.
    pub(crate) fn macs(&self, inputs: &Inputs) -> u64 {
        (self.batches * RECALIBRATION_BATCH) as u64 * inputs.network().model.macs()
    }

    /// The network.
    pub(crate) fn model(&self, inputs: &Inputs) -> &Model<f32> {
        self.model.get_or_init(|| {
            let subject = inputs.network();
            let branch_scale = subject.model.branch_scale.clone();
            let mut model = Model { branch_scale, ..self.arch.build(self.seed) };
            let images = 0..self.batches * RECALIBRATION_BATCH;
            let batches = subject.batches_of(inputs.training(), images, RECALIBRATION_BATCH);
            let plan = Plan::intact(&model);
            model = recalibrated(&model, &plan, batches.map(|(images, _)| images));
            model
        })
    }
}
