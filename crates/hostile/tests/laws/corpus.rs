//! Inputs that fuzzers found worth keeping.

use std::panic::catch_unwind;

use hostile::TARGETS;

use crate::root;

/// The kept inputs of a target, with their paths.
pub(crate) fn files(target: &str) -> Vec<(String, Vec<u8>)> {
    let folder = root().join("fuzz/corpus").join(target);
    let Ok(entries) = std::fs::read_dir(&folder) else { return Vec::new() };
    let mut files: Vec<_> = entries
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.display().to_string(), std::fs::read(path).unwrap()))
        .collect();
    files.sort();
    files
}

#[test]
fn every_kept_input_is_read_or_refused() {
    for target in &TARGETS {
        for (path, bytes) in crate::seeds(target) {
            let read = target.read;
            assert!(catch_unwind(|| read(&bytes)).is_ok(), "{} panics on {path}", target.name);
        }
    }
}

/// A target without a folder would never be fuzzed.
#[test]
fn every_target_has_its_program() {
    for target in &TARGETS {
        let path = root().join(format!("fuzz/fuzz_targets/{}.rs", target.name));
        let program = std::fs::read_to_string(&path).unwrap();
        assert!(program.contains(&format!("\"{}\"", target.name)), "{}", path.display());
    }
}
