//! The folder of a training: one process at a time writes to it.

use std::fs::{File, TryLockError};
use std::path::Path;

use record::remove_leftovers;

use crate::{CHECKPOINT, FINAL, LOG, TrainError};

/// A folder that this process alone trains in; the system lets go of it when the process
/// ends, however it ends.
pub(crate) struct Folder {
    _lock: Option<File>,
}

impl Folder {
    /// Makes the folder where it is not there, and removes what killed trainings left in it.
    ///
    /// # Errors
    /// If it cannot be made, or another process trains in it.
    pub(crate) fn take(path: &Path) -> Result<Folder, TrainError> {
        let failed = |error| TrainError::Folder { path: path.into(), error };
        std::fs::create_dir_all(path).map_err(failed)?;
        // Not every system opens folders, and not every drive locks them: there nobody is
        // kept out, and nothing can be told to be left over.
        let Ok(folder) = File::open(path) else { return Ok(Folder { _lock: None }) };
        match folder.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(TrainError::InUse(path.into())),
            Err(TryLockError::Error(_)) => return Ok(Folder { _lock: None }),
        }
        for name in [CHECKPOINT, LOG, FINAL] {
            remove_leftovers(&path.join(name)).map_err(failed)?;
        }
        Ok(Folder { _lock: Some(folder) })
    }
}
