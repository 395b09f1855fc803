//! What a run leaves behind.

use std::path::Path;

use anyhow::{Context, Result, bail};

/// Name and content of every file below `dir`, sorted, except for the volatile parts.
///
/// # Errors
/// If there is no file, or one cannot be read.
pub(crate) fn identity_files(dir: &Path) -> Result<Vec<(String, Vec<u8>)>> {
    let mut files = Vec::new();
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if !path.to_string_lossy().ends_with(".run.json") {
                let name = path.strip_prefix(dir)?.display().to_string();
                let bytes = std::fs::read(&path).with_context(|| name.clone())?;
                files.push((name, bytes));
            }
        }
    }
    if files.is_empty() {
        bail!("{} is empty", dir.display());
    }
    files.sort();
    Ok(files)
}
