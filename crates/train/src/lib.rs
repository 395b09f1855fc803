//! Recipes and the training loop: from images to weights, reproducibly.
//!
//! [`run`] trains a network, writes a checkpoint after every epoch and when it
//! is asked to stop, and resumes from it bit for bit, also inside an epoch:
//! every random number belongs to a place (epoch, image, step), so a
//! checkpoint needs no generator, only the place.
//!
//! A recipe's [`TrainedPaths`] say which blocks a step runs: all, or those of a random
//! sub-network. Its [`Backward`] says along which paths gradients go.
//!
//! **Must not know:** lesions, figures, the terminal.
//!
//! ```no_run
//! use std::sync::atomic::AtomicBool;
//! use train::{Job, Measured, Recipe, run};
//!
//! let arch = models::Arch::parse("resnet8").unwrap();
//! let dir = std::path::Path::new("data");
//! let job = Job {
//!     arch,
//!     recipe: Recipe { epochs: 1, ..Recipe::default_for(arch) },
//!     seed: 1,
//!     train: data::load_sample(dir, data::Split::Train).unwrap(),
//!     measured: Measured::Test(data::load_sample(dir, data::Split::Test).unwrap()),
//!     out: "out".into(),
//!     resume: false,
//! };
//! run(&job, &AtomicBool::new(false), &mut |_| {}).unwrap();
//! ```

mod backward;
mod batch;
mod checkpoint;
mod error;
mod folder;
mod job;
mod paths;
mod recipe;
mod run;
mod trainer;

pub use backward::{Backward, UnknownBackward};
pub use error::TrainError;
pub use job::{Job, Measured, Position, Settings};
pub use paths::{TrainedPaths, UnknownPaths};
pub use recipe::{Recipe, UnknownRecipe};
pub use run::{CHECKPOINT, Ending, Event, FINAL, LOG, run};
pub use trainer::{StepOutcome, Trainer};

pub use record::EpochLog;
