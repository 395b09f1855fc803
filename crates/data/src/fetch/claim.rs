//! One process at a time in a folder, and no leftovers of one that was killed.

use std::fs::{self, File, TryLockError};
use std::path::Path;

use tempfile::TempDir;

use crate::error::DataError;

/// How names of files on their way in begin.
pub(super) const INCOMING: &str = ".incoming-";
/// How names of scratch folders begin.
const SCRATCH: &str = ".scratch-";

/// The right to write to a folder, until dropped.
pub(super) struct Claim {
    lock: Option<File>,
}

impl Claim {
    /// Locks `dir` against other processes and clears what a killed one left there.
    pub(super) fn new(dir: &Path) -> Result<Claim, DataError> {
        // Where folders cannot be opened or locked, each process still writes
        // only to temporary files of its own, apart from the partial download.
        let lock = File::open(dir).ok();
        if let Some(Err(TryLockError::WouldBlock)) = lock.as_ref().map(File::try_lock) {
            return Err(DataError::Busy { path: dir.into() });
        }
        let entries = fs::read_dir(dir).map_err(DataError::io("list", dir))?;
        for entry in entries.flatten() {
            let (name, path) = (entry.file_name(), entry.path());
            let name = name.to_string_lossy();
            // A leftover that cannot be removed costs space and harms nothing.
            if name.starts_with(INCOMING) {
                let _ = fs::remove_file(path);
            } else if name.starts_with(SCRATCH) {
                let _ = fs::remove_dir_all(path);
            }
        }
        Ok(Claim { lock })
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        // Closing alone would not do: a child process just being started may
        // hold a copy of the handle for a moment, and the lock with it.
        if let Some(lock) = &self.lock {
            let _ = lock.unlock();
        }
    }
}

/// A folder inside `dir`, on the same disk, that vanishes when dropped.
pub(super) fn scratch_folder(dir: &Path) -> Result<TempDir, DataError> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(SCRATCH).tempdir_in(dir).map_err(DataError::io("write to", dir))
}
