//! Where images come from, and where things lie on the user's machine.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use data::{Dataset, Split};

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

/// The images that `--data` names: `sample`, a folder, or the default folder.
pub(crate) fn load_images(data: Option<&OsStr>, split: Split) -> Result<Dataset> {
    Ok(match data {
        sample if is_sample(sample) => data::load_sample(&project_data()?, split)?,
        Some(dir) => data::load(Path::new(dir), split)?,
        None => data::load(&data::default_dir()?, split)?,
    })
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
fn state_dir() -> Result<PathBuf> {
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
