//! Experiments of any type, for lists and commands.

use record::{Answer as _, Key, Record};
use serde_json::Value;

use super::options::{parse, to_json};
use super::{Experiment, MostImages, Needs, OptionInfo, Preset};
use crate::{Done, Inputs, LesionError, Work};

/// An [`Experiment`] whose options and answer are JSON. Options may be partial objects:
/// what they leave out is as in the full protocol.
pub trait AnyExperiment: Send + Sync {
    /// Its name in commands and records.
    fn name(&self) -> &'static str;

    /// [`Experiment::VERSION`].
    fn version(&self) -> u32;

    /// [`Experiment::SUMMARY`].
    fn summary(&self) -> &'static str;

    /// [`Experiment::OPTIONS`].
    fn options(&self) -> &'static [OptionInfo];

    /// All options of a preset, as an object.
    fn preset(&self, preset: Preset) -> Value;

    /// All options, from an object with some.
    ///
    /// # Errors
    /// If there is no such option, or it cannot have that value.
    fn complete(&self, options: &Value) -> Result<Value, LesionError>;

    /// How many images are enough with these options: [`Experiment::preview_images`] for a
    /// preview, else all.
    ///
    /// # Errors
    /// As [`AnyExperiment::complete`].
    fn most_images(&self, preset: Preset, options: &Value) -> Result<MostImages, LesionError>;

    /// [`Experiment::needs`].
    ///
    /// # Errors
    /// As [`AnyExperiment::complete`].
    fn needs(&self, options: &Value) -> Result<Needs, LesionError>;

    /// [`Experiment::work`].
    ///
    /// # Errors
    /// As [`AnyExperiment::complete`], or if an option makes no sense.
    fn work(&self, inputs: &Inputs, options: &Value) -> Result<Vec<Work>, LesionError>;

    /// The record called `name` with the [`Experiment::answer`]; the options are the key's.
    ///
    /// # Errors
    /// As [`Experiment::answer`], or if the answer contradicts the key.
    fn record(
        &self,
        name: &str,
        key: &Key,
        inputs: &Inputs,
        done: Vec<Done>,
    ) -> Result<Record, LesionError>;
}

impl<E: Experiment> AnyExperiment for E {
    fn name(&self) -> &'static str {
        E::Answer::EXPERIMENT
    }

    fn version(&self) -> u32 {
        E::VERSION
    }

    fn summary(&self) -> &'static str {
        E::SUMMARY
    }

    fn options(&self) -> &'static [OptionInfo] {
        E::OPTIONS
    }

    fn preset(&self, preset: Preset) -> Value {
        to_json::<E>(&preset.of::<E>())
    }

    fn complete(&self, options: &Value) -> Result<Value, LesionError> {
        Ok(to_json::<E>(&parse::<E>(options)?))
    }

    fn most_images(&self, preset: Preset, options: &Value) -> Result<MostImages, LesionError> {
        let options = parse::<E>(options)?;
        Ok(match preset {
            Preset::Full => MostImages::ALL,
            Preset::Preview => E::preview_images(&options),
        })
    }

    fn needs(&self, options: &Value) -> Result<Needs, LesionError> {
        Ok(E::needs(&parse::<E>(options)?))
    }

    fn work(&self, inputs: &Inputs, options: &Value) -> Result<Vec<Work>, LesionError> {
        E::work(inputs, &parse::<E>(options)?)
    }

    fn record(
        &self,
        name: &str,
        key: &Key,
        inputs: &Inputs,
        done: Vec<Done>,
    ) -> Result<Record, LesionError> {
        let answer = E::answer(inputs, &parse::<E>(&key.options)?, done)?;
        Ok(Record::new(name, key.clone(), &answer)?)
    }
}
