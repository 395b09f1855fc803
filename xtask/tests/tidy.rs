//! What the repository promises about itself: arrows between crates, small
//! files, a first line that says what a module is, records that can be read.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Which crates a crate may depend on, tests apart.
const ARROWS: [(&str, &[&str]); 13] = [
    ("tensor", &[]),
    ("nn", &["tensor"]),
    ("models", &["nn", "tensor"]),
    ("data", &["tensor"]),
    ("record", &[]),
    ("train", &["data", "models", "nn", "record", "tensor"]),
    ("lesion", &["data", "models", "nn", "record", "tensor"]),
    ("report", &["record"]),
    ("unravel", &["data", "lesion", "models", "nn", "record", "report", "tensor", "train"]),
    ("testkit", &["nn", "record", "tensor"]),
    ("hostile", &["data", "lesion", "models", "record"]),
    ("cli", &["data", "lesion", "models", "record", "report", "tensor", "train"]),
    ("xtask", &["cli", "data", "lesion", "models", "record", "report", "tensor"]),
];

const MAX_LINES: usize = 400;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

#[test]
fn crates_depend_only_along_the_arrows() {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(root())
        .output()
        .unwrap();
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    assert_eq!(packages.len(), ARROWS.len(), "a crate is missing from ARROWS");
    for package in packages {
        let name = package["name"].as_str().unwrap();
        let (_, allowed) = ARROWS.iter().find(|(crate_name, _)| *crate_name == name).unwrap();
        for dependency in package["dependencies"].as_array().unwrap() {
            let dependency_name = dependency["name"].as_str().unwrap();
            let is_ours = !dependency["path"].is_null();
            if is_ours && dependency["kind"].is_null() {
                assert!(
                    allowed.contains(&dependency_name),
                    "{name} must not use {dependency_name}"
                );
                // An HTTP client with TLS is for the commands alone.
                let features = dependency["features"].as_array().unwrap();
                let downloads = features.iter().any(|feature| feature == "download");
                assert!(!downloads || name == "cli", "{name} must not download");
            }
        }
    }
}

#[test]
fn rust_files_are_small_and_say_what_they_are() {
    let mut files = Vec::new();
    for folder in ["crates", "xtask"] {
        rust_files(&root().join(folder), &mut files);
    }
    assert!(files.len() > 50, "only {} files found", files.len());
    for path in files {
        let text = std::fs::read_to_string(&path).unwrap();
        let path = path.strip_prefix(root()).unwrap().display();
        assert!(text.starts_with("//!"), "{path} does not begin with //!");
        let lines = text.lines().count();
        assert!(lines <= MAX_LINES, "{path} has {lines} lines, more than {MAX_LINES}");
    }
}

#[test]
fn committed_records_are_as_this_version_writes_them() {
    let folder = root().join("docs/report/records");
    let written = tempfile::tempdir().unwrap();
    let mut records = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.to_string_lossy().ends_with(".run.json") {
            continue;
        }
        let record = record::Record::load(&path).unwrap();
        let again = std::fs::read(record.save(written.path()).unwrap()).unwrap();
        assert!(again == std::fs::read(&path).unwrap(), "{}", path.display());
        records += 1;
    }
    assert!(records > 0);
}

fn rust_files(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// A `println!` panics where its reader has gone away or the disk is full, so everything
/// that is printed goes through `output`.
#[test]
fn only_one_module_prints() {
    let mut files = Vec::new();
    for folder in std::fs::read_dir(root().join("crates")).unwrap() {
        rust_files(&folder.unwrap().path().join("src"), &mut files);
    }
    rust_files(&root().join("xtask/src"), &mut files);
    for path in files {
        let text = std::fs::read_to_string(&path).unwrap();
        let path = path.strip_prefix(root()).unwrap();
        // Comments may show programs that print.
        for line in text.lines().filter(|line| !line.trim_start().starts_with("//")) {
            let prints = ["print!(", "println!(", "stdout()", "stderr().write", "dbg!("]
                .iter()
                .any(|word| line.contains(word));
            let may_print = path == Path::new("crates/cli/src/output.rs");
            assert!(!prints || may_print, "{} prints by itself: {line}", path.display());
        }
    }
}

/// The rows of the table of dependencies.
#[test]
fn every_dependency_has_its_reason() {
    let manifest = std::fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let manifest: toml::Value = toml::from_str(&manifest).unwrap();
    let dependencies = manifest["workspace"]["dependencies"].as_table().unwrap();
    let is_theirs = |value: &toml::Value| value.get("path").is_none();
    let theirs: Vec<&str> = dependencies
        .iter()
        .filter(|(_, value)| is_theirs(value))
        .map(|(name, _)| name.as_str())
        .collect();
    let table = std::fs::read_to_string(root().join("docs/dependencies.md")).unwrap();
    let rows: Vec<&str> =
        table.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
    assert_eq!(rows, theirs, "docs/dependencies.md and Cargo.toml");
    assert!(table.lines().filter(|line| line.starts_with("| `")).all(|line| {
        let reason = line.split('|').nth(2).unwrap_or_default();
        reason.trim().len() > 5
    }));
}
