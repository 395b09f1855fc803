//! Walks through the files of an archive. What kind of archive it is shows in its bytes:
//! people rename `.tar.gz` files to `.zip`, and browsers unpack them halfway.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek as _};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use zip::ZipArchive;

use crate::error::DataError;
use crate::kind;

/// The size of a header of a tar archive.
const BLOCK: u64 = 512;

/// A file in an archive.
pub(super) struct Member<'a> {
    /// The last component of its path. Nothing is ever written to a path from an archive.
    pub(super) name: &'a str,
    /// `archive!path`, for messages.
    pub(super) shown: &'a Path,
    pub(super) size: u64,
    pub(super) content: &'a mut dyn Read,
}

/// What a visit made of a member.
#[derive(PartialEq, Eq)]
pub(super) enum Next {
    /// The member was of use.
    Taken,
    /// It was not read; it may be an archive.
    Skipped,
    /// Nothing more is needed.
    Done,
}

pub(super) type Visit<'a> = dyn FnMut(&mut Member<'_>) -> Result<Next, DataError> + 'a;

/// Visits the files of the archive at `path`, which messages call `origin`, and those of
/// `.tar.gz` and `.tar` archives within it; no layer may unpack to more than `limit` bytes.
pub(super) fn walk(
    path: &Path,
    origin: &Path,
    limit: u64,
    visit: &mut Visit<'_>,
) -> Result<(), DataError> {
    let mut file = File::open(path).map_err(DataError::io("open", path))?;
    let mut head = Vec::new();
    let read = file.by_ref().take(kind::HEAD as u64).read_to_end(&mut head);
    read.and_then(|_| file.rewind()).map_err(DataError::io("read", path))?;
    let layer = Layer { origin, limit, outer: true };
    let file = BufReader::new(file);
    match Packing::of(&head) {
        Some(Packing::Zip) => layer.zip(file, visit)?,
        Some(Packing::Gzip) => layer.gzip(file, visit)?,
        Some(Packing::Tar) => layer.tar(file, visit)?,
        None => {
            return Err(match kind::something_else(&head) {
                Some(what) => DataError::SomethingElse { path: origin.into(), what },
                None if head.is_empty() => layer.unreadable("the file is empty"),
                None => layer.unreadable("it begins as none of these"),
            });
        }
    };
    Ok(())
}

enum Packing {
    Zip,
    Gzip,
    Tar,
}

impl Packing {
    fn of(head: &[u8]) -> Option<Packing> {
        if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") {
            Some(Packing::Zip)
        } else if head.starts_with(b"\x1f\x8b") {
            Some(Packing::Gzip)
        } else if is_tar(head) {
            Some(Packing::Tar)
        } else {
            None
        }
    }
}

/// Whether a header is sound; old tar archives have no other mark.
fn is_tar(head: &[u8]) -> bool {
    let Some(header) = head.get(..512) else { return false };
    let sum: u32 = header
        .iter()
        .enumerate()
        .map(|(at, &byte)| u32::from(if (148..156).contains(&at) { b' ' } else { byte }))
        .sum();
    let mut header = tar::Header::new_old();
    header.as_mut_bytes().copy_from_slice(&head[..512]);
    header.cksum().is_ok_and(|stated| stated == sum)
}

/// An archive, or one within it.
struct Layer<'a> {
    origin: &'a Path,
    limit: u64,
    outer: bool,
}

impl Layer<'_> {
    fn zip(&self, file: BufReader<File>, visit: &mut Visit<'_>) -> Result<Next, DataError> {
        let mut archive = ZipArchive::new(file).map_err(|error| self.unreadable(error))?;
        for at in 0..archive.len() {
            let mut entry = archive.by_index(at).map_err(|error| self.unreadable(error))?;
            if !entry.is_file() {
                continue;
            }
            // Some programs on Windows write the separator of their own system.
            let path = entry.name().map_err(|error| self.unreadable(error))?.replace('\\', "/");
            let size = entry.size();
            if self.visit(Path::new(&path), size, &mut entry, visit)? == Next::Done {
                return Ok(Next::Done);
            }
        }
        Ok(Next::Skipped)
    }

    /// What is not an archive in compressed form counts as skipped if it lies in an archive.
    fn gzip(&self, file: impl Read, visit: &mut Visit<'_>) -> Result<Next, DataError> {
        let mut plain = Capped { inner: MultiGzDecoder::new(file), left: self.limit };
        let mut head = Vec::new();
        let read = plain.by_ref().take(BLOCK).read_to_end(&mut head);
        read.map_err(|error| self.unreadable(error))?;
        if !is_tar(&head) {
            return match kind::something_else(&head) {
                _ if !self.outer => Ok(Next::Skipped),
                Some(what) => Err(DataError::SomethingElse { path: self.origin.into(), what }),
                None => Err(self.unreadable("what is compressed is not a tar archive")),
            };
        }
        self.tar(io::Cursor::new(head).chain(plain), visit)
    }

    fn tar(&self, content: impl Read, visit: &mut Visit<'_>) -> Result<Next, DataError> {
        let mut archive = tar::Archive::new(content);
        for entry in archive.entries().map_err(|error| self.unreadable(error))? {
            let mut entry = entry.map_err(|error| self.unreadable(error))?;
            if !entry.header().entry_type().is_file() {
                continue;
            }
            let path = entry.path().map_err(|error| self.unreadable(error))?.into_owned();
            let size = entry.size();
            if self.visit(&path, size, &mut entry, visit)? == Next::Done {
                return Ok(Next::Done);
            }
        }
        Ok(Next::Skipped)
    }

    fn visit(
        &self,
        path: &Path,
        size: u64,
        content: &mut dyn Read,
        visit: &mut Visit<'_>,
    ) -> Result<Next, DataError> {
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
            return Ok(Next::Skipped);
        };
        // What macOS adds to each file has its name behind two characters.
        if name.starts_with("._") || path.starts_with("__MACOSX") {
            return Ok(Next::Skipped);
        }
        let shown = PathBuf::from(format!("{}!{}", self.origin.display(), path.display()));
        let next = visit(&mut Member { name, shown: &shown, size, content: &mut *content })?;
        if next != Next::Skipped || !self.outer {
            return Ok(next);
        }
        let inner = Layer { origin: &shown, limit: self.limit, outer: false };
        let mut head = Vec::new();
        let read = (&mut *content).take(BLOCK).read_to_end(&mut head);
        read.map_err(|error| self.unreadable(error))?;
        let packing = Packing::of(&head);
        let whole = io::Cursor::new(head).chain(content);
        // A zip archive ends with its list of contents, so it cannot be read in passing.
        match packing {
            Some(Packing::Gzip) => inner.gzip(whole, visit),
            Some(Packing::Tar) => inner.tar(Capped { inner: whole, left: self.limit }, visit),
            Some(Packing::Zip) | None => Ok(Next::Skipped),
        }
    }

    fn unreadable(&self, error: impl ToString) -> DataError {
        DataError::Archive { path: self.origin.into(), reason: error.to_string() }
    }
}

/// Ends in an error, not in an early end of file, once `left` bytes have passed.
struct Capped<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Read for Capped<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.left = self
            .left
            .checked_sub(n as u64)
            .ok_or_else(|| io::Error::other("it unpacks to far more bytes than CIFAR-10 has"))?;
        Ok(n)
    }
}
