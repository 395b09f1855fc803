//! A file on its way in: hidden until its size and sum are the published ones.

use std::fs;
use std::io::{self, Read, Write};
use std::path::Path;

use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;

use crate::error::DataError;
use crate::fetch::claim::INCOMING;
use crate::fetch::{FetchProgress, Report};
use crate::manifest::{FileSpec, hex};

/// A temporary file in the target folder that becomes `dir/spec.name` once checked.
///
/// Dropped before [`Incoming::finish`], it leaves nothing behind.
pub(crate) struct Incoming<'a> {
    spec: &'a FileSpec,
    dir: &'a Path,
    file: NamedTempFile,
    hasher: Sha256,
    written: u64,
}

impl<'a> Incoming<'a> {
    pub(crate) fn create(spec: &'a FileSpec, dir: &'a Path) -> Result<Self, DataError> {
        let mut builder = tempfile::Builder::new();
        let builder = builder.prefix(INCOMING);
        // Ordinary permissions (less the umask): the folder may be shared between users.
        #[cfg(unix)]
        let builder = builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let file = builder.tempfile_in(dir).map_err(DataError::io("write to", dir))?;
        Ok(Incoming { spec, dir, file, hasher: Sha256::new(), written: 0 })
    }

    /// Copies `source` in, never more than the file may hold; `broken` wraps an error of `source`.
    pub(super) fn copy_from(
        &mut self,
        source: impl Read,
        broken: impl FnOnce(io::Error) -> DataError,
        step: &str,
        report: &mut Report<'_>,
    ) -> Result<(), DataError> {
        let mut source = source.take(self.spec.bytes + 1);
        let mut buffer = vec![0; 1 << 20];
        loop {
            match source.read(&mut buffer) {
                Ok(0) => return Ok(()),
                Ok(n) => self.append(&buffer[..n], step, report)?,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(broken(error)),
            }
        }
    }

    /// Writes `bytes` and reports how far the file is.
    pub(super) fn append(
        &mut self,
        bytes: &[u8],
        step: &str,
        report: &mut Report<'_>,
    ) -> Result<(), DataError> {
        let path = self.dir.join(self.spec.name);
        self.write_all(bytes).map_err(DataError::io("write", &path))?;
        report(FetchProgress::Bytes { step, done: self.written, total: Some(self.spec.bytes) });
        Ok(())
    }

    /// Checks size and sum, syncs, and gives the file its name. `origin` is what a
    /// mismatch is blamed on.
    pub(crate) fn finish(self, origin: &Path, cure: &'static str) -> Result<(), DataError> {
        self.spec.check(origin, self.written, &hex(self.hasher), cure)?;
        let path = self.dir.join(self.spec.name);
        self.file.as_file().sync_all().map_err(DataError::io("write", &path))?;
        self.file.persist(&path).map_err(|e| DataError::io("write", &path)(e.error))?;
        sync_folder(self.dir)
    }
}

impl Write for Incoming<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.file.write(bytes)?;
        self.hasher.update(&bytes[..n]);
        self.written += n as u64;
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Makes a rename in `dir` survive a crash; elsewhere than on Unix folders cannot be synced.
fn sync_folder(dir: &Path) -> Result<(), DataError> {
    if cfg!(unix) {
        let folder = fs::File::open(dir).map_err(DataError::io("open", dir))?;
        folder.sync_all().map_err(DataError::io("sync", dir))?;
    }
    Ok(())
}
