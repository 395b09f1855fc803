//! A network under each plan of a list.

use serde::{Deserialize, Serialize};

use super::Answer;
use crate::check::expect;
use crate::{Key, Score};

/// A network under each plan of the list that the key's option `plans` holds, on the same
/// images.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plans {
    /// Number of images that every score counts over.
    pub images: usize,
    /// One score for each plan, in the order of the list.
    pub scores: Vec<Score>,
}

impl Answer for Plans {
    const EXPERIMENT: &'static str = "plans";

    fn check(&self, key: &Key) -> Result<(), String> {
        let asked = key.images.first().map_or(0, |images| images.images);
        expect(self.images == asked, || {
            format!("answer.images is {}, expected that of key.images[0], {asked}", self.images)
        })?;
        let plans = key.options.get("plans").and_then(|plans| plans.as_array());
        let plans = plans.map_or(0, |plans| plans.len());
        expect(self.scores.len() == plans, || {
            format!(
                "answer.scores has {} scores, expected one for each of {plans} plans in key.options",
                self.scores.len()
            )
        })?;
        for (place, score) in self.scores.iter().enumerate() {
            score.check(&format!("answer.scores[{place}]"), self.images)?;
        }
        Ok(())
    }
}
