//! The log of a training, as an input.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use record::{EpochLog, LogId, parse_training_log, sha256_hex};

use crate::LesionError;

/// Largest log read, in bytes: tens of thousands of epochs.
const MAX_BYTES: u64 = 1 << 24;

/// The log of a training, epoch by epoch.
#[derive(Debug, Clone, PartialEq)]
pub struct Log {
    /// What records say of it.
    pub id: LogId,
    /// The epochs, from the first on.
    pub epochs: Vec<EpochLog>,
    /// Whether it lies beside the networks of a [`Catalogue`](crate::Catalogue), so that the
    /// name alone tells the training. Records of other logs have a sum of it in their name.
    pub listed: bool,
}

impl Log {
    /// The log in a file that a training left, `log.jsonl`, or `NAME.jsonl` beside the
    /// weights of a trained network. The file's stem is the log's name; where that says
    /// nothing, as in `log.jsonl`, it is the folder's.
    ///
    /// # Errors
    /// [`LesionError::Log`] if the file cannot be read or is not a training's log.
    pub fn load(path: &Path) -> Result<Log, LesionError> {
        let failed = |what: String| LesionError::Log { path: path.to_path_buf(), what };
        let file = File::open(path).map_err(|error| failed(error.to_string()))?;
        let mut bytes = Vec::new();
        let read = file.take(MAX_BYTES + 1).read_to_end(&mut bytes);
        read.map_err(|error| failed(error.to_string()))?;
        if bytes.len() as u64 > MAX_BYTES {
            return Err(failed(format!("it has more than {MAX_BYTES} bytes, which no log has")));
        }
        let text = std::str::from_utf8(&bytes).map_err(|error| failed(error.to_string()))?;
        let epochs = parse_training_log(text).map_err(|error| failed(error.to_string()))?;
        let name = name(path).ok_or_else(|| failed("the file has no name".into()))?;
        Ok(Log { id: LogId { name, sha256: sha256_hex(&bytes) }, epochs, listed: false })
    }
}

fn name(path: &Path) -> Option<String> {
    let text = |part: Option<&std::ffi::OsStr>| Some(part?.to_string_lossy().into_owned());
    match text(path.file_stem())? {
        stem if stem == "log" => text(path.parent().and_then(Path::file_name)).or(Some(stem)),
        stem => Some(stem),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EPOCH: &str = r#"{"epoch":1,"rate":0.1,"train_loss":1.5,"train_error":0.6}"#;

    #[test]
    fn a_log_is_named_after_its_file_or_else_its_folder() {
        let dir = tempfile::tempdir().unwrap();
        let run = dir.path().join("resnet8-s2");
        std::fs::create_dir(&run).unwrap();
        for (file, name) in [("resnet20.jsonl", "resnet20"), ("log.jsonl", "resnet8-s2")] {
            std::fs::write(run.join(file), EPOCH).unwrap();
            let log = Log::load(&run.join(file)).unwrap();
            assert_eq!((log.id.name.as_str(), log.epochs.len()), (name, 1));
            assert_eq!(log.id.sha256, sha256_hex(EPOCH.as_bytes()));
        }
    }

    #[test]
    fn other_files_are_refused_by_name() {
        let dir = tempfile::tempdir().unwrap();
        let weights = dir.path().join("resnet20.safetensors");
        std::fs::write(&weights, b"\x10\0\0\0\0\0\0\0{\"\xff\"}").unwrap();
        let empty = dir.path().join("empty.jsonl");
        std::fs::write(&empty, "").unwrap();
        let cases = [
            (weights, "invalid utf-8"),
            (empty, "the log has no epoch"),
            (dir.path().join("none.jsonl"), "No such file"),
            (dir.path().to_path_buf(), "directory"),
        ];
        for (path, expected) in cases {
            let message = Log::load(&path).unwrap_err().to_string();
            let names = message.contains(&path.display().to_string());
            assert!(names && message.contains(expected), "{message}");
        }
    }
}
