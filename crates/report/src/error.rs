//! What can keep a figure, a table or a verdict from being made.

/// Why a part of a report could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReportError {
    /// No record holds what a figure shows.
    #[error("{figure} needs {needed}, but none of the {given} records given is one")]
    NothingToShow {
        /// The figure.
        figure: String,
        /// What it needs.
        needed: String,
        /// How many records were given.
        given: usize,
    },
    /// More curves than can be distinguished.
    #[error("{figure} distinguishes at most {limit} curves, but {given} were given: draw fewer")]
    TooMany {
        /// The figure.
        figure: String,
        /// The largest number of curves.
        limit: usize,
        /// How many were given.
        given: usize,
    },
    /// A number that cannot be drawn.
    #[error("{figure}: {what}")]
    Data {
        /// The figure.
        figure: String,
        /// Which number, and what was expected.
        what: String,
    },
    /// The plotting library failed.
    #[error("cannot draw {figure}: {reason}")]
    Draw {
        /// The figure.
        figure: String,
        /// What the library says.
        reason: String,
    },
    /// A record that is needed is not among those given.
    #[error("{0}")]
    Lacking(String),
    /// A quantity is of another number of networks.
    #[error("expected the names of {expected}, found {given}")]
    Networks {
        /// `one network` or `several networks`.
        expected: &'static str,
        /// How many were named.
        given: usize,
    },
    /// A record's key is not one that its study can present.
    #[error("record {name}: {what}")]
    Unfit {
        /// The record.
        name: String,
        /// What it has, and what was expected.
        what: String,
    },
    /// A study was asked for a quantity that it does not have.
    #[error("study {study} has no quantity {quantity:?}; known are {}", known.join(", "))]
    UnknownQuantity {
        /// The study.
        study: &'static str,
        /// What was asked for.
        quantity: String,
        /// Its quantities.
        known: Vec<&'static str>,
    },
    /// There is no such figure.
    #[error("no such figure as {name}; known are {}", known.join(", "))]
    UnknownFigure {
        /// What was asked for.
        name: String,
        /// The figures that there are.
        known: Vec<&'static str>,
    },
    /// The answer of a record is not what its experiment promises.
    #[error(transparent)]
    Record(#[from] record::RecordError),
    /// A figure cannot be written.
    #[error(transparent)]
    Write(#[from] record::WriteError),
    /// The claims file is not as it should be.
    #[error("claims file: {0}")]
    Claims(String),
    /// The file of what claims say of readings is not as it should be.
    #[error("evidence file: {0}")]
    Evidence(String),
}
