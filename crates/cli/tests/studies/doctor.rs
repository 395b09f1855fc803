//! What is found about a machine.

use std::path::Path;
use std::process::Command;

use crate::bench::{Bench, program};

/// Standard output and error.
fn told(mut command: Command) -> (String, String) {
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (text(output.stdout), text(output.stderr))
}

fn line<'a>(told: &'a str, what: &str) -> &'a str {
    told.lines().find(|line| line[4..].starts_with(what)).unwrap_or_else(|| panic!("{told}"))
}

#[test]
fn what_is_missing_is_named_with_a_cure() {
    let bench = Bench::new();
    let mut command = program(&["doctor"]);
    command.env("XDG_CACHE_HOME", bench.path("none")).env("UNRAVEL_SIMD", "portable");
    let (found, error) = told(command);
    assert!(line(&found, "images").starts_with("!!"), "{found}");
    assert!(found.contains("cargo xtask data") || found.contains("unravel data"), "{found}");
    assert!(line(&found, "sample").starts_with("ok  sample     1000 and 2000"), "{found}");
    assert!(line(&found, "weights").starts_with("ok"), "{found}");
    assert!(line(&found, "memory").contains("GiB"), "{found}");
    assert!(error.contains("problem"), "{error}");
}

#[test]
fn other_bytes_than_the_shipped_ones_are_found() {
    let bench = Bench::new();
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data");
    let folder = bench.path("data");
    std::fs::create_dir_all(folder.join("weights")).unwrap();
    std::fs::create_dir_all(folder.join("cifar10-sample")).unwrap();
    for name in ["weights/index.toml", "weights/resnet20.safetensors"] {
        std::fs::copy(shipped.join(name), folder.join(name)).unwrap();
    }
    let mut bytes = std::fs::read(shipped.join("weights/resnet20.safetensors")).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(folder.join("weights/resnet20.safetensors"), bytes).unwrap();
    let mut command = program(&["doctor"]);
    command.env("UNRAVEL_DATA", &folder);
    let (found, _) = told(command);
    assert!(found.contains("resnet20.safetensors"), "{found}");
    assert!(line(&found, "weights").starts_with("!!"), "{found}");
    assert!(line(&found, "sample").starts_with("!!"), "{found}");
    assert!(found.contains("git checkout data/weights"), "{found}");
}
