//! A file on its way in: hidden until its size and sum are the published ones.

use std::cell::RefCell;
use std::fs;
use std::io::{self, Read, Write};
use std::path::Path;

use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;

use crate::difference::difference;
use crate::error::DataError;
use crate::fetch::claim::INCOMING;
use crate::fetch::{FetchProgress, Report};
use crate::manifest::{FileSpec, hex};

/// Where files go that have passed the check.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Place<'a> {
    /// Into a folder, under their names.
    Folder(&'a Path),
    /// Into memory; nothing is written anywhere.
    Memory(&'a Kept),
}

/// Files in memory, by name.
pub(crate) type Kept = RefCell<Vec<(&'static str, Vec<u8>)>>;

/// A file that gets its place under the name `spec.name` once checked.
///
/// Dropped before [`Incoming::finish`], it leaves nothing behind.
pub(crate) struct Incoming<'a> {
    spec: &'a FileSpec,
    content: Content<'a>,
    hasher: Sha256,
    written: u64,
}

enum Content<'a> {
    /// A temporary file in the folder.
    File(NamedTempFile, &'a Path),
    Memory(Vec<u8>, &'a Kept),
}

impl<'a> Incoming<'a> {
    pub(crate) fn create(spec: &'a FileSpec, place: Place<'a>) -> Result<Self, DataError> {
        let content = match place {
            Place::Folder(dir) => Content::File(temporary_file(dir)?, dir),
            Place::Memory(kept) => Content::Memory(Vec::with_capacity(spec.bytes as usize), kept),
        };
        Ok(Incoming { spec, content, hasher: Sha256::new(), written: 0 })
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
        let path = match self.content {
            Content::File(_, dir) => dir.join(self.spec.name),
            Content::Memory(..) => self.spec.name.into(),
        };
        self.write_all(bytes).map_err(DataError::io("write", &path))?;
        report(FetchProgress::Bytes { step, done: self.written, total: Some(self.spec.bytes) });
        Ok(())
    }

    /// Checks size and sum and gives the file its place. `origin` is what a mismatch is
    /// blamed on; `files`, all files of the set, serve to say what it is.
    pub(crate) fn finish(
        self,
        origin: &Path,
        files: &[FileSpec],
        cure: &'static str,
    ) -> Result<(), DataError> {
        let differs = || match &self.content {
            // A file that cannot be read back is refused all the same.
            Content::File(file, _) => fs::read(file.path())
                .map_or(String::new(), |bytes| difference(self.spec, files, &bytes)),
            Content::Memory(bytes, _) => difference(self.spec, files, bytes),
        };
        self.spec.check(origin, self.written, &hex(self.hasher.clone()), cure, differs)?;
        match self.content {
            Content::File(file, dir) => {
                let path = dir.join(self.spec.name);
                file.as_file().sync_all().map_err(DataError::io("write", &path))?;
                file.persist(&path).map_err(|e| DataError::io("write", &path)(e.error))?;
                sync_folder(dir)
            }
            Content::Memory(bytes, kept) => {
                kept.borrow_mut().push((self.spec.name, bytes));
                Ok(())
            }
        }
    }
}

impl Write for Incoming<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = match &mut self.content {
            Content::File(file, _) => file.write(bytes)?,
            Content::Memory(content, _) => content.write(bytes)?,
        };
        self.hasher.update(&bytes[..n]);
        self.written += n as u64;
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.content {
            Content::File(file, _) => file.flush(),
            Content::Memory(..) => Ok(()),
        }
    }
}

fn temporary_file(dir: &Path) -> Result<NamedTempFile, DataError> {
    let mut builder = tempfile::Builder::new();
    let builder = builder.prefix(INCOMING);
    // Ordinary permissions (less the umask): the folder may be shared between users.
    #[cfg(unix)]
    let builder = builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(dir).map_err(DataError::io("write to", dir))
}

/// Makes a rename in `dir` survive a crash; elsewhere than on Unix folders cannot be synced.
fn sync_folder(dir: &Path) -> Result<(), DataError> {
    if cfg!(unix) {
        let folder = fs::File::open(dir).map_err(DataError::io("open", dir))?;
        folder.sync_all().map_err(DataError::io("sync", dir))?;
    }
    Ok(())
}
