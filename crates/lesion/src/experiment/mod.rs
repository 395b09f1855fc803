//! The experiments: one list, from which commands and documents take them.

pub mod delete_one;

use data::Dataset;
use models::Model;
use record::{DataId, Key, Outcome, Record};

use crate::{Cost, LesionError, PlanSweep, Subject};

/// Every experiment, in the order of the paper.
pub const ALL: &[Experiment] = &[delete_one::EXPERIMENT];

/// Told how much is done, and of how much; the unit is one pass of one image
/// through one unit. Any thread may tell.
pub type Progress<'a> = &'a mut (dyn FnMut(u64, u64) + Send + 'a);

/// A question to a network.
#[derive(Debug, Clone, Copy)]
pub struct Experiment {
    /// Its name in commands and records.
    pub name: &'static str,
    /// Raised when its numbers change, so that older records are out of date.
    pub version: u32,
    /// What is done, in one line.
    pub summary: &'static str,
    /// The plans as the key states them, in brief.
    plans: fn(&Model<f32>) -> serde_json::Value,
    /// The sweeps that `measure` runs on so many images.
    parts: fn(&Model<f32>, usize) -> Vec<Part>,
    measure: fn(&Subject, &Dataset, Progress<'_>) -> Result<Outcome, LesionError>,
}

/// A part of an experiment's work: a sweep, and how many images it runs on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The sweep.
    pub sweep: PlanSweep,
    /// The number of images.
    pub images: usize,
}

impl Part {
    /// The work on all its images.
    ///
    /// # Panics
    /// If the sweep is not one of this model.
    pub fn cost(&self, model: &Model<f32>) -> Cost {
        self.sweep.cost(model) * self.images
    }
}

/// The names of all experiments.
pub fn names() -> Vec<&'static str> {
    ALL.iter().map(|experiment| experiment.name).collect()
}

impl Experiment {
    /// The experiment called `name`.
    ///
    /// # Errors
    /// If there is none.
    pub fn named(name: &str) -> Result<&'static Experiment, LesionError> {
        let found = ALL.iter().find(|experiment| experiment.name == name);
        found.ok_or_else(|| LesionError::UnknownExperiment { name: name.to_owned() })
    }

    /// Everything that decides the answer, without the work of finding it: a record
    /// that is [up to date](Record::is_up_to_date) with it needs no run.
    /// `claims_sha256` is that of the claims the record is made for.
    pub fn key(&self, subject: &Subject, images: &Dataset, claims_sha256: Option<&str>) -> Key {
        Key {
            experiment: self.name.to_owned(),
            version: self.version,
            model: subject.model_id(),
            weights: subject.weights.clone(),
            data: data_id(images),
            seed: 0,
            simd: tensor::simd::level().to_string(),
            claims_sha256: claims_sha256.map(str::to_owned),
            plans: (self.plans)(&subject.model),
        }
    }

    /// The work that [`run`](Experiment::run) will do, without doing it.
    pub fn parts(&self, subject: &Subject, images: &Dataset) -> Vec<Part> {
        (self.parts)(&subject.model, images.len())
    }

    /// The record's name: experiment, weights (with the model where their name
    /// does not begin with it), images where they are not the whole set. For
    /// instance `delete-one-resnet20`, `delete-one-vgg15-sample-first-64`.
    pub fn record_name(&self, subject: &Subject, images: &Dataset) -> String {
        let (model, source) = (&subject.model.name, &subject.weights.source);
        let stem = source.strip_suffix(".safetensors").unwrap_or(source);
        let mut name = format!("{}-", self.name);
        if !stem.starts_with(model.as_str()) {
            name += &format!("{model}-");
        }
        name += stem;
        let (whole, first) = whole_and_first(images);
        if is_sample(whole) {
            name += "-sample";
        }
        if let Some(first) = first {
            name += &format!("-first-{first}");
        }
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        name.chars().map(|c| if plain(c) { c } else { '_' }).collect()
    }

    /// Runs the experiment.
    ///
    /// # Errors
    /// If the loss of the network, intact or lesioned, is no finite number.
    pub fn run(
        &self,
        subject: &Subject,
        images: &Dataset,
        claims_sha256: Option<&str>,
        progress: Progress<'_>,
    ) -> Result<Record, LesionError> {
        let key = self.key(subject, images, claims_sha256);
        let outcome = (self.measure)(subject, images, progress)?;
        Ok(Record::new(self.record_name(subject, images), key, outcome))
    }
}

/// What records say of images: the set without `sample` or `first-N` in its name,
/// which are fields of their own.
fn data_id(images: &Dataset) -> DataId {
    let (whole, _) = whole_and_first(images);
    DataId {
        name: whole.replacen("-sample", "", 1),
        sample: is_sample(whole),
        images: images.len(),
        sha256: images.id().sha256.clone(),
    }
}

/// The name of the set, and how many of its images were taken if not all.
fn whole_and_first(images: &Dataset) -> (&str, Option<&str>) {
    match images.id().name.split_once("-first-") {
        Some((whole, first)) => (whole, Some(first)),
        None => (&images.id().name, None),
    }
}

fn is_sample(whole: &str) -> bool {
    whole.starts_with("cifar10-sample")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_leads_to_its_experiment_and_others_are_told_the_names() {
        for experiment in ALL {
            assert_eq!(Experiment::named(experiment.name).unwrap().name, experiment.name);
        }
        let message = Experiment::named("delete-none").unwrap_err().to_string();
        assert_eq!(message, "unknown experiment \"delete-none\"; known are delete-one");
    }
}
