//! Writing a file so that it holds either its old content or all of the new.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use crate::fail_at;

/// How names of temporary files end.
const SUFFIX: &str = ".tmp";

/// Replaces the content of `path` by `bytes`, or leaves it as it was.
///
/// The bytes go to a temporary file in the same folder, which is flushed to the
/// disk and renamed over `path`; then the folder is flushed. A reader, or a machine
/// that loses power at any moment, finds the old content or all of the new.
///
/// # Errors
/// [`WriteError`] names the path and the [`Step`] that failed. The temporary file is
/// gone, and `path` is as it was; only after a failure of [`Step::SyncDir`] does it
/// hold the new content already, though not yet surely on the disk.
pub fn atomic_write(path: &Path, bytes: &[u8]) -> Result<(), WriteError> {
    let at = |step| move |source| WriteError { path: path.to_path_buf(), step, source };
    let (folder, prefix) = place(path).map_err(at(Step::Create))?;

    let mut file = step(Step::Create, || {
        let mut builder = tempfile::Builder::new();
        builder.prefix(&prefix).suffix(SUFFIX);
        // The default of the library hides the file from everyone but its owner.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        builder.tempfile_in(folder)
    })
    .map_err(at(Step::Create))?;
    write(&mut file, bytes).map_err(at(Step::Write))?;
    step(Step::Sync, || file.as_file().sync_all()).map_err(at(Step::Sync))?;
    step(Step::Rename, || file.persist(path).map_err(|failed| failed.error))
        .map_err(at(Step::Rename))?;
    step(Step::SyncDir, || sync_folder(folder)).map_err(at(Step::SyncDir))
}

/// Removes the temporary files that writers of `path` left behind when they were killed.
///
/// Only for whoever knows that nobody writes to `path` at this moment.
///
/// # Errors
/// If the folder cannot be read or a file not be removed.
pub fn remove_leftovers(path: &Path) -> io::Result<()> {
    let (folder, prefix) = place(path)?;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let [name, prefix] = [name.as_encoded_bytes(), prefix.as_encoded_bytes()];
        if name.starts_with(prefix) && name.ends_with(SUFFIX.as_bytes()) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// Where [`atomic_write`] can fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Making the temporary file.
    Create,
    /// Writing the bytes to it.
    Write,
    /// Flushing it to the disk.
    Sync,
    /// Renaming it over the target.
    Rename,
    /// Flushing the folder, so that the new name survives a loss of power.
    SyncDir,
}

impl Step {
    /// All steps, in order.
    pub const ALL: [Step; 5] = [Step::Create, Step::Write, Step::Sync, Step::Rename, Step::SyncDir];
}

impl std::fmt::Display for Step {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Step::Create => "create",
            Step::Write => "write",
            Step::Sync => "sync",
            Step::Rename => "rename",
            Step::SyncDir => "sync-dir",
        })
    }
}

/// Why a file was not written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write {} (step {step}): {source}; {}", path.display(), advice(*step))]
pub struct WriteError {
    /// The file that was to be written.
    pub path: PathBuf,
    /// The step that failed.
    pub step: Step,
    /// What the system says.
    pub source: io::Error,
}

fn advice(step: Step) -> &'static str {
    match step {
        Step::Create => "its content is unchanged; check that the folder exists and is writable",
        Step::Write | Step::Sync => "its content is unchanged; check that the disk has space",
        Step::Rename => {
            "its content is unchanged; check that it is not a folder and may be replaced"
        }
        Step::SyncDir => "the new content is in place, but may not survive a loss of power",
    }
}

fn step<T>(step: Step, run: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    fail_at::pass(step)?;
    run()
}

/// A disk that fills up has taken a part of the bytes.
fn write(file: &mut impl io::Write, bytes: &[u8]) -> io::Result<()> {
    if fail_at::is_next(Step::Write) {
        file.write_all(&bytes[..bytes.len() / 2])?;
    }
    step(Step::Write, || file.write_all(bytes))
}

/// The folder of `path` and a prefix for the temporary file's name.
fn place(path: &Path) -> io::Result<(&Path, std::ffi::OsString)> {
    let name = path
        .file_name()
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "the path names no file"))?;
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let mut prefix = std::ffi::OsString::from(".");
    prefix.push(name);
    prefix.push(".");
    Ok((folder, prefix))
}

/// Flushes a folder's entries; elsewhere than on Unix a folder cannot be opened.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { fs::metadata(folder).map(drop) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FailAt;

    fn files_in(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[test]
    fn a_written_file_holds_the_bytes_and_nothing_else_is_left() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.json");
        for bytes in [b"first".as_slice(), b"", b"second and longer"] {
            atomic_write(&path, bytes).unwrap();
            assert_eq!(fs::read(&path).unwrap(), bytes);
            assert_eq!(files_in(dir.path()), ["a.json"]);
        }
    }

    #[test]
    fn a_failure_at_any_step_leaves_whole_content_and_no_temporary_file() {
        for failing in Step::ALL {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("a.json");
            atomic_write(&path, b"old").unwrap();

            let armed = FailAt::step(failing);
            let error = atomic_write(&path, b"new").unwrap_err();
            drop(armed);

            assert_eq!(error.step, failing);
            let message = error.to_string();
            assert!(message.contains("a.json"), "{message}");
            assert!(message.contains(&format!("step {failing}")), "{message}");
            let expected: &[u8] = if failing == Step::SyncDir { b"new" } else { b"old" };
            assert_eq!(fs::read(&path).unwrap(), expected, "after {failing}");
            assert_eq!(files_in(dir.path()), ["a.json"], "after {failing}");
        }
    }

    #[test]
    fn a_failure_before_the_rename_leaves_a_new_file_absent() {
        for failing in [Step::Create, Step::Write, Step::Sync, Step::Rename] {
            let dir = tempfile::tempdir().unwrap();
            let _armed = FailAt::step(failing);
            atomic_write(&dir.path().join("a.json"), b"new").unwrap_err();
            assert!(files_in(dir.path()).is_empty(), "after {failing}");
        }
    }

    #[test]
    fn leftovers_of_a_file_are_removed_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        for name in [".a.json.x1Y2.tmp", ".a.json.tmp", ".b.json.x1.tmp", "a.json", "a.json.tmp"] {
            fs::write(dir.path().join(name), b"x").unwrap();
        }
        remove_leftovers(&dir.path().join("a.json")).unwrap();
        let mut left = files_in(dir.path());
        left.sort();
        assert_eq!(left, [".b.json.x1.tmp", "a.json", "a.json.tmp"]);
    }

    #[test]
    fn real_obstacles_fail_at_the_step_they_obstruct() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("folder")).unwrap();
        fs::write(dir.path().join("folder/inside"), b"x").unwrap();
        let cases = [
            (dir.path().join("missing/a.json"), Step::Create),
            (dir.path().join("folder/.."), Step::Create),
            (dir.path().join("folder"), Step::Rename),
        ];
        for (path, expected) in cases {
            let error = atomic_write(&path, b"new").unwrap_err();
            assert_eq!(error.step, expected, "{error}");
        }
        assert_eq!(files_in(dir.path()), ["folder"]);
    }

    #[cfg(unix)]
    #[test]
    fn a_written_file_is_as_readable_as_one_written_directly() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        let (ours, plain) = (dir.path().join("ours"), dir.path().join("plain"));
        atomic_write(&ours, b"x").unwrap();
        fs::write(&plain, b"x").unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode(&ours), mode(&plain));
    }
}
