//! The catalogue of trained networks: which weights are at hand, and how they came about.
//!
//! An architecture says what is computed, a trained network also with which weights:
//! `resnet110` and `resnet110-sd` are two networks of one architecture. The file
//! `index.toml` lists them beside their weights, `NAME.safetensors`.

use std::path::{Path, PathBuf};

use models::Arch;
use serde::Deserialize;

use crate::{LesionError, Log, Subject};

/// The catalogue's file, in the folder of the weights.
const INDEX: &str = "index.toml";

/// Trained networks whose weights lie in one folder.
#[derive(Debug, Clone, PartialEq)]
pub struct Catalogue {
    /// The networks, in the order of the file.
    pub networks: Vec<TrainedNetwork>,
    folder: PathBuf,
}

/// A network with its weights and its training.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainedNetwork {
    /// Its name, which is also its file's: `resnet110-sd`.
    pub name: String,
    /// The architecture: `resnet110`.
    pub model: String,
    /// The recipe it was trained with.
    pub recipe: String,
    /// Which paths each batch was trained on: `all` where nothing else is said.
    #[serde(default = "all")]
    pub paths: String,
    /// Which paths its gradients took: `ordinary` where nothing else is said.
    #[serde(default = "ordinary")]
    pub backward: String,
    /// Epochs of training.
    pub epochs: u32,
    /// The epochs that its recipe was laid out for, where the weights are of an earlier one.
    pub of_epochs: Option<u32>,
    /// The seed of the training.
    pub seed: u64,
    /// Error on all 10,000 test images after the last of them, as a fraction.
    pub test_error: f64,
    /// sha-256 of the weights file.
    pub sha256: String,
}

fn all() -> String {
    "all".to_owned()
}

fn ordinary() -> String {
    "ordinary".to_owned()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Index {
    #[serde(default)]
    network: Vec<TrainedNetwork>,
}

impl Catalogue {
    /// Reads the catalogue of a folder.
    ///
    /// # Errors
    /// If the file cannot be read or parsed, names a network twice, or a name, model or
    /// error that cannot be.
    pub fn load(folder: &Path) -> Result<Catalogue, LesionError> {
        let path = folder.join(INDEX);
        let failed = |what: String| LesionError::Catalogue { path: path.clone(), what };
        let text = std::fs::read_to_string(&path).map_err(|error| failed(error.to_string()))?;
        let Index { network: networks } =
            toml::from_str(&text).map_err(|error| failed(error.to_string()))?;
        for (i, network) in networks.iter().enumerate() {
            network.check().map_err(&failed)?;
            if networks[..i].iter().any(|before| before.name == network.name) {
                return Err(failed(format!("two networks are called {}", network.name)));
            }
        }
        Ok(Catalogue { networks, folder: folder.to_owned() })
    }

    /// The network called `name`, if there is one.
    pub fn named(&self, name: &str) -> Option<&TrainedNetwork> {
        self.networks.iter().find(|network| network.name == name)
    }

    /// The names of all networks.
    pub fn names(&self) -> Vec<&str> {
        self.networks.iter().map(|network| network.name.as_str()).collect()
    }

    /// The weights file of a network.
    pub fn path(&self, network: &TrainedNetwork) -> PathBuf {
        self.folder.join(format!("{}.safetensors", network.name))
    }

    /// The log of the training called `name`, `NAME.jsonl` in the same folder. A training
    /// that diverged has a log and no network.
    pub fn log_path(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.jsonl"))
    }

    /// The log of the training called `name`.
    ///
    /// # Errors
    /// [`LesionError::Log`] if it cannot be read.
    pub fn log(&self, name: &str) -> Result<Log, LesionError> {
        Ok(Log { listed: true, ..Log::load(&self.log_path(name))? })
    }

    /// The network called `name`, with its weights.
    ///
    /// # Errors
    /// If it is not in the catalogue, its weights cannot be loaded, or they are not the
    /// ones that the catalogue speaks of.
    pub fn subject(&self, name: &str) -> Result<Subject, LesionError> {
        let network = self.named(name).ok_or_else(|| LesionError::NotInCatalogue {
            name: name.to_owned(),
            known: self.names().join(", "),
        })?;
        let path = self.path(network);
        let arch = Arch::parse(&network.model).expect("the catalogue's models are checked");
        let subject = Subject::load(arch, &path)?;
        let found = &subject.weights.sha256;
        if *found != network.sha256 {
            let (expected, found) = (network.sha256.clone(), found.clone());
            return Err(LesionError::OtherWeights { path, expected, found });
        }
        Ok(Subject { listed: true, ..subject })
    }
}

impl TrainedNetwork {
    /// The paths of its steps, or of its gradients where these are fewer: `all`,
    /// `subset:23`, `max:4`.
    pub fn paths_in_words(&self) -> String {
        match (self.paths.as_str(), self.backward.as_str()) {
            (paths, "ordinary") => paths.to_owned(),
            ("all", backward) => backward.to_owned(),
            (paths, backward) => format!("{paths},{backward}"),
        }
    }

    /// `64`, or `32/64` where the weights are of an earlier epoch than the last.
    pub fn epochs_in_words(&self) -> String {
        match self.of_epochs {
            Some(of) => format!("{}/{of}", self.epochs),
            None => self.epochs.to_string(),
        }
    }

    fn check(&self) -> Result<(), String> {
        let TrainedNetwork { name, model, epochs, of_epochs, test_error, sha256, .. } = self;
        let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
        if name.is_empty() || !name.chars().all(is_plain) {
            return Err(format!("{name:?} cannot name a network: use letters, digits and '-'"));
        }
        Arch::parse(model).map_err(|error| format!("{name}: {error}"))?;
        if let Some(of) = of_epochs.filter(|of| of <= epochs) {
            return Err(format!("{name}: {epochs} epochs of {of}, expected fewer"));
        }
        if !(0.0..=1.0).contains(test_error) {
            return Err(format!("{name}: test_error is {test_error}, expected a fraction"));
        }
        let is_hex = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
        if sha256.len() != 64 || !sha256.chars().all(is_hex) {
            return Err(format!("{name}: sha256 is {sha256:?}, expected 64 hexadecimal digits"));
        }
        Ok(())
    }
}
