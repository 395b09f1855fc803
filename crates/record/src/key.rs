//! The key of a record: everything that decides the answer.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::check::{expect, sha256};

/// A question, complete: equal keys have equal answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Key {
    /// Name of the experiment, for instance `delete-one`.
    pub experiment: String,
    /// The experiment's own version constant, raised when its numbers change.
    pub version: u32,
    /// The experiment's options: draws, depths, folds, the seed of its random choices.
    pub options: Value,
    /// The networks under study, in the order given; none for pure arithmetic.
    pub networks: Vec<NetworkId>,
    /// The log of a training, where that is what is looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log: Option<LogId>,
    /// The images that were used, test images first.
    pub images: Vec<ImagesId>,
    /// sha-256 of the work: every lesion with its images.
    pub work: String,
    /// SIMD level: `avx512`, `avx2` or `portable`.
    pub simd: String,
}

/// A trained network: its architecture, its weights and what is assumed about them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkId {
    /// Name of the trained network: that of the catalogue, for instance `resnet110-sd`,
    /// or the stem of a foreign weights file.
    pub name: String,
    /// The architecture.
    pub model: ModelId,
    /// The weights.
    pub weights: WeightsId,
    /// What is assumed where the weights do not say.
    pub conventions: Conventions,
    /// The factor of each unit's branch under both terms.
    pub branch_scale: Vec<f64>,
}

/// An architecture and its cost.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelId {
    /// Registry name, for instance `resnet20`.
    pub name: String,
    /// What its units are called: `block` or `layer`.
    pub unit: String,
    /// Number of trainable parameters.
    pub parameters: u64,
    /// Multiply-accumulate operations for one image, forward.
    pub macs: u64,
}

/// A weights file, by content, with what its metadata says of its training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WeightsId {
    /// File name, never a path: a path would differ between machines.
    pub source: String,
    /// sha-256 of the file, 64 lower-case hexadecimal digits.
    pub sha256: String,
    /// Training recipe.
    pub recipe: Option<String>,
    /// Epochs trained.
    pub epochs: Option<u32>,
    /// The epochs that the recipe was laid out for, where they were not all done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of_epochs: Option<u32>,
    /// Training seed.
    pub seed: Option<u64>,
    /// Error on the full test set after the last epoch, as a fraction.
    pub test_error: Option<f64>,
}

/// The log of a training, by content.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogId {
    /// Name of the training, which is that of the network where it led to one.
    pub name: String,
    /// sha-256 of the file, 64 lower-case hexadecimal digits.
    pub sha256: String,
}

/// How images become inputs: `(x - mean) / std` for each channel, on the scale 0 to 1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Conventions {
    /// Mean of each channel.
    pub mean: Vec<f32>,
    /// Standard deviation of each channel.
    pub std: Vec<f32>,
    /// What else is assumed of weights that do not say how they were trained, in words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub assumed: Vec<String>,
}

/// A set of images, by content.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImagesId {
    /// For instance `cifar10-test`.
    pub name: String,
    /// Whether these are of the shipped sample rather than of the full set.
    pub sample: bool,
    /// Number of images.
    pub images: usize,
    /// Number of classes.
    pub classes: usize,
    /// sha-256 of these images with their labels, in the official layout.
    pub sha256: String,
}

impl ImagesId {
    /// The error of a guess: `1 - 1 / classes`, if the classes are equally frequent.
    pub fn chance(&self) -> f64 {
        1.0 - 1.0 / self.classes as f64
    }
}

impl Key {
    /// The names of what is looked at: the networks, in order, and the training.
    pub fn subjects(&self) -> impl Iterator<Item = &str> {
        let networks = self.networks.iter().map(|network| network.name.as_str());
        networks.chain(self.log.as_ref().map(|log| log.name.as_str()))
    }

    /// sha-256 of the key's compact JSON, with the fields of `options` sorted, as 64
    /// hexadecimal digits: a short name for the question.
    pub fn hash(&self) -> String {
        let mut canonical = self.clone();
        canonical.options.sort_all_objects();
        sha256_hex(&serde_json::to_vec(&canonical).expect("a key is plain data"))
    }

    /// The seed among the options, for experiments that make random choices.
    pub fn seed(&self) -> Option<u64> {
        self.options.get("seed")?.as_u64()
    }

    /// Whether the first images are of the shipped sample, so that numbers are a preview.
    pub fn is_preview(&self) -> bool {
        self.images.iter().any(|images| images.sample)
    }

    /// Where the other key differs, one entry for each field, in the order of the fields:
    /// `networks[0].weights.sha256 is "0c…" instead of "1d…"` says first what this key has.
    pub fn differences(&self, other: &Key) -> Vec<String> {
        let value = |key| serde_json::to_value(key).expect("a key is plain data");
        let mut found = Vec::new();
        compare("", &value(self), &value(other), &mut found);
        found
    }

    pub(crate) fn check(&self) -> Result<(), String> {
        for (field, text) in [("key.experiment", &self.experiment), ("key.simd", &self.simd)] {
            expect(!text.is_empty(), || format!("{field} is empty, expected a name"))?;
        }
        expect(self.options.is_object(), || {
            format!("key.options is {}, expected an object", self.options)
        })?;
        sha256("key.work", &self.work)?;
        for (place, network) in self.networks.iter().enumerate() {
            network.check(&format!("key.networks[{place}]"))?;
        }
        if let Some(LogId { name, sha256: sum }) = &self.log {
            expect(!name.is_empty(), || "key.log.name is empty, expected a name".to_owned())?;
            sha256("key.log.sha256", sum)?;
        }
        for (place, images) in self.images.iter().enumerate() {
            images.check(&format!("key.images[{place}]"))?;
        }
        Ok(())
    }
}

/// Adds the differences between two values at `place` to `found`.
fn compare(place: &str, one: &Value, other: &Value, found: &mut Vec<String>) {
    match (one, other) {
        _ if one == other => {}
        (Value::Object(one), Value::Object(other)) => {
            let fields = one.keys().chain(other.keys().filter(|field| !one.contains_key(*field)));
            for field in fields {
                let of = |map: &serde_json::Map<String, Value>| map.get(field).cloned();
                let dot = if place.is_empty() { "" } else { "." };
                let (one, other) = (of(one).unwrap_or_default(), of(other).unwrap_or_default());
                compare(&format!("{place}{dot}{field}"), &one, &other, found);
            }
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            for (i, (one, other)) in one.iter().zip(other).enumerate() {
                compare(&format!("{place}[{i}]"), one, other, found);
            }
        }
        _ => found.push(format!("{place} is {} instead of {}", brief(one), brief(other))),
    }
}

/// A value as JSON, cut where it is long.
fn brief(value: &Value) -> String {
    const LONGEST: usize = 60;
    match value {
        Value::Null => "absent".to_owned(),
        Value::Array(list) => format!("a list of {}", list.len()),
        Value::Object(_) => "an object".to_owned(),
        value => {
            let text = value.to_string();
            let cut: String = text.chars().take(LONGEST).collect();
            if cut == text { text } else { cut + "…" }
        }
    }
}

impl NetworkId {
    fn check(&self, field: &str) -> Result<(), String> {
        let weights = &self.weights;
        for (name, text) in [
            ("name", &self.name),
            ("model.name", &self.model.name),
            ("model.unit", &self.model.unit),
            ("weights.source", &weights.source),
        ] {
            expect(!text.is_empty(), || format!("{field}.{name} is empty, expected a name"))?;
        }
        expect(!weights.source.contains(['/', '\\']), || {
            format!("{field}.weights.source is {:?}, expected a file name", weights.source)
        })?;
        sha256(&format!("{field}.weights.sha256"), &weights.sha256)?;
        if let Some(error) = weights.test_error {
            expect((0.0..=1.0).contains(&error), || {
                format!("{field}.weights.test_error is {error}, expected a fraction")
            })?;
        }
        let Conventions { mean, std, .. } = &self.conventions;
        let usable = mean.len() == std.len()
            && mean.iter().all(|mean| mean.is_finite())
            && std.iter().all(|std| std.is_finite() && *std > 0.0);
        expect(usable, || {
            format!(
                "{field}.conventions has means {mean:?} and deviations {std:?}, expected as many \
                 finite numbers, the deviations positive"
            )
        })?;
        expect(self.branch_scale.iter().all(|scale| scale.is_finite()), || {
            format!("{field}.branch_scale is {:?}, expected finite numbers", self.branch_scale)
        })
    }
}

impl ImagesId {
    fn check(&self, field: &str) -> Result<(), String> {
        let ImagesId { name, images, classes, .. } = self;
        expect(!name.is_empty(), || format!("{field}.name is empty, expected a name"))?;
        expect(*images > 0, || format!("{field}.images is 0, expected at least 1"))?;
        expect(*classes > 1, || format!("{field}.classes is {classes}, expected at least 2"))?;
        sha256(&format!("{field}.sha256"), &self.sha256)
    }
}

/// sha-256 of `bytes` as records write it: 64 lower-case hexadecimal digits.
pub fn sha256_hex(bytes: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
