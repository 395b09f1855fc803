//! Options: presets, partial objects, and what is wrong with them.

use record::Answer as _;
use serde_json::Value;

use super::Experiment;
use crate::LesionError;

/// An option as the command line offers it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OptionInfo {
    /// The field's name.
    pub name: &'static str,
    /// What a value is called, for instance `N`.
    pub value: &'static str,
    /// What it decides, in one line.
    pub help: &'static str,
    /// Whether a value is the name of a file, whose lines are [`Plans`](super::Plans).
    pub is_file: bool,
}

impl OptionInfo {
    /// An option whose value is a number or a word.
    pub const fn new(name: &'static str, value: &'static str, help: &'static str) -> OptionInfo {
        OptionInfo { name, value, help, is_file: false }
    }
}

/// Most lesions of an experiment: all of them are in memory at once.
pub(super) const MOST_LESIONS: usize = 200_000;

/// Refuses to make a list that is too long; `option` is what makes it long.
///
/// # Errors
/// [`LesionError::BadOption`] if there are more than [`MOST_LESIONS`].
pub(super) fn check_lesions(
    experiment: &'static str,
    option: &'static str,
    value: usize,
    lesions: usize,
) -> Result<(), LesionError> {
    if lesions <= MOST_LESIONS {
        return Ok(());
    }
    let reason = format!("that makes {lesions} lesions or more; the most is {MOST_LESIONS}");
    Err(LesionError::option(experiment, option, value, reason))
}

/// A complete set of options.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Preset {
    /// The full protocol, for all test images.
    Full,
    /// The protocol for the shipped sample.
    Preview,
}

impl Preset {
    /// The options of an experiment.
    pub(super) fn of<E: Experiment>(self) -> E::Options {
        match self {
            Preset::Full => E::Options::default(),
            Preset::Preview => E::preview(),
        }
    }
}

/// Options as JSON.
pub(super) fn to_json<E: Experiment>(options: &E::Options) -> Value {
    serde_json::to_value(options).expect("options are plain data")
}

/// The options that an object states; what it leaves out is as in the full protocol.
pub(super) fn parse<E: Experiment>(stated: &Value) -> Result<E::Options, LesionError> {
    let experiment = E::Answer::EXPERIMENT;
    let Some(stated) = stated.as_object() else {
        return Err(LesionError::Options { experiment, found: stated.to_string() });
    };
    let full = to_json::<E>(&E::Options::default());
    let mut options = full.clone();
    for (name, value) in stated {
        let known = E::OPTIONS.iter().find(|option| option.name == name);
        let Some(OptionInfo { name: option, .. }) = known else {
            let (option, accepted) = (name.clone(), accepted(E::OPTIONS));
            return Err(LesionError::UnknownOption { experiment, option, accepted });
        };
        // One at a time, so that the error names the option.
        let mut alone = full.clone();
        alone[*option] = value.clone();
        if let Err(error) = serde_json::from_value::<E::Options>(alone) {
            return Err(LesionError::option(experiment, option, value, error.to_string()));
        }
        options[*option] = value.clone();
    }
    serde_json::from_value(options).map_err(|error| LesionError::Options {
        experiment,
        found: format!("{}: {error}", Value::Object(stated.clone())),
    })
}

fn accepted(options: &[OptionInfo]) -> String {
    if options.is_empty() {
        return "it has none".to_owned();
    }
    let each = options
        .iter()
        .map(|OptionInfo { name, value, help, .. }| format!("{name} {value} ({help})"));
    format!("it has {}", each.collect::<Vec<_>>().join(", "))
}
