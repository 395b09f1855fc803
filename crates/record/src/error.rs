//! What can be wrong with a record file.

use std::path::PathBuf;

use crate::{SCHEMA, WriteError};

/// Why a record could not be read or written. Every message names the file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// The file cannot be read.
    #[error("cannot read record {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The file is larger than any record.
    #[error("{} has more than {limit} bytes, which no record has; pass a record's .json file", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The largest size accepted, in bytes.
        limit: u64,
    },
    /// The file is not JSON, or lacks or exceeds the expected fields.
    #[error("{} is not a record: {source}; run the experiment again to replace it", path.display())]
    Json {
        /// The file.
        path: PathBuf,
        /// What the parser says, with line and column.
        source: serde_json::Error,
    },
    /// The file is a record of another format version.
    #[error(
        "{} has record schema {found}, but this program reads schema {SCHEMA}: run the experiment again with this program, or read the file with the program that wrote it",
        path.display()
    )]
    Schema {
        /// The file.
        path: PathBuf,
        /// The version it declares.
        found: u64,
    },
    /// The answer is not the one that its key or its reader expects.
    #[error("the answer of record {name}: {what}")]
    Answer {
        /// The record.
        name: String,
        /// Which field, what it holds, and what was expected.
        what: String,
    },
    /// The numbers contradict each other.
    #[error("record {} is inconsistent: {what}; run the experiment again to replace it", path.display())]
    Inconsistent {
        /// The file.
        path: PathBuf,
        /// Which field, what it holds, and what was expected.
        what: String,
    },
    /// A file of the record's name that does not answer the same question.
    #[error(
        "{} is there already and {what}; it is not replaced: move it away, or choose another \
         folder",
        path.display()
    )]
    Taken {
        /// The file.
        path: PathBuf,
        /// What it is instead.
        what: String,
    },
    /// The folder for the records cannot be made.
    #[error("cannot make the folder {}: {source}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The file cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
}
