//! The options of the experiments, as options of the command line.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::Path;

use anyhow::{Context, Result, bail};
use clap::error::Error;
use clap::{Arg, ArgMatches, Args, Command, FromArgMatches};
use lesion::experiment::{ALL, plans};
use lesion::{AnyExperiment, OptionInfo, Preset};
use serde_json::Value;

use crate::text_input;

/// Largest file of plans, in bytes: 50,000 plans of the deepest networks studied.
const MAX_FILE_BYTES: u64 = 1 << 26;

/// The heading of these options in `--help`.
const HEADING: &str = "Options of experiments";

/// What was given, by the option's name.
#[derive(Debug, Default)]
pub(crate) struct ExperimentOptions {
    given: BTreeMap<&'static str, OsString>,
}

impl ExperimentOptions {
    /// The options of a preset with those that were given in their place.
    ///
    /// # Errors
    /// If an option is not one of the experiment's, or a file that it names cannot be read.
    pub(crate) fn of(&self, experiment: &dyn AnyExperiment, preset: Preset) -> Result<Value> {
        let mut options = experiment.preset(preset);
        for (name, text) in &self.given {
            let Some(option) = experiment.options().iter().find(|option| option.name == *name)
            else {
                let others: Vec<_> = owners(name).map(AnyExperiment::name).collect();
                bail!(
                    "--{name}: {} has no such option; {} has",
                    experiment.name(),
                    others.join(" or ")
                );
            };
            options[*name] = value(option, text).with_context(|| format!("--{name}"))?;
        }
        Ok(options)
    }
}

/// A number or a word; of an option that names a file, what the file holds.
fn value(option: &OptionInfo, given: &OsStr) -> Result<Value> {
    if option.is_file {
        let name = || Path::new(given).display().to_string();
        let lines = text_input::read(Path::new(given), MAX_FILE_BYTES);
        let lines = lines.with_context(|| format!("cannot read {}", name()))?;
        let lesions = plans::parse_lines(&lines).with_context(name)?;
        return Ok(serde_json::to_value(lesions)?);
    }
    let text = given.to_str().context("the value is not UTF-8")?;
    let number = serde_json::from_str(text).ok().filter(Value::is_number);
    Ok(number.unwrap_or_else(|| Value::String(text.to_owned())))
}

/// The experiments that have an option of this name.
fn owners(name: &str) -> impl Iterator<Item = &'static dyn AnyExperiment> {
    let has = move |experiment: &&dyn AnyExperiment| {
        experiment.options().iter().any(|option| option.name == name)
    };
    ALL.iter().copied().filter(has)
}

/// Every option once, in the order of the experiments.
fn all() -> Vec<&'static OptionInfo> {
    let mut all: Vec<&OptionInfo> = Vec::new();
    for option in ALL.iter().flat_map(|experiment| experiment.options()) {
        if all.iter().all(|known| known.name != option.name) {
            all.push(option);
        }
    }
    all
}

impl Args for ExperimentOptions {
    fn augment_args(command: Command) -> Command {
        all().into_iter().fold(command, |command, option| {
            let owners: Vec<_> = owners(option.name).map(AnyExperiment::name).collect();
            let help = format!("{} ({})", option.help, owners.join(", "));
            let arg = Arg::new(option.name).long(option.name).value_name(option.value);
            let arg = arg.value_parser(clap::value_parser!(OsString));
            command.arg(arg.help(help).help_heading(HEADING))
        })
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for ExperimentOptions {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let mut options = ExperimentOptions::default();
        options.update_from_arg_matches(matches)?;
        Ok(options)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        for option in all() {
            if let Some(text) = matches.get_one::<OsString>(option.name) {
                self.given.insert(option.name, text.clone());
            }
        }
        Ok(())
    }
}
