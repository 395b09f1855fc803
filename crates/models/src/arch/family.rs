//! What a family of architectures is.

use tensor::Normalisation;

use crate::Model;

/// Architectures that differ in a number, such as the depth, or are a few variants of one.
/// Each is a value in a file of its own; [`FAMILIES`](super::FAMILIES) lists them.
pub struct Family {
    /// How its names look, for people.
    pub names: &'static str,
    /// What they are, and whose, in a line.
    pub source: &'static str,
    /// The numbers that listings show.
    pub listed: &'static [u32],
    /// The number of the architecture with this name.
    pub parse: fn(&str) -> Option<u32>,
    /// The name of an architecture.
    pub name: fn(u32) -> String,
    /// The network with this name and initial weights drawn from a seed.
    pub build: fn(u32, &str, u64) -> Model<f64>,
    /// How images are normalised for weights that do not say it themselves.
    pub normalisation: Normalisation,
    /// What a training of it should know.
    pub training: Training,
}

/// What recipes need to know of a family. How they use it is their own business.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Training {
    /// Epochs of a short training.
    pub epochs: u32,
    /// The highest learning rate of a short training.
    pub peak_rate: f64,
    /// L2 penalty of a long training in steps.
    pub step_weight_decay: f64,
}

impl Training {
    /// That of residual networks.
    pub const RESIDUAL: Training = Training { epochs: 40, peak_rate: 0.2, step_weight_decay: 1e-4 };
}

/// The depth `D = 6n + 2` in a name `PREFIX D SUFFIX`.
pub(super) fn depth(name: &str, prefix: &str, suffix: &str) -> Option<u32> {
    let digits = name.strip_prefix(prefix)?.strip_suffix(suffix)?;
    let is_plain = !digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit());
    let depth: u32 = digits.parse().ok().filter(|_| is_plain)?;
    ((8..=9998).contains(&depth) && depth % 6 == 2).then_some(depth)
}

/// The number of a name among those of a few variants.
pub(super) fn variant(name: &str, names: &[&str]) -> Option<u32> {
    names.iter().position(|&known| known == name).map(|i| i as u32)
}
