//! Every reader of bytes from outside, as a function that fuzzers (`fuzz/`) and tests call.
//!
//! A reader may refuse whatever it is given, with an error. It must not panic, run code, go
//! on for ever, or take much more memory than the bytes declare and their format admits.
//!
//! **Must not know:** what the bytes are good for.

use std::cell::LazyCell;
use std::io::Write as _;
use std::path::Path;

use lesion::{Catalogue, Log};
use models::{Arch, Choices, Model, Plan, load_weights};
use record::Record;
use tempfile::{NamedTempFile, TempDir};

/// A reader and inputs that it takes, to start from.
pub struct Target {
    /// The name, which is also that of its folder in `fuzz/corpus`.
    pub name: &'static str,
    /// Reads the bytes.
    pub read: fn(&[u8]),
    /// The files that it takes, from the repository's root.
    pub seeds: &'static [&'static str],
}

/// All readers.
pub const TARGETS: [Target; 10] = [
    Target {
        name: "weights",
        read: weights,
        seeds: &[
            "fixtures/weights/tiny.safetensors",
            "fixtures/weights/resnet8-projection.safetensors",
            "fixtures/weights/tiny-float16.safetensors",
            "fixtures/weights/tiny-zip.pt",
            "fixtures/weights/tiny-zip-protocol4.pt",
            "fixtures/weights/tiny-legacy.th",
            "fixtures/weights/tiny-legacy-protocol4.th",
            "fixtures/weights/wrapped-zip.pt",
            "fixtures/weights/wrapped-legacy.tar",
            "fixtures/weights/module.pt",
            "fixtures/weights/empty.pt",
            "fixtures/weights/plain.pkl",
        ],
    },
    Target {
        name: "python",
        read: data::fuzz::python,
        seeds: &[
            "fixtures/cifar10/python2.pickle",
            "fixtures/cifar10/python3-bytes.pickle",
            "fixtures/cifar10/python3-latin1.pickle",
        ],
    },
    Target {
        name: "matlab",
        read: data::fuzz::matlab,
        seeds: &["fixtures/cifar10/plain.mat", "fixtures/cifar10/compressed.mat"],
    },
    Target {
        name: "archive",
        read: data::fuzz::archive,
        seeds: &["fixtures/cifar10/matlab.zip", "fixtures/cifar10/nested.zip"],
    },
    Target { name: "package", read: data::fuzz::package, seeds: &[] },
    Target { name: "images", read: images, seeds: &[] },
    Target {
        name: "record",
        read: record,
        seeds: &["docs/report/records/training-log-vgg15.json"],
    },
    Target { name: "plan", read: plan, seeds: &[] },
    Target { name: "catalogue", read: catalogue, seeds: &["data/weights/index.toml"] },
    Target { name: "log", read: log, seeds: &["data/weights/vgg15.jsonl"] },
];

/// Reads the bytes as the target of that name does.
///
/// # Panics
/// If there is no such target.
pub fn read(target: &str, bytes: &[u8]) {
    let target = TARGETS.iter().find(|known| known.name == target);
    (target.expect("a name of TARGETS").read)(bytes);
}

thread_local! {
    static RESNET8: LazyCell<Model<f32>> =
        LazyCell::new(|| arch().build::<f32>(1));
    static FOLDER: LazyCell<TempDir> =
        LazyCell::new(|| tempfile::tempdir().expect("a temporary folder"));
}

fn arch() -> Arch {
    Arch::parse("resnet8").expect("a model's name")
}

/// Weights: safetensors, and what PyTorch pickles.
fn weights(bytes: &[u8]) {
    let _ = load_weights(arch(), bytes, &Choices::default());
}

/// Images in CIFAR-10's own layout.
fn images(bytes: &[u8]) {
    let _ = data::Dataset::from_records("fuzz", bytes);
}

/// A record of an experiment.
fn record(bytes: &[u8]) {
    let _ = Record::load(file(bytes).path());
}

/// A plan for a network.
fn plan(bytes: &[u8]) {
    if let Ok(plan) = serde_json::from_slice::<Plan>(bytes) {
        let _ = RESNET8.with(|model| plan.check(model));
    }
}

/// The catalogue of trained networks.
fn catalogue(bytes: &[u8]) {
    FOLDER.with(|folder| {
        write(&folder.path().join("index.toml"), bytes);
        let _ = Catalogue::load(folder.path());
    });
}

/// The log of a training.
fn log(bytes: &[u8]) {
    let _ = Log::load(file(bytes).path());
}

fn file(bytes: &[u8]) -> NamedTempFile {
    let mut file = NamedTempFile::new().expect("a temporary file");
    file.write_all(bytes).expect("a temporary file can be written");
    file
}

fn write(path: &Path, bytes: &[u8]) {
    std::fs::write(path, bytes).expect("a temporary file can be written");
}
