//! Looks for CIFAR-10 at a path: there, or in folders below.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::DataError;
use crate::fetch::form::{Form, Found};
use crate::fetch::{ARCHIVE, NPM_FILE, PYTHON_ARCHIVE};
use crate::kind;
use crate::manifest::FileSpec;

/// What the archives are called where they are published.
const ARCHIVES: [&str; 4] = [ARCHIVE, PYTHON_ARCHIVE, "cifar-10-matlab.tar.gz", NPM_FILE];
/// The folders that these unpack to.
const UNPACKED: [&str; 4] =
    ["cifar-10-batches-bin", "cifar-10-batches-py", "cifar-10-batches-mat", "package"];
/// Enough entries for a folder of data sets; a larger folder is not searched through.
const ENTRIES: usize = 1_000;

/// Finds a form of CIFAR-10 that has the images of `wanted`, some or all of its `files`.
///
/// A file is taken for an archive. In a folder the first of these counts: a complete form
/// there; one in a folder below that has its published name; one in any folder below; one
/// in a folder of a published name below that; an archive called as those published, or
/// with `cifar` and `10` in its name; and last an incomplete form, for the sake of what is
/// then said to be missing. Which one is taken cannot change the images: the sums decide.
pub(super) fn find(
    from: &Path,
    files: &[FileSpec],
    wanted: &[FileSpec],
) -> Result<Found, DataError> {
    let metadata = match fs::metadata(from) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            // An empty path, as of a variable that is not set, would not show.
            let path = if from.as_os_str().is_empty() { Path::new("''") } else { from };
            return Err(DataError::Missing { path: path.into(), cure: "check the path" });
        }
        metadata => metadata.map_err(DataError::io("open", from))?,
    };
    if !metadata.is_dir() {
        return Ok(Found { form: Form::Archive, path: from.into() });
    }
    let mut nearest = Nearest { files, wanted, found: None };
    // Before any folder is listed: this is where commands look again and again.
    if let Some(found) = nearest.complete(from) {
        return Ok(found);
    }
    let entries = fs::read_dir(from).map_err(DataError::io("list", from))?;
    let mut below: Vec<PathBuf> = entries
        .take(ENTRIES)
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.is_dir())
        .collect();
    below.sort();
    let named = |folder: &Path| UNPACKED.map(|name| folder.join(name));
    let deeper = below.iter().flat_map(|folder| named(folder)).filter(|folder| folder.is_dir());
    let folders: Vec<PathBuf> =
        named(from).into_iter().chain(below.iter().cloned()).chain(deeper).collect();
    if let Some(found) = folders.iter().find_map(|folder| nearest.complete(folder)) {
        return Ok(found);
    }
    let mut archives = [from].into_iter().chain(below.iter().map(PathBuf::as_path));
    if let Some(path) = archives.find_map(archive_in) {
        return Ok(Found { form: Form::Archive, path });
    }
    match (nearest.found, kind::of_folder(from, 3)) {
        (Some((_, found)), _) => Ok(found),
        (None, Some(what)) => Err(DataError::SomethingElse { path: from.into(), what }),
        (None, None) => Err(DataError::NotRecognised { path: from.into(), holds: Vec::new() }),
    }
}

/// The form that has come nearest to being complete.
struct Nearest<'a> {
    files: &'a [FileSpec],
    wanted: &'a [FileSpec],
    /// With how many files.
    found: Option<(usize, Found)>,
}

impl Nearest<'_> {
    /// The form that a folder holds, if it is complete.
    fn complete(&mut self, folder: &Path) -> Option<Found> {
        for form in Form::FOLDERS {
            let is_there = |name: &String| folder.join(name).is_file();
            let found = Found { form, path: folder.into() };
            if form.members(self.wanted).iter().all(is_there) {
                return Some(found);
            }
            let there = form.members(self.files).iter().filter(|name| is_there(name)).count();
            if there > self.found.as_ref().map_or(0, |(most, _)| *most) {
                self.found = Some((there, found));
            }
        }
        None
    }
}

/// An archive of CIFAR-10, by its name.
fn archive_in(folder: &Path) -> Option<PathBuf> {
    let known = ARCHIVES.map(|name| folder.join(name));
    if let Some(path) = known.into_iter().find(|path| path.is_file()) {
        return Some(path);
    }
    let entries = fs::read_dir(folder).ok()?.take(ENTRIES).flatten().map(|entry| entry.path());
    let mut archives: Vec<PathBuf> =
        entries.filter(|path| is_archive(path) && path.is_file()).collect();
    archives.sort();
    archives.into_iter().next()
}

fn is_archive(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let ends = [".zip", ".tar", ".tar.gz", ".tgz"].iter().any(|ending| name.ends_with(ending));
    ends && name.contains("cifar") && name.contains("10") && !name.contains("100")
}
