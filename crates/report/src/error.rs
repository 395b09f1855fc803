//! What can keep a figure or a table from being made.

/// Why a report could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReportError {
    /// No record holds what a figure shows.
    #[error("{figure} needs {needed}, but none of the {given} records given is one")]
    NothingToShow {
        /// The figure.
        figure: &'static str,
        /// What it needs.
        needed: &'static str,
        /// How many records were given.
        given: usize,
    },
    /// More curves than can be told apart.
    #[error(
        "{figure} tells apart at most {limit} networks, but {given} were given: draw fewer at a time"
    )]
    TooMany {
        /// The figure.
        figure: &'static str,
        /// The largest number of records.
        limit: usize,
        /// How many were given.
        given: usize,
    },
    /// The plotting library failed.
    #[error("cannot draw {figure}: {reason}")]
    Draw {
        /// The figure.
        figure: &'static str,
        /// What the library says.
        reason: String,
    },
    /// A figure cannot be written.
    #[error(transparent)]
    Write(#[from] record::WriteError),
    /// The claims file is not as it should be.
    #[error("claims file: {0}")]
    Claims(String),
}
