//! Where images come from, and where things lie on the user's machine.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result, bail, ensure};
use data::{Dataset, Form, Split};

use crate::output::note;

/// The environment variable that names the folder with the shipped files.
const VARIABLE: &str = "UNRAVEL_DATA";

/// The folder with the shipped weights and images: that of the repository that the program
/// was built in, unless `UNRAVEL_DATA` names another one.
///
/// # Errors
/// If it is not there.
pub(crate) fn project_data() -> Result<PathBuf> {
    let chosen = std::env::var_os(VARIABLE).filter(|folder| !folder.is_empty());
    let folder = chosen.map_or_else(|| project_root().join("data"), PathBuf::from);
    ensure!(
        folder.is_dir(),
        "the shipped weights and images should be in {}, which is not a folder; name the folder \
         `data` of the repository with {VARIABLE}",
        folder.display()
    );
    Ok(folder)
}

/// The root of the repository in which the program was built.
pub fn project_root() -> &'static Path {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    crates.and_then(Path::parent).expect("crates/cli lies in the workspace")
}

/// The images that `--data` names: `sample`, CIFAR-10 in any form, or the default folder.
pub(crate) fn load_images(data: Option<&OsStr>, split: Split) -> Result<Dataset> {
    Ok(match data {
        sample if is_sample(sample) => data::load_sample(&project_data()?, split)?,
        Some(path) => load_any(Path::new(path), split)?,
        None => data::load(&data::default_dir()?, split)?,
    })
}

/// The images of a path in whatever form. Those that had to be looked for are kept: to
/// convert them takes seconds, and a command may ask for them several times.
fn load_any(path: &Path, split: Split) -> Result<Dataset> {
    static FOUND: Mutex<Vec<(PathBuf, Split, Dataset)>> = Mutex::new(Vec::new());
    let mut known = FOUND.lock().unwrap_or_else(PoisonError::into_inner);
    let is_same = |(of, part, _): &&(PathBuf, Split, Dataset)| of == path && *part == split;
    if let Some((.., dataset)) = known.iter().find(is_same) {
        return Ok(dataset.clone());
    }
    let (dataset, found) = data::load_any(path, split)?;
    if found.form == Form::Binary && found.path == path {
        return Ok(dataset);
    }
    if !known.iter().any(|(of, ..)| of == path) {
        let mut text = format!("read CIFAR-10 from {found}");
        if found.form != Form::Binary {
            let word = shell_word(&path.to_string_lossy());
            text += &format!("; `cargo xtask data --from {word}` imports it once for all");
        }
        note(text);
    }
    known.push((path.into(), split, dataset.clone()));
    Ok(dataset)
}

/// A word of a shell command, in quotes where it needs them.
fn shell_word(text: &str) -> String {
    if text.chars().all(|c| c.is_alphanumeric() || "-_.,:/=+~".contains(c)) {
        text.into()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

/// Whether `--data` names the shipped sample.
pub(crate) fn is_sample(data: Option<&OsStr>) -> bool {
    data.is_some_and(|data| data == "sample")
}

/// Keeps the first `images`, or all.
pub(crate) fn take_images(dataset: Dataset, images: Option<usize>) -> Result<Dataset> {
    match images {
        Some(images) => Ok(dataset.take_first(images).context("--images")?),
        None => Ok(dataset),
    }
}

/// Keeps the first `most` images, or all where there are fewer.
pub(crate) fn take_up_to(dataset: Dataset, most: usize) -> Result<Dataset> {
    let images = most.min(dataset.len());
    Ok(dataset.take_first(images)?)
}

/// The user's folder for long-lived state, `unravel/runs/NAME` in it.
pub(crate) fn default_run_dir(name: &str) -> Result<PathBuf> {
    let cure = "name a folder with --out";
    Ok(state_dir().context(cure)?.join("runs").join(name))
}

/// Where finished pieces of questions are kept until their records are.
pub(crate) fn pieces_dir() -> Result<PathBuf> {
    Ok(state_dir()?.join("pieces"))
}

/// The program's part of the user's folder for long-lived state.
pub(crate) fn state_dir() -> Result<PathBuf> {
    let set = |variable| std::env::var_os(variable).filter(|v| !v.is_empty()).map(PathBuf::from);
    let state = if let Some(state) = set("XDG_STATE_HOME") {
        state
    } else if let Some(home) = set("HOME") {
        let below =
            if cfg!(target_os = "macos") { "Library/Application Support" } else { ".local/state" };
        home.join(below)
    } else {
        bail!("neither XDG_STATE_HOME nor HOME is set, so there is no folder to keep work in")
    };
    Ok(state.join("unravel"))
}
