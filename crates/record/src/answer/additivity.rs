//! Whether the effects of neighbouring units on the logits add up.

use serde::{Deserialize, Serialize};

use super::Answer;
use crate::check::expect;
use crate::{Key, Median};

/// The additivity index of every two neighbouring units that are not boundaries.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Additivity {
    /// Number of test images: the first ones.
    pub images: usize,
    /// Batches of training images that the batch norms of the control took their statistics
    /// from.
    pub batches: usize,
    /// The pairs, in the network's order.
    pub pairs: Vec<NeighbourPair>,
}

/// A unit and the next one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NeighbourPair {
    /// The first unit, 0-based.
    pub first: usize,
    /// The second one.
    pub second: usize,
    /// The stage of the first, 0-based.
    pub stage: usize,
    /// With the trained weights.
    pub trained: PairIndex,
    /// With initial weights: the control.
    pub initial: PairIndex,
}

/// With class-centred logits `z`: how far two deletions are from adding up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PairIndex {
    /// `|z - z_-i - z_-j + z_-ij|` over the geometric mean of `|z - z_-i|` and
    /// `|z - z_-j|`: the median over the images that have this number; `None` if none has.
    pub index: Option<Median>,
    /// Images without the number, because a deletion by itself changes no logit.
    pub without: usize,
    /// That geometric mean over `|z|`, the median over the images whose `z` is not 0: how far
    /// the effects lie above rounding.
    pub effect: Option<Median>,
}

impl PairIndex {
    fn check(&self, field: &str, images: usize) -> Result<(), String> {
        let PairIndex { index, without, effect } = self;
        expect(*without <= images && index.is_none() == (*without == images), || {
            let has = if index.is_some() { "an" } else { "no" };
            format!("{field} has {has} index, but {without} of {images} images are without one")
        })?;
        for (name, median) in [("index", index), ("effect", effect)] {
            if let Some(median) = median {
                median.check_norm(&format!("{field}.{name}"))?;
            }
        }
        Ok(())
    }
}

impl Answer for Additivity {
    const EXPERIMENT: &'static str = "additivity";

    fn check(&self, key: &Key) -> Result<(), String> {
        let Additivity { images, pairs, .. } = self;
        let given = key.images.first().map_or(0, |images| images.images);
        let most = key.options["pair-images"].as_u64().unwrap_or(u64::MAX);
        let asked = usize::try_from(most).unwrap_or(usize::MAX).min(given);
        expect(*images == asked && asked > 0, || {
            format!("answer.images is {images}, expected {asked} by the key")
        })?;
        expect(pairs.is_sorted_by(|a, b| a.first < b.first), || {
            "answer.pairs are not in the network's order".into()
        })?;
        for (place, pair) in pairs.iter().enumerate() {
            let field = format!("answer.pairs[{place}]");
            let NeighbourPair { first, second, trained, initial, .. } = pair;
            expect(first + 1 == *second, || {
                format!("{field} is of units {first} and {second}, expected neighbours")
            })?;
            trained.check(&format!("{field}.trained"), *images)?;
            initial.check(&format!("{field}.initial"), *images)?;
        }
        Ok(())
    }
}
