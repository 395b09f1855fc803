//! Reading and writing record files.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::{Record, RecordError, SCHEMA, atomic_write};

/// Largest file read, in bytes; the largest record has some megabytes of answers.
const MAX_BYTES: u64 = 64 << 20;

impl Record {
    /// Reads a record file.
    ///
    /// # Errors
    /// [`RecordError`] names the file and what is wrong with it: unreadable, too
    /// large, not JSON, of another schema, with unknown or missing fields, or with
    /// numbers that contradict each other.
    pub fn load(path: &Path) -> Result<Record, RecordError> {
        let text = read(path)?;
        // The version is read first: another version has other fields, and the
        // message should then speak of the version and not of a field.
        let found = parse::<Versioned>(path, &text)?.schema;
        if found != u64::from(SCHEMA) {
            return Err(RecordError::Schema { path: path.to_path_buf(), found });
        }
        let record: Record = parse(path, &text)?;
        record.check().map_err(inconsistent(path))?;
        Ok(record)
    }

    /// Writes the record to `dir/NAME.json`, making the folder if need be, and
    /// returns the file's path.
    ///
    /// # Errors
    /// [`RecordError`], when the folder or file cannot be written, or when the
    /// record would not read back (a number that is not finite, a name that cannot be a
    /// file's, counts that contradict each other); nothing is written then.
    pub fn save(&self, dir: &Path) -> Result<PathBuf, RecordError> {
        let path = dir.join(format!("{}.json", self.name));
        if self.schema != SCHEMA {
            return Err(RecordError::Schema { path, found: u64::from(self.schema) });
        }
        self.check().map_err(inconsistent(&path))?;
        write(dir, &path, self)?;
        Ok(path)
    }
}

#[derive(Deserialize)]
struct Versioned {
    schema: u64,
}

/// Reads a text file of at most [`MAX_BYTES`].
pub(crate) fn read(path: &Path) -> Result<String, RecordError> {
    let failed = |source| RecordError::Read { path: path.to_path_buf(), source };
    let mut text = String::new();
    let file = File::open(path).map_err(failed)?;
    file.take(MAX_BYTES + 1).read_to_string(&mut text).map_err(failed)?;
    if text.len() as u64 > MAX_BYTES {
        return Err(RecordError::TooLarge { path: path.to_path_buf(), limit: MAX_BYTES });
    }
    Ok(text)
}

pub(crate) fn parse<T: DeserializeOwned>(path: &Path, text: &str) -> Result<T, RecordError> {
    serde_json::from_str(text)
        .map_err(|source| RecordError::Json { path: path.to_path_buf(), source })
}

/// Writes `value` as indented JSON that ends with a newline.
pub(crate) fn write(
    dir: &Path,
    path: &Path,
    value: &impl serde::Serialize,
) -> Result<(), RecordError> {
    std::fs::create_dir_all(dir)
        .map_err(|source| RecordError::Folder { path: dir.to_path_buf(), source })?;
    let mut text = serde_json::to_string_pretty(value).expect("records are plain data");
    text.push('\n');
    Ok(atomic_write(path, text.as_bytes())?)
}

pub(crate) fn inconsistent(path: &Path) -> impl Fn(String) -> RecordError {
    move |what| RecordError::Inconsistent { path: path.to_path_buf(), what }
}
