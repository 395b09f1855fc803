//! Whatever is done to a file, its reader comes back.

mod corpus;
mod damage;
mod memory;

use std::path::{Path, PathBuf};

use hostile::Target;

/// The repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The inputs that a target starts from: files of the repository, and what is made here.
fn seeds(target: &Target) -> Vec<(String, Vec<u8>)> {
    let read = |path: &&str| ((*path).to_owned(), std::fs::read(root().join(path)).unwrap());
    let mut seeds: Vec<_> = target.seeds.iter().map(read).collect();
    seeds.extend(corpus::files(target.name));
    assert!(!seeds.is_empty(), "{} has no seed", target.name);
    seeds
}
