//! What can be wrong with a question to a network, or with its weights.

use std::fmt::Display;
use std::path::PathBuf;

use models::WeightsError;
use record::{RecordError, WriteError};

use crate::{MisfitError, Networks, experiment};

/// Why an experiment cannot be run. Each message says what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LesionError {
    /// A name that is not an experiment's.
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
        "{} has more than {limit} bytes, which no weights here have; name a file of weights",
        path.display()
    )]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The largest size accepted, in bytes.
        limit: u64,
    },
    /// Images of other classes than the network knows.
    #[error(
        "{network} knows {found} classes, but {images} has {expected}; its answers to them mean \
         nothing, so use weights that were trained on {expected} classes"
    )]
    Classes {
        /// The network.
        network: String,
        /// Its classes.
        found: usize,
        /// The images.
        images: String,
        /// Theirs.
        expected: usize,
    },
    /// The file holds no weights of the network.
    #[error(
        "weights {}: {source} (docs/your-own-network.md says which files, names and conventions \
         are read)",
        path.display()
    )]
    Weights {
        /// The file.
        path: PathBuf,
        /// What is wrong with them.
        source: WeightsError,
    },
    /// The catalogue of trained networks is damaged.
    #[error("the catalogue {}: {what}", path.display())]
    Catalogue {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// A name that no trained network has.
    #[error("there is no trained network {name} in the catalogue, which lists {known}")]
    NotInCatalogue {
        /// The name.
        name: String,
        /// The names of all trained networks.
        known: String,
    },
    /// A weights file that is not the one in the catalogue.
    #[error(
        "weights {}: sha-256 {found}, but the catalogue says {expected}; restore the file, or \
         give it another name",
        path.display()
    )]
    OtherWeights {
        /// The file.
        path: PathBuf,
        /// The sum in the catalogue.
        expected: String,
        /// The sum of the file.
        found: String,
    },
    /// A file that is not the log of a training, or cannot be read.
    #[error("the training log {}: {what}", path.display())]
    Log {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// A training log that the experiment needs.
    #[error("{experiment} reads the log of a training, but none is given")]
    NoLog {
        /// The experiment.
        experiment: &'static str,
    },
    /// An option that the experiment does not have.
    #[error("{experiment} has no option {option:?}; {accepted}")]
    UnknownOption {
        /// The experiment.
        experiment: &'static str,
        /// The name given.
        option: String,
        /// What it has.
        accepted: String,
    },
    /// A value that an option cannot have.
    #[error("{experiment}: the option {option} is {value}: {reason}")]
    BadOption {
        /// The experiment.
        experiment: &'static str,
        /// The option.
        option: &'static str,
        /// The value given, as JSON.
        value: String,
        /// What is expected.
        reason: String,
    },
    /// Options that are not an object.
    #[error("{experiment}: the options are {found}, expected a JSON object")]
    Options {
        /// The experiment.
        experiment: &'static str,
        /// What they are, as JSON.
        found: String,
    },
    /// A network that the experiment cannot be asked of.
    #[error("{experiment} cannot be asked of {network}: it needs {needed}")]
    Unsuited {
        /// The experiment.
        experiment: &'static str,
        /// The network.
        network: String,
        /// What a network needs.
        needed: &'static str,
    },
    /// Another number of networks than the experiment studies.
    #[error("{experiment} studies {expected}, but {found} are given")]
    Networks {
        /// The experiment.
        experiment: &'static str,
        /// How many it studies.
        expected: Networks,
        /// How many are given.
        found: usize,
    },
    /// Images that the experiment needs.
    #[error("{experiment} needs {split} images, but none are given")]
    Images {
        /// The experiment.
        experiment: &'static str,
        /// `test` or `training`.
        split: &'static str,
    },
    /// Fewer images than the experiment needs.
    #[error("{experiment} needs at least {expected} {split} images, but there are {found}")]
    TooFewImages {
        /// The experiment.
        experiment: &'static str,
        /// `test` or `training`.
        split: &'static str,
        /// The images at hand.
        found: usize,
        /// The images needed.
        expected: usize,
    },
    /// A lesion that cannot be done to the network.
    #[error("{experiment}, lesion {place} of {network}: {source}")]
    Misfit {
        /// The experiment.
        experiment: &'static str,
        /// The network.
        network: String,
        /// The place of the lesion in the experiment's list, from 0.
        place: usize,
        /// Why not.
        source: Box<MisfitError>,
    },
    /// A line of a list of plans that is not JSON, or neither a plan nor a lesion.
    #[error("line {line} of the plans is neither a plan nor a lesion: {source}")]
    PlanLine {
        /// The line, from 1.
        line: usize,
        /// What the parser says.
        source: serde_json::Error,
    },
    /// A plan of one's own that the network cannot follow.
    #[error("line {line} of the plans: {source}")]
    PlanMisfit {
        /// The line, from 1.
        line: usize,
        /// Why not.
        source: Box<MisfitError>,
    },
    /// A network whose loss is not a finite number.
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
    /// Networks whose probabilities are not numbers.
    #[error(
        "{experiment} of {networks}: the probabilities of {members} are not all numbers; their \
         activations overflow, so check how the weights were made"
    )]
    NoProbabilities {
        /// The experiment.
        experiment: &'static str,
        /// The networks.
        networks: String,
        /// Which members of the committee.
        members: String,
    },
    /// The run was stopped before all pieces were done.
    #[error(
        "stopped after {done} of {pieces} pieces; finished pieces that were kept are used by the next run"
    )]
    Stopped {
        /// Pieces that are done.
        done: usize,
        /// Pieces of the whole.
        pieces: usize,
    },
    /// The folder for finished pieces cannot be made or emptied.
    #[error("cannot {verb} the folder for finished pieces {}: {source}", path.display())]
    Folder {
        /// `make` or `remove`.
        verb: &'static str,
        /// The folder.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A finished piece cannot be kept.
    #[error(transparent)]
    Keep(#[from] WriteError),
    /// The answer contradicts itself or the question.
    #[error(transparent)]
    Record(#[from] RecordError),
}

impl LesionError {
    /// The error for a network that an experiment cannot be asked of: `needed` says what
    /// it lacks.
    pub fn unsuited(
        experiment: &'static str,
        network: impl Into<String>,
        needed: &'static str,
    ) -> LesionError {
        LesionError::Unsuited { experiment, network: network.into(), needed }
    }

    /// The error for an option whose value makes no sense: `reason` says what would, for
    /// instance `expected at least 1`.
    pub fn option(
        experiment: &'static str,
        option: &'static str,
        value: impl Display,
        reason: impl Into<String>,
    ) -> LesionError {
        let (value, reason) = (value.to_string(), reason.into());
        LesionError::BadOption { experiment, option, value, reason }
    }
}
