//! What is to be trained, and how far it has come.

use std::collections::BTreeSet;
use std::path::PathBuf;

use data::{Dataset, DatasetId};
use models::{Arch, Normalisation};
use serde::{Deserialize, Serialize};

use crate::{EpochLog, Recipe};

/// A training to run.
pub struct Job {
    /// The network.
    pub arch: Arch,
    /// How.
    pub recipe: Recipe,
    /// Decides the initial weights, the order of the images and their crops.
    pub seed: u64,
    /// The images to learn from.
    pub train: Dataset,
    /// The images to measure the error on after each epoch.
    pub measured: Measured,
    /// The folder for checkpoint, log and final weights.
    pub out: PathBuf,
    /// Go on from the checkpoint in `out`, if there is one.
    pub resume: bool,
}

/// The images that tell how well a training does. No choice of a recipe may look at
/// test images, so recipes are compared on training images that were held out.
pub enum Measured {
    /// The test images.
    Test(Dataset),
    /// Training images that the training does not learn from.
    Validation(Dataset),
}

impl Measured {
    /// The images.
    pub fn images(&self) -> &Dataset {
        match self {
            Measured::Test(images) | Measured::Validation(images) => images,
        }
    }
}

/// Everything that decides the bits of a training: a checkpoint is only
/// resumed under equal settings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The network.
    pub model: String,
    /// How.
    pub recipe: Recipe,
    /// The seed.
    pub seed: u64,
    /// The images to learn from.
    pub train: DatasetId,
    /// The test images, if they are measured on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test: Option<DatasetId>,
    /// The held-out images, if they are measured on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validation: Option<DatasetId>,
    /// How images become inputs.
    pub normalisation: Normalisation,
    /// The SIMD level.
    pub simd: String,
}

impl Settings {
    /// The settings of a job on this machine.
    pub fn of(job: &Job) -> Settings {
        let measured = Some(job.measured.images().id().clone());
        let (test, validation) = match job.measured {
            Measured::Test(_) => (measured, None),
            Measured::Validation(_) => (None, measured),
        };
        Settings {
            model: job.arch.to_string(),
            recipe: job.recipe.clone(),
            seed: job.seed,
            train: job.train.id().clone(),
            test,
            validation,
            normalisation: job.train.description().normalisation,
            simd: tensor::simd::level().to_string(),
        }
    }

    /// `key: here …, there …` for every setting in which two differ.
    pub fn differences(&self, other: &Settings) -> Vec<String> {
        let fields = |s: &Settings| match serde_json::to_value(s) {
            Ok(serde_json::Value::Object(fields)) => fields,
            _ => unreachable!("settings are a JSON object"),
        };
        let (here, there) = (fields(self), fields(other));
        // A setting that one of them lacks is none there.
        let none = serde_json::Value::Null;
        let keys: BTreeSet<&String> = here.keys().chain(there.keys()).collect();
        let values = |key: &String| [&here, &there].map(|s| s.get(key).unwrap_or(&none));
        let pairs = keys.into_iter().map(|key| (key, values(key)));
        let differing = pairs.filter(|(_, [here, there])| here != there);
        differing.map(|(key, [here, there])| format!("{key}: {here}, then {there}")).collect()
    }
}

/// The place that a training has reached.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Position {
    /// Whole epochs done.
    pub epoch: u32,
    /// Steps done in the current epoch.
    pub step: u64,
    /// Sum of the losses of its images so far.
    pub loss_sum: f64,
    /// Wrong answers of its images so far.
    pub wrong: u64,
    /// The ratio of norms that gradients along some paths were multiplied by last
    /// ([`Backward`](crate::Backward)).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gradient_ratio: Option<f64>,
    /// The epochs done.
    pub log: Vec<EpochLog>,
}
