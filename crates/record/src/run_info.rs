//! The volatile part of a record: when, where and how fast.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::{RecordError, check, file};

/// Circumstances of a run, in the file `NAME.run.json` beside the record.
///
/// Nothing here influences a figure or the page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunInfo {
    /// Worker threads.
    pub threads: usize,
    /// Wall time, in seconds.
    pub seconds: f64,
    /// Processor or host name.
    pub host: String,
    /// When the run ended, RFC 3339.
    pub date: String,
    /// Version of the program.
    pub program_version: String,
}

impl RunInfo {
    /// Writes `dir/NAME.run.json`, `name` being the record's, and returns its path.
    ///
    /// # Errors
    /// [`RecordError`], when the file cannot be written, when `name` cannot be a
    /// file's, or when `seconds` is not finite.
    pub fn save(&self, dir: &Path, name: &str) -> Result<PathBuf, RecordError> {
        let path = dir.join(format!("{name}.run.json"));
        check::file_stem(name).map_err(file::inconsistent(&path))?;
        if !self.seconds.is_finite() {
            let what = format!("seconds is {}, expected a finite number", self.seconds);
            return Err(file::inconsistent(&path)(what));
        }
        file::write(dir, &path, self)?;
        Ok(path)
    }

    /// Reads a `NAME.run.json`.
    ///
    /// # Errors
    /// [`RecordError`], when the file is unreadable or has other fields.
    pub fn load(path: &Path) -> Result<RunInfo, RecordError> {
        file::parse(path, &file::read(path)?)
    }
}
