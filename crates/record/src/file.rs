//! Reading and writing record files.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::{Key, Record, RecordError, SCHEMA, atomic_write};

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

/// How many differences a message names.
const NAMED: usize = 4;

impl Record {
    /// Whether `dir` has a file of the record `name` that may be written: none, or one that
    /// answers `key`.
    ///
    /// # Errors
    /// [`RecordError::Taken`] if it is a record of another question, with what differs, or
    /// cannot be read as a record.
    pub fn check_place(dir: &Path, name: &str, key: &Key) -> Result<(), RecordError> {
        let path = dir.join(format!("{name}.json"));
        if std::fs::symlink_metadata(&path).is_err() {
            return Ok(());
        }
        let what = match Record::load(&path) {
            Ok(record) if record.is_up_to_date(key) => return Ok(()),
            Ok(record) => {
                let mut differences = record.key.differences(key);
                let more = differences.len().saturating_sub(NAMED);
                differences.truncate(NAMED);
                let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
                format!("answers another question ({}{rest})", differences.join(", "))
            }
            Err(_) => "is not a record that this program reads".to_owned(),
        };
        Err(RecordError::Taken { path, what })
    }

    /// Writes the record as [`Record::save`] does, but never over another one.
    ///
    /// # Errors
    /// Those of [`Record::save`] and [`Record::check_place`].
    pub fn save_new(&self, dir: &Path) -> Result<PathBuf, RecordError> {
        Record::check_place(dir, &self.name, &self.key)?;
        self.save(dir)
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
