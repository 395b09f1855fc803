//! The experiments: one file each, and the list from which commands and documents take
//! them.

pub mod additivity;
mod any;
pub mod branch_scales;
pub mod delete_branches;
pub mod delete_many;
pub mod delete_one;
pub mod delete_pairs;
pub mod delete_spans;
pub mod dependence;
pub mod ensemble;
pub mod estimation_error;
pub mod gates;
pub mod linear_residual;
pub mod masks;
pub mod middle_blocks;
mod needs;
mod options;
pub mod path_gradients;
pub mod plans;
pub mod probes;
pub mod reorder;
pub mod residual_cosine;
pub mod residual_norms;
pub mod sub_networks;
pub mod training_log;

use record::Answer;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Done, Inputs, LesionError, Work};

pub use crate::control::ControlOptions;
pub use additivity::Additivity;
pub use any::AnyExperiment;
pub use branch_scales::BranchScales;
pub use delete_branches::DeleteBranches;
pub use delete_many::DeleteMany;
pub use delete_one::DeleteOne;
pub use delete_pairs::DeletePairs;
pub use delete_spans::DeleteSpans;
pub use dependence::Dependence;
pub use ensemble::Ensemble;
pub use estimation_error::EstimationError;
pub use gates::Gates;
pub use linear_residual::LinearResidual;
pub use masks::Masks;
pub use middle_blocks::MiddleBlocks;
pub use needs::{MostImages, Needs, Networks};
pub use options::{OptionInfo, Preset};
pub use path_gradients::PathGradients;
pub use plans::Plans;
pub use probes::Probes;
pub use reorder::Reorder;
pub use residual_cosine::ResidualCosine;
pub use residual_norms::ResidualNorms;
pub use sub_networks::SubNetworks;
pub use training_log::TrainingLog;

/// Every experiment, in the order of the paper.
pub const ALL: &[&dyn AnyExperiment] = &[
    &DeleteOne,
    &DeleteMany,
    &Ensemble,
    &SubNetworks,
    &DeletePairs,
    &DeleteBranches,
    &Reorder,
    &PathGradients,
    &BranchScales,
    &ResidualNorms,
    &Gates,
    &LinearResidual,
    &Masks,
    &Additivity,
    &EstimationError,
    &ResidualCosine,
    &MiddleBlocks,
    &DeleteSpans,
    &Dependence,
    &Probes,
    &TrainingLog,
    &Plans,
];

/// A question that can be put to networks and images, as two functions: what has to be
/// computed, and what the numbers say. Everything in between is the
/// [`Runner`](crate::Runner)'s.
///
/// An implementation is a type without fields, also outside of this crate:
///
/// ```
/// use lesion::experiment::{Experiment, Needs, Networks, OptionInfo};
/// use lesion::{Done, Inputs, LesionError, Question, Runner, Work};
/// use record::Key;
/// use serde::{Deserialize, Serialize};
///
/// /// Sums of squares.
/// struct Squares;
///
/// #[derive(Serialize, Deserialize)]
/// #[serde(deny_unknown_fields)]
/// struct Options {
///     terms: usize,
/// }
///
/// impl Default for Options {
///     fn default() -> Self {
///         Options { terms: 10 }
///     }
/// }
///
/// #[derive(Serialize, Deserialize, Debug, PartialEq)]
/// struct Sum(f64);
///
/// impl record::Answer for Sum {
///     const EXPERIMENT: &'static str = "squares";
///
///     fn check(&self, _: &Key) -> Result<(), String> {
///         Ok(())
///     }
/// }
///
/// impl Experiment for Squares {
///     type Options = Options;
///     type Answer = Sum;
///     const VERSION: u32 = 1;
///     const SUMMARY: &'static str = "the sum of the first squares";
///     const OPTIONS: &'static [OptionInfo] =
///         &[OptionInfo::new("terms", "N", "how many squares")];
///
///     fn needs(_: &Options) -> Needs {
///         Needs { networks: Networks::None, test: false, training: false, log: false }
///     }
///
///     fn work(_: &Inputs, options: &Options) -> Result<Vec<Work>, LesionError> {
///         let run = Box::new(|_: &Inputs, i: usize| vec![(i * i) as f64]);
///         let (label, count) = ("i squared".to_owned(), options.terms);
///         Ok(vec![Work::Items { label, count, macs: 1, run }])
///     }
///
///     fn answer(_: &Inputs, _: &Options, done: Vec<Done>) -> Result<Sum, LesionError> {
///         let items = done.into_iter().flat_map(Done::into_items);
///         Ok(Sum(items.flatten().sum()))
///     }
/// }
///
/// let question = Question::new(&Squares, serde_json::json!({ "terms": 4 }), Inputs::default())?;
/// let record = question.run(&mut Runner::default())?;
/// assert_eq!((record.name.as_str(), record.answer::<Sum>()?), ("squares-terms4", Sum(14.0)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Experiment: Send + Sync + 'static {
    /// What a user may choose: draws, depths, folds, the seed of random choices. The
    /// default is the full protocol; options are part of key and name of a record.
    type Options: Serialize + DeserializeOwned + Default;
    /// The raw numbers; its [`Answer::EXPERIMENT`] is the experiment's name.
    type Answer: Answer;

    /// Raised when the numbers change, so that older records are out of date.
    const VERSION: u32;
    /// What is done, in one line.
    const SUMMARY: &'static str;
    /// The fields of the options, for the command line.
    const OPTIONS: &'static [OptionInfo];

    /// The options for the shipped sample: a protocol of minutes.
    fn preview() -> Self::Options {
        Self::Options::default()
    }

    /// How many images are enough for a preview with these options: fewer than those of the
    /// shipped sample where all of them would take too long.
    fn preview_images(_: &Self::Options) -> MostImages {
        MostImages::ALL
    }

    /// Which inputs are used.
    fn needs(options: &Self::Options) -> Needs;

    /// What has to be computed. The inputs are those that were needed.
    ///
    /// # Errors
    /// If an option makes no sense, by itself or for these inputs
    /// ([`LesionError::option`]).
    fn work(inputs: &Inputs, options: &Self::Options) -> Result<Vec<Work>, LesionError>;

    /// What comes out, from what was done for each [`Work`], in order. Sums of floats
    /// belong here, in the order of the images: the parts arrive in an order of their own.
    ///
    /// # Errors
    /// If a number is not finite that has to be.
    fn answer(
        inputs: &Inputs,
        options: &Self::Options,
        done: Vec<Done>,
    ) -> Result<Self::Answer, LesionError>;
}

/// The names of all experiments.
pub fn names() -> Vec<&'static str> {
    ALL.iter().map(|experiment| experiment.name()).collect()
}

/// The experiment called `name`.
///
/// # Errors
/// If there is none.
pub fn named(name: &str) -> Result<&'static dyn AnyExperiment, LesionError> {
    let found = ALL.iter().copied().find(|experiment| experiment.name() == name);
    found.ok_or_else(|| LesionError::UnknownExperiment { name: name.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_leads_to_its_experiment_and_an_unknown_one_to_the_list() {
        for experiment in ALL {
            assert_eq!(named(experiment.name()).unwrap().name(), experiment.name());
        }
        let message = named("delete-none").err().unwrap().to_string();
        let known = names().join(", ");
        assert_eq!(message, format!("unknown experiment \"delete-none\"; known are {known}"));
    }

    #[test]
    fn the_options_for_the_command_line_are_the_fields_of_both_presets() {
        for experiment in ALL {
            let listed: Vec<_> = experiment.options().iter().map(|option| option.name).collect();
            for preset in [Preset::Full, Preset::Preview] {
                let preset = experiment.preset(preset);
                let fields: Vec<_> = preset.as_object().unwrap().keys().collect();
                assert_eq!(fields, listed, "{}", experiment.name());
            }
        }
    }
}
