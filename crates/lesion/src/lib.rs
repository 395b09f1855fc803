//! Lesion experiments: what a trained network still does with parts switched off.
//!
//! A [`Subject`] is a network with its weights, an [`Experiment`] a question put to
//! it, and the answer a [`record::Record`]: what was asked, of which weights, on
//! which images, and every raw number. The subject is never edited; lesions are
//! [`models::Plan`]s. [`experiment::ALL`] lists the experiments.
//!
//! Experiments that try many plans go through a [`PlanSweep`], which runs what plans
//! share once and can tell its [`Cost`] beforehand.
//!
//! The numbers depend on the weights, the images and the SIMD level, not on the
//! number of threads.
//!
//! **Must not know:** how networks are trained, figures and pages, the terminal.
//!
//! ```
//! use lesion::{Experiment, Subject};
//! use models::Arch;
//! use record::Outcome;
//!
//! // An untrained network in the place of a weights file.
//! let arch = Arch::parse("resnet8")?;
//! let bytes = arch.build::<f32>(1).params.to_state().to_bytes();
//! let subject = Subject::from_bytes(arch, "untrained.safetensors".as_ref(), &bytes)?;
//!
//! let shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/../../data");
//! let images = data::load_sample(shipped.as_ref(), data::Split::Test)?.take_first(4)?;
//!
//! let experiment = Experiment::named("delete-one")?;
//! let record = experiment.run(&subject, &images, None, &mut |_done, _total| {})?;
//! // A key can be had without a run, to see whether a record answers it already.
//! assert!(record.is_up_to_date(&experiment.key(&subject, &images, None)));
//! let Outcome::DeleteOne(outcome) = &record.result;
//! assert_eq!((outcome.images, outcome.units.len()), (4, 3));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod catalogue;
mod error;
pub mod experiment;
mod subject;
pub mod sweep;

pub use catalogue::{Catalogue, TrainedNetwork};
pub use error::LesionError;
pub use experiment::{Experiment, Part};
pub use subject::{RECALIBRATION_BATCH, Subject};
pub use sweep::{Cost, PlanSweep};
