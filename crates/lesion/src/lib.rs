//! Lesion experiments: what a trained network still does with parts switched off.
//!
//! Asking, running and answering are apart:
//!
//! - An [`Experiment`] says what has to be computed ([`Work`]) and what the numbers mean
//!   (its answer, a struct of the crate `record`). Each is one file in [`experiment`],
//!   listed in [`experiment::ALL`]; others can be defined outside of this crate.
//! - A [`Question`] is an experiment with its options, put to [`Inputs`]: [`Subject`]s,
//!   which are networks with their weights, images, or the log of a training. It is checked when it is made, and
//!   knows its key, its record's name and its [`Cost`] before anything is run.
//! - A [`Runner`] cuts the work into pieces, computes them side by side and keeps
//!   each one on disk once it is finished, so that a run that was killed loses little. The
//!   result is a [`record::Record`]: what was asked, and every raw number.
//!
//! A [`Lesion`] is a value: a [`models::Plan`], and where wanted other branch scales,
//! re-estimated statistics, or replacements of values inside units. The network is never edited. Lesions of one piece go
//! through a [`PrefixTree`], which runs what plans share once.
//!
//! The numbers depend on the weights, the images and the SIMD level. They do not depend
//! on the number of threads, on how work is cut, or on interruptions.
//!
//! **Must not know:** how networks are trained, figures and pages, the terminal.
//!
//! ```
//! use lesion::{Inputs, Question, Runner, Subject, experiment};
//! use models::Arch;
//! use record::DeleteOne;
//!
//! // An untrained network in the place of a weights file.
//! let arch = Arch::parse("resnet8")?;
//! let bytes = arch.build::<f32>(1).params.to_state().to_bytes();
//! let subject = Subject::from_bytes(arch, "untrained.safetensors".as_ref(), &bytes)?;
//!
//! let shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/../../data");
//! let images = data::load_sample(shipped.as_ref(), data::Split::Test)?.take_first(4)?;
//!
//! let inputs = Inputs { networks: vec![subject], test: Some(images), ..Inputs::default() };
//! let experiment = experiment::named("delete-one")?;
//! let question = Question::new(experiment, serde_json::json!({}), inputs)?;
//! let sum = &question.key().networks[0].weights.sha256[..8];
//! let name = format!("delete-one-resnet8-untrained-{sum}-sample-first-4");
//! assert_eq!(question.record_name(), name);
//! let record = question.run(&mut Runner::default())?;
//! // The key is known without a run, to see whether a record answers it already.
//! assert!(record.is_up_to_date(question.key()));
//! let answer: DeleteOne = record.answer()?;
//! assert_eq!((answer.images, answer.units.len()), (4, 3));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod catalogue;
mod committee;
mod control;
mod draw;
mod error;
pub mod experiment;
mod folds;
mod images;
mod inputs;
mod lesion;
mod loading;
mod log;
mod name;
pub mod prefix_tree;
mod question;
mod reading;
mod replacement;
pub mod runner;
mod sorted;
mod subject;
pub mod work;

pub use catalogue::{Catalogue, TrainedNetwork};
pub use error::LesionError;
pub use experiment::{AnyExperiment, Experiment, MostImages, Needs, Networks, OptionInfo, Preset};
pub use inputs::Inputs;
pub use lesion::{Lesion, MisfitError, Statistics};
pub use loading::Loading;
pub use log::Log;
pub use prefix_tree::{Cost, PrefixTree};
pub use question::Question;
pub use replacement::{Replacement, Substitute};
pub use runner::{Limits, Progress, Runner};
pub use subject::{RECALIBRATION_BATCH, Subject};
pub use work::{Done, ItemFn, Predictions, Work};
