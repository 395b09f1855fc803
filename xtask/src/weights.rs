//! Where weights lie: files anywhere, or the shipped ones by name.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use lesion::Subject;
use models::Arch;

use crate::source;

/// The extension of weights files.
const EXTENSION: &str = "safetensors";

/// The network with the weights that `--weights` names: a file that exists, or
/// `data/weights/NAME.safetensors` of the project. Without `--weights` NAME is the
/// model's.
pub(crate) fn load(arch: Arch, weights: Option<&str>) -> Result<Subject> {
    Ok(Subject::load(arch, &find(arch, weights)?)?)
}

fn find(arch: Arch, weights: Option<&str>) -> Result<PathBuf> {
    let folder = source::project_data().join("weights");
    match weights {
        Some(weights) => find_in(&folder, weights),
        None => {
            let name = arch.to_string();
            let path = shipped(&folder, &name);
            if !path.is_file() {
                bail!(
                    "no weights for {name} are shipped ({}); name some with --weights, or train \
                     them: cargo xtask train {name}",
                    known(&folder)
                );
            }
            Ok(path)
        }
    }
}

fn find_in(folder: &Path, weights: &str) -> Result<PathBuf> {
    let file = PathBuf::from(weights);
    let is_name = !weights.is_empty() && file.components().count() == 1;
    let shipped = is_name.then(|| shipped(folder, weights));
    match shipped {
        _ if file.is_file() => Ok(file),
        Some(path) if path.is_file() => Ok(path),
        _ => bail!(
            "--weights {weights}: there is neither a file of that name nor {}; {}; give the path \
             of a safetensors file or one of these names",
            Path::new("data/weights").join(format!("{weights}.{EXTENSION}")).display(),
            known(folder)
        ),
    }
}

fn shipped(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}.{EXTENSION}"))
}

/// `shipped are a, b`.
fn known(folder: &Path) -> String {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let paths = entries.map(|entry| entry.path());
    let weights = paths.filter(|path| path.extension().is_some_and(|e| e == EXTENSION));
    let mut names: Vec<String> =
        weights.filter_map(|path| Some(path.file_stem()?.to_string_lossy().into_owned())).collect();
    names.sort();
    if names.is_empty() {
        "none are shipped".to_owned()
    } else {
        format!("shipped are {}", names.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_found_first_and_a_name_next() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path();
        let file = dir.join("mine.safetensors");
        std::fs::write(&file, b"").unwrap();
        let path = file.to_str().unwrap();
        let elsewhere = dir.join("nothing-here");
        assert_eq!(find_in(&elsewhere, path).unwrap(), file);
        assert_eq!(find_in(dir, "mine").unwrap(), file);
        // A path is no name, even if it would lead to a file of the folder.
        let message = find_in(dir, "./mine").unwrap_err().to_string();
        assert!(message.contains("--weights ./mine"), "{message}");
        let message = find_in(dir, "yours").unwrap_err().to_string();
        assert!(message.contains("shipped are mine"), "{message}");
        let message = find_in(&elsewhere, "mine").unwrap_err().to_string();
        assert!(message.contains("none are shipped"), "{message}");
    }
}
