//! The catalogue of trained networks, the shipped one and broken ones.

use std::path::{Path, PathBuf};

use lesion::Catalogue;
use models::{Arch, Choices, load_weights};

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
        assert_eq!(weights.of_epochs, network.of_epochs, "{}", network.name);
        assert_eq!(weights.seed, Some(network.seed), "{}", network.name);
        assert_eq!(weights.test_error, Some(network.test_error), "{}", network.name);
        let bytes = std::fs::read(catalogue.path(network)).unwrap();
        let arch = Arch::parse(&network.model).unwrap();
        let loaded = load_weights(arch, &bytes, &Choices::default()).unwrap();
        let metadata = loaded.metadata.unwrap();
        assert_eq!(metadata.paths.as_deref().unwrap_or("all"), network.paths, "{}", network.name);
        let backward = metadata.backward.as_deref().unwrap_or("ordinary");
        assert_eq!(backward, network.backward, "{}", network.name);
    }
}

#[test]
fn a_listing_says_how_far_a_training_came_and_which_paths_it_took() {
    let of = |more: &str| {
        let dir = tempfile::tempdir().unwrap();
        let sum = "a".repeat(64);
        let entry = format!(
            "[[network]]\nname = \"a\"\nmodel = \"resnet8\"\nrecipe = \"one-cycle\"\nepochs = 32\n\
             seed = 1\ntest_error = 0.5\nsha256 = \"{sum}\"\n{more}"
        );
        std::fs::write(dir.path().join("index.toml"), entry).unwrap();
        let network = Catalogue::load(dir.path()).unwrap().networks.remove(0);
        (network.epochs_in_words(), network.paths_in_words())
    };
    let words = |epochs: &str, paths: &str| (epochs.to_owned(), paths.to_owned());
    assert_eq!(of(""), words("32", "all"));
    assert_eq!(of("of_epochs = 64\npaths = \"subset:2\""), words("32/64", "subset:2"));
    assert_eq!(of("backward = \"max:4\""), words("32", "max:4"));
    let both = of("paths = \"subset:2\"\nbackward = \"max:4\"");
    assert_eq!(both, words("32", "subset:2,max:4"));
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
        (good.clone() + "of_epochs = 1\n", "1 epochs of 1, expected fewer"),
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
