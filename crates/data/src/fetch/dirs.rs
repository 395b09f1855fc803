//! The default folder: the user's cache.

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;

use crate::error::DataError;

/// The folder CIFAR-10 is kept in unless another one is named: `unravel/cifar10`
/// in `$XDG_CACHE_HOME` if that is set, else in the system's cache folder of the
/// user (`~/.cache`; on macOS `~/Library/Caches`; on Windows `%LOCALAPPDATA%`).
///
/// # Errors
/// If the environment names none of these.
pub fn default_dir() -> Result<PathBuf, DataError> {
    default_dir_in(|name| env::var_os(name), env::consts::OS)
}

fn default_dir_in(
    variable: impl Fn(&str) -> Option<OsString>,
    os: &str,
) -> Result<PathBuf, DataError> {
    // The XDG specification has relative paths ignored.
    let absolute = |name| variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let cache = absolute("XDG_CACHE_HOME").or_else(|| match os {
        "macos" => absolute("HOME").map(|home| home.join("Library").join("Caches")),
        "windows" => absolute("LOCALAPPDATA"),
        _ => absolute("HOME").map(|home| home.join(".cache")),
    });
    Ok(cache.ok_or(DataError::NoCacheDir)?.join("unravel").join("cifar10"))
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn the_default_folder_follows_the_environment() {
        let cases = [
            (&[("XDG_CACHE_HOME", "/c"), ("HOME", "/h")][..], "linux", "/c/unravel/cifar10"),
            (&[("XDG_CACHE_HOME", "c"), ("HOME", "/h")], "linux", "/h/.cache/unravel/cifar10"),
            (&[("HOME", "/h")], "linux", "/h/.cache/unravel/cifar10"),
            (&[("HOME", "/h")], "macos", "/h/Library/Caches/unravel/cifar10"),
        ];
        for (environment, os, expected) in cases {
            let variable = |name: &str| {
                let found = environment.iter().find(|(key, _)| *key == name);
                found.map(|(_, value)| OsString::from(value))
            };
            assert_eq!(default_dir_in(variable, os).unwrap(), PathBuf::from(expected));
        }
        let message = default_dir_in(|_| None, "linux").unwrap_err().to_string();
        assert!(message.contains("--dir"), "{message}");
    }
}
