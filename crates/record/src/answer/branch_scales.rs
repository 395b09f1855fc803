//! The intact network with its branches scaled, or not (Veit et al. 2016, section 5).

use serde::{Deserialize, Serialize};

use super::Answer;
use crate::check::expect;
use crate::{Key, Score};

/// The intact network under each rule for inference, on the same images.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BranchScales {
    /// Number of images that every score counts over.
    pub images: usize,
    /// Batches of training images that statistics were re-estimated on.
    pub batches: usize,
    /// The four rules: scaled and unscaled with the running statistics, then with
    /// re-estimated ones.
    pub arms: Vec<ScaledArm>,
}

/// The network under one rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScaledArm {
    /// Whether branches have the scales that the weights state; else all are 1.
    pub scaled: bool,
    /// Whether batch-norm statistics are re-estimated under the rule.
    pub reestimated: bool,
    /// How the network does.
    pub score: Score,
}

impl BranchScales {
    /// The rules, in order: whether branches are scaled, whether statistics are
    /// re-estimated.
    pub const RULES: [(bool, bool); 4] =
        [(true, false), (false, false), (true, true), (false, true)];
}

impl Answer for BranchScales {
    const EXPERIMENT: &'static str = "branch-scales";

    fn check(&self, key: &Key) -> Result<(), String> {
        let asked = key.images.first().map_or(0, |images| images.images);
        expect(self.images == asked, || {
            format!("answer.images is {}, expected that of key.images[0], {asked}", self.images)
        })?;
        expect(self.batches > 0, || "answer.batches is 0".to_owned())?;
        let rules: Vec<_> = self.arms.iter().map(|arm| (arm.scaled, arm.reestimated)).collect();
        expect(rules == Self::RULES, || {
            format!("answer.arms have the rules {rules:?}, expected {:?}", Self::RULES)
        })?;
        for (place, arm) in self.arms.iter().enumerate() {
            arm.score.check(&format!("answer.arms[{place}].score"), self.images)?;
        }
        Ok(())
    }
}
