//! What can be wrong with a question to a network, or with its weights.

use std::path::PathBuf;

use models::WeightsError;

use crate::experiment;

/// Why an experiment cannot be run. Each message says what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LesionError {
    /// A name that is no experiment's.
    #[error("unknown experiment {name:?}; known are {}", experiment::names().join(", "))]
    UnknownExperiment {
        /// The name.
        name: String,
    },
    /// The weights file cannot be read.
    #[error("cannot read the weights {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The file is larger than any weights.
    #[error(
        "{} has more than {limit} bytes, which no weights here have; name a safetensors file",
        path.display()
    )]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The largest size accepted, in bytes.
        limit: u64,
    },
    /// The file holds no weights of the network.
    #[error("weights {}: {source}", path.display())]
    Weights {
        /// The file.
        path: PathBuf,
        /// What is wrong with them.
        source: WeightsError,
    },
    /// No image to measure on.
    #[error("{experiment} needs at least one image")]
    NoImages {
        /// The experiment.
        experiment: &'static str,
    },
    /// A network whose loss is no number.
    #[error(
        "{model}, {lesion}: the mean cross-entropy is {cross_entropy}; its activations overflow, \
         so check how the weights were made"
    )]
    NotFinite {
        /// The network.
        model: String,
        /// `intact`, or what is deleted.
        lesion: String,
        /// The value.
        cross_entropy: f64,
    },
}
