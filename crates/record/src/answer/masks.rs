//! Random masks of a network against the scaled network.

use serde::{Deserialize, Serialize};

use super::Answer;
use crate::check::expect;
use crate::{Committee, Key, Score};

/// What the masks of one network say, alone and together, beside the scaled network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Masks {
    /// Number of images.
    pub images: usize,
    /// The network as inference runs it: all parts, scaled by their chance to survive.
    pub scaled: Score,
    /// The mean over the first masks, more and more of them; all in the last entry.
    pub averages: Vec<MaskCount>,
    /// For each image the number of masks that are wrong.
    pub wrong_masks: Vec<u32>,
}

/// Some masks together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MaskCount {
    /// How many.
    pub masks: usize,
    /// What they say.
    pub together: Committee,
}

impl Masks {
    /// All masks together.
    ///
    /// # Panics
    /// If there are none, which no record has.
    #[track_caller]
    pub fn all(&self) -> &MaskCount {
        self.averages.last().expect("masks are averaged")
    }
}

impl Answer for Masks {
    const EXPERIMENT: &'static str = "masks";

    fn check(&self, key: &Key) -> Result<(), String> {
        let asked = key.images.first().map_or(0, |images| images.images);
        expect(self.images == asked && asked > 0, || {
            format!("answer.images is {}, expected that of key.images[0], {asked}", self.images)
        })?;
        self.scaled.check("answer.scaled", self.images)?;
        expect(self.averages.is_sorted_by(|a, b| a.masks < b.masks), || {
            "answer.averages are not of more and more masks".to_owned()
        })?;
        let most = self.averages.last().map_or(0, |last| last.masks);
        expect(most > 0, || "answer.averages is empty".to_owned())?;
        for (place, MaskCount { masks, together }) in self.averages.iter().enumerate() {
            together.check(&format!("answer.averages[{place}].together"), *masks, self.images)?;
        }
        let (wrong, sum) = (&self.wrong_masks, |wrong: &[u32]| -> u64 {
            wrong.iter().map(|&wrong| u64::from(wrong)).sum()
        });
        let of_masks = sum(&self.averages[self.averages.len() - 1].together.member_wrong);
        expect(
            wrong.len() == self.images
                && wrong.iter().all(|&wrong| wrong as usize <= most)
                && sum(wrong) == of_masks,
            || "answer.wrong_masks does not agree with the masks' errors".to_owned(),
        )
    }
}
