//! The identity part of a record, as structs whose field order is the file's.

use serde::{Deserialize, Serialize};

/// Version of the file format; a file with another number is refused.
pub const SCHEMA: u32 = 1;

/// One run's question and raw answer: the file `NAME.json`.
///
/// Two runs that ask the same question of the same weights and images, at the same
/// SIMD level, leave the same bytes, whatever the machine or the thread count.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// Format version, [`SCHEMA`] in every record this program writes.
    pub schema: u32,
    /// File name without extension, for instance `delete-one-resnet20-sample`.
    pub name: String,
    /// What was asked.
    pub key: Key,
    /// What came out.
    pub result: Outcome,
}

/// Everything that decides the answer; equal keys make a record reusable.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Key {
    /// Name of the experiment, for instance `delete-one`.
    pub experiment: String,
    /// The experiment's own version constant, raised when its numbers change.
    pub version: u32,
    /// The architecture.
    pub model: ModelId,
    /// The trained weights.
    pub weights: WeightsId,
    /// The images.
    pub data: DataId,
    /// Seed of every random choice the experiment makes.
    pub seed: u64,
    /// SIMD level: `avx512`, `avx2` or `portable`.
    pub simd: String,
    /// sha-256 of the claims file as it stood when the run was made.
    pub claims_sha256: Option<String>,
    /// The lesions asked for, for instance `{"deleted": [0, 1, 2]}`, 0-based.
    pub plans: serde_json::Value,
}

/// An architecture and its cost.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelId {
    /// Registry name, for instance `resnet20`.
    pub name: String,
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
    /// Training seed.
    pub seed: Option<u64>,
    /// Error on the full test set after the last epoch, as a fraction.
    pub test_error: Option<f64>,
}

/// A set of images, by content.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataId {
    /// For instance `cifar10-test`.
    pub name: String,
    /// Whether this is the shipped sample rather than the full set.
    pub sample: bool,
    /// Number of images used, the first ones of the set.
    pub images: usize,
    /// sha-256 of these images with their labels, in the official layout.
    pub sha256: String,
}

/// The raw numbers, by experiment; the field `kind` tells which.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Outcome {
    /// Each unit deleted in turn (Veit et al. 2016, figure 3).
    DeleteOne(DeleteOne),
}

/// Outcome of deleting each unit of a network in turn.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeleteOne {
    /// Number of images every score counts over.
    pub images: usize,
    /// The untouched network.
    pub intact: Score,
    /// One entry for every unit, in the network's order.
    pub units: Vec<UnitDeletion>,
}

/// One unit and what its deletion does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnitDeletion {
    /// Place in the network, 0-based.
    pub index: usize,
    /// The unit's name.
    pub name: String,
    /// Stage the unit belongs to, 0-based.
    pub stage: usize,
    /// Whether the unit changes resolution or the number of channels.
    pub boundary: bool,
    /// The lesioned network; `None` where the unit cannot be deleted.
    pub deleted: Option<Deletion>,
}

/// A lesioned network's score, and how its answers differ from the intact one's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deletion {
    /// The lesioned network.
    pub score: Score,
    /// Images that the intact network gets right and the lesioned one wrong.
    pub newly_wrong: u32,
    /// Images that the intact network gets wrong and the lesioned one right.
    pub newly_right: u32,
}

/// How a network does on the images.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Score {
    /// Number of images misclassified.
    pub wrong: u32,
    /// Mean cross-entropy over the images, in nats.
    pub cross_entropy: f64,
}

impl Record {
    /// A record of the current [`SCHEMA`].
    pub fn new(name: impl Into<String>, key: Key, result: Outcome) -> Self {
        Record { schema: SCHEMA, name: name.into(), key, result }
    }

    /// Whether this record answers `key`, so that the run can be skipped.
    pub fn is_up_to_date(&self, key: &Key) -> bool {
        self.schema == SCHEMA && self.key == *key
    }

    /// sha-256 of the key, as 64 hexadecimal digits: a short name for the question.
    pub fn key_hash(&self) -> String {
        self.key.hash()
    }
}

impl Key {
    /// sha-256 of the key's compact JSON, object keys of `plans` sorted, as 64
    /// hexadecimal digits.
    pub fn hash(&self) -> String {
        let mut canonical = self.clone();
        canonical.plans.sort_all_objects();
        sha256_hex(&serde_json::to_vec(&canonical).expect("a key is plain data"))
    }
}

/// sha-256 of `bytes` as records write it: 64 lower-case hexadecimal digits.
pub fn sha256_hex(bytes: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
