//! The shipped sample: the first images of each split, in the official layout.

use std::io::Write;
use std::path::{Path, PathBuf};

use crate::cifar10::{RECORD_BYTES, load_files};
use crate::dataset::Dataset;
use crate::description::{Source, Split};
use crate::error::DataError;
use crate::fetch::{Incoming, Place};
use crate::manifest::{FETCH_AGAIN, FileSpec, OFFICIAL, RESTORE};

const FOLDER: &str = "cifar10-sample";

const TRAIN: FileSpec = FileSpec {
    name: "train-1000.bin",
    bytes: 1_000 * RECORD_BYTES as u64,
    sha256: "1c5f9ea0fc1111d586f29115efd3db25eecf7db27b29aaebbe84721446b052cc",
    labels: "b8cafe516962919f3ee044659c975957f7d0bec97d0268dad47d4a1e3109c091",
    images: "29afc5d98b6b245b6205dadfe60b5574e777abc30e0de91e95a288ef54435f58",
};
const TEST: FileSpec = FileSpec {
    name: "test-2000.bin",
    bytes: 2_000 * RECORD_BYTES as u64,
    sha256: "a365c883b8727b5960b1f88c468d807bb5487294a2fb9b0aa2fb8a93024384c3",
    labels: "3902c3af7fa7672eec1fabac87b4a7d8e9846a916952a3f6b723ec75787df0f9",
    images: "cd1be53d00d8393c04cb219102c1cb4fc739297cb262316bec1712589e93e1c7",
};

/// Loads the shipped sample of a split: the first 1,000 training or the first
/// 2,000 test images.
///
/// `data_dir` is the repository's `data` folder, which holds `cifar10-sample/`.
///
/// # Errors
/// If the file is missing, or its size or sha-256 sum is not the expected one.
pub fn load_sample(data_dir: &Path, split: Split) -> Result<Dataset, DataError> {
    let file = match split {
        Split::Train => TRAIN,
        Split::Test => TEST,
    };
    load_files((split, Source::Sample), &data_dir.join(FOLDER), &[file], RESTORE)
}

/// Makes the two files of the shipped sample in `data_dir/cifar10-sample` from the official ones
/// in `cifar_dir`, and returns their paths.
///
/// # Errors
/// If an official file is missing or altered, or a sample file cannot be written.
pub fn write_sample(cifar_dir: &Path, data_dir: &Path) -> Result<Vec<PathBuf>, DataError> {
    let out = data_dir.join(FOLDER);
    std::fs::create_dir_all(&out).map_err(DataError::io("create", &out))?;
    let mut written = Vec::new();
    for (sample, official) in [(TRAIN, OFFICIAL[0]), (TEST, OFFICIAL[5])] {
        let bytes = official.read(cifar_dir, FETCH_AGAIN)?;
        let mut incoming = Incoming::create(&sample, Place::Folder(&out))?;
        let first = &bytes[..sample.bytes as usize];
        incoming.write_all(first).map_err(DataError::io("write", &out))?;
        incoming.finish(&cifar_dir.join(official.name), &OFFICIAL, FETCH_AGAIN)?;
        written.push(out.join(sample.name));
    }
    Ok(written)
}
