//! Imports CIFAR-10 from whatever form was found.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

use crate::error::DataError;
use crate::fetch::form::{Form, Found, Reader};
use crate::fetch::incoming::Incoming;
use crate::fetch::{OTHER_SOURCE, Report, Target, archive, package};
use crate::kind;
use crate::manifest::FileSpec;

/// Imports the wanted files from what was found.
pub(super) fn import(
    found: &Found,
    target: &Target<'_>,
    report: &mut Report<'_>,
) -> Result<(), DataError> {
    let folder = found.path.as_path();
    match found.form {
        Form::Archive => archive::unpack(folder, folder, target, report),
        Form::Package => {
            package::convert(&|name, most| read(&folder.join(name), most), target, report)
        }
        form => target.wanted.iter().try_for_each(|spec| {
            let path = folder.join(form.member(spec).expect("each file has one of this form"));
            match form.reader() {
                None => copy(spec.open(&path, OTHER_SOURCE)?, &path, spec, target, report),
                Some(reader) => {
                    let file = Source {
                        content: open(&path)?,
                        unreadable: DataError::io("read", &path),
                        shown: &path,
                    };
                    convert(file, reader, spec, target, report)
                }
            }
        }),
    }
}

/// A file of another version.
pub(super) struct Source<'a, R, F> {
    pub(super) content: R,
    /// Wraps an error of `content`.
    pub(super) unreadable: F,
    /// What messages call the file.
    pub(super) shown: &'a Path,
}

/// Makes an official file from one of another version.
pub(super) fn convert<R: Read, F: FnOnce(io::Error) -> DataError>(
    source: Source<'_, R, F>,
    (records, version): (Reader, &'static str),
    spec: &FileSpec,
    target: &Target<'_>,
    report: &mut Report<'_>,
) -> Result<(), DataError> {
    let origin = source.shown;
    let broken = |reason: String| DataError::Batch { path: origin.into(), version, reason };
    let mut bytes = Vec::new();
    let limit = largest(spec);
    source.content.take(limit + 1).read_to_end(&mut bytes).map_err(source.unreadable)?;
    if let Some(what) = kind::something_else(&bytes[..bytes.len().min(kind::HEAD)]) {
        return Err(DataError::SomethingElse { path: origin.into(), what });
    }
    if bytes.len() as u64 > limit {
        return Err(broken(format!("it has more than {limit} bytes")));
    }
    let records = records(&bytes).map_err(broken)?;
    let mut incoming = Incoming::create(spec, target.place)?;
    incoming.append(&records, &format!("converting {}", spec.name), report)?;
    incoming.finish(origin, target.files, OTHER_SOURCE)
}

/// The most bytes of a file of another version: Python 3 writes each byte above 127 as two,
/// and there is room for file names beside the images and labels.
fn largest(spec: &FileSpec) -> u64 {
    2 * spec.bytes + spec.bytes / 8 + 1024
}

/// Copies and checks one of the six files.
fn copy(
    file: File,
    path: &Path,
    spec: &FileSpec,
    target: &Target<'_>,
    report: &mut Report<'_>,
) -> Result<(), DataError> {
    let mut incoming = Incoming::create(spec, target.place)?;
    let step = format!("copying {}", spec.name);
    incoming.copy_from(file, DataError::io("read", path), &step, report)?;
    incoming.finish(path, target.files, OTHER_SOURCE)
}

/// The first `most` bytes of a file.
fn read(path: &Path, most: u64) -> Result<(PathBuf, Vec<u8>), DataError> {
    let mut bytes = Vec::new();
    open(path)?.take(most).read_to_end(&mut bytes).map_err(DataError::io("read", path))?;
    Ok((path.into(), bytes))
}

fn open(path: &Path) -> Result<File, DataError> {
    match File::open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            Err(DataError::Missing { path: path.into(), cure: OTHER_SOURCE })
        }
        file => file.map_err(DataError::io("open", path)),
    }
}
