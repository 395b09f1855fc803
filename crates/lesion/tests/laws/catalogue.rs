//! The catalogue of trained networks, the shipped one and broken ones.

use std::path::{Path, PathBuf};

use lesion::Catalogue;

fn shipped() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/weights")
}

/// Every weights file has an entry, and every entry says what its file says.
#[test]
fn the_shipped_catalogue_agrees_with_the_shipped_weights() {
    let catalogue = Catalogue::load(&shipped()).unwrap();
    let files = std::fs::read_dir(shipped()).unwrap().map(|entry| entry.unwrap().path());
    let weights = files.filter(|path| path.extension().is_some_and(|e| e == "safetensors"));
    let mut found: Vec<_> =
        weights.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect();
    found.sort();
    let mut names = catalogue.names();
    names.sort_unstable();
    assert_eq!(found, names);
    for network in &catalogue.networks {
        let subject = catalogue.subject(&network.name).unwrap();
        let weights = &subject.weights;
        assert_eq!(subject.model.name, network.model, "{}", network.name);
        assert_eq!(weights.recipe.as_ref(), Some(&network.recipe), "{}", network.name);
        assert_eq!(weights.epochs, Some(network.epochs), "{}", network.name);
        assert_eq!(weights.seed, Some(network.seed), "{}", network.name);
        assert_eq!(weights.test_error, Some(network.test_error), "{}", network.name);
    }
}

#[test]
fn a_broken_catalogue_is_refused_with_the_reason() {
    let entry = |name: &str, model: &str, error: &str, sum: &str| {
        format!(
            "[[network]]\nname = \"{name}\"\nmodel = \"{model}\"\nrecipe = \"one-cycle\"\n\
             epochs = 1\nseed = 1\ntest_error = {error}\nsha256 = \"{sum}\"\n"
        )
    };
    let sum = "a".repeat(64);
    let good = entry("a", "resnet8", "0.5", &sum);
    let cases = [
        (good.repeat(2), "two networks are called a"),
        (entry("../a", "resnet8", "0.5", &sum), "cannot name a network"),
        (entry("a", "resnet9", "0.5", &sum), "unknown model \"resnet9\""),
        (entry("a", "resnet8", "5.0", &sum), "test_error is 5"),
        (entry("a", "resnet8", "0.5", "abc"), "sha256 is \"abc\""),
        (good.replace("seed", "sead"), "unknown field `sead`"),
        (good.replace("seed = 1\n", ""), "missing field `seed`"),
    ];
    let dir = tempfile::tempdir().unwrap();
    for (text, reason) in cases {
        std::fs::write(dir.path().join("index.toml"), text).unwrap();
        let message = Catalogue::load(dir.path()).unwrap_err().to_string();
        assert!(message.contains("index.toml") && message.contains(reason), "{message}");
    }
}

#[test]
fn other_weights_than_the_catalogue_speaks_of_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let index = std::fs::read_to_string(shipped().join("index.toml")).unwrap();
    std::fs::write(dir.path().join("index.toml"), index).unwrap();
    let bytes = crate::common::weights("resnet20", 1, None);
    std::fs::write(dir.path().join("resnet20.safetensors"), &bytes).unwrap();
    let catalogue = Catalogue::load(dir.path()).unwrap();
    let message = catalogue.subject("resnet20").unwrap_err().to_string();
    assert!(message.contains("resnet20.safetensors") && message.contains("sha-256"), "{message}");
    let message = catalogue.subject("resnet21").unwrap_err().to_string();
    assert!(message.contains("resnet21") && message.contains("resnet20, vgg15"), "{message}");
}
