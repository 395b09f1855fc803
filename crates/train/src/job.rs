//! What is to be trained, and how far it has come.

use std::path::PathBuf;

use data::{Dataset, DatasetId};
use models::{Arch, Normalisation};
use serde::{Deserialize, Serialize};

use crate::Recipe;

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
    pub test: Dataset,
    /// The folder for checkpoint, log and final weights.
    pub out: PathBuf,
    /// Go on from the checkpoint in `out`, if there is one.
    pub resume: bool,
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
    /// The images measured on.
    pub test: DatasetId,
    /// How images become inputs.
    pub normalisation: Normalisation,
    /// The SIMD level.
    pub simd: String,
}

impl Settings {
    /// The settings of a job on this machine.
    pub fn of(job: &Job) -> Settings {
        Settings {
            model: job.arch.to_string(),
            recipe: job.recipe.clone(),
            seed: job.seed,
            train: job.train.id().clone(),
            test: job.test.id().clone(),
            normalisation: Normalisation::CIFAR10,
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
        let differing = here.iter().filter(|(key, value)| there.get(*key) != Some(value));
        differing.map(|(key, value)| format!("{key}: {value}, then {}", there[key])).collect()
    }
}

/// One line of the log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EpochLog {
    /// The epoch, from 1.
    pub epoch: u32,
    /// The learning rate of its last step.
    pub rate: f64,
    /// Mean cross-entropy of the batches while training on them, in nats.
    pub train_loss: f64,
    /// Part of the training images put into a wrong class at that time.
    pub train_error: f64,
    /// Part of the test images put into a wrong class after the epoch.
    pub test_error: f64,
    /// Mean cross-entropy of the test images, in nats.
    pub test_loss: f64,
}

/// How far a training has come.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Progress {
    /// Whole epochs done.
    pub epoch: u32,
    /// Steps done in the current epoch.
    pub step: u64,
    /// Sum of the losses of its images so far.
    pub loss_sum: f64,
    /// Wrong answers of its images so far.
    pub wrong: u64,
    /// The epochs done.
    pub log: Vec<EpochLog>,
}
