//! Each branch of units with several deleted in turn.

use serde::{Deserialize, Serialize};

use super::Answer;
use crate::check::expect;
use crate::{Key, Score};

/// One branch of a unit deleted at a time, on the same images.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeleteBranches {
    /// Number of images that every score counts over.
    pub images: usize,
    /// The network with all its branches.
    pub intact: Score,
    /// The units that have several branches, in the network's order.
    pub units: Vec<BranchDeletions>,
}

/// One unit, and what each of its branches is worth.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BranchDeletions {
    /// Place in the network, 0-based.
    pub index: usize,
    /// The unit's name.
    pub name: String,
    /// Stage the unit belongs to, 0-based.
    pub stage: usize,
    /// Whether the unit changes resolution or the number of channels.
    pub boundary: bool,
    /// The network without each branch, in the unit's order: skip and other branches stay.
    pub deleted: Vec<Score>,
}

impl Answer for DeleteBranches {
    const EXPERIMENT: &'static str = "delete-branches";

    fn check(&self, key: &Key) -> Result<(), String> {
        let asked = key.images.first().map_or(0, |images| images.images);
        expect(self.images == asked, || {
            format!("answer.images is {}, expected that of key.images[0], {asked}", self.images)
        })?;
        self.intact.check("answer.intact", self.images)?;
        let mut least = 0;
        for (place, unit) in self.units.iter().enumerate() {
            let field = format!("answer.units[{place}]");
            expect(unit.index >= least, || {
                format!("{field}.index is {}, expected at least {least}", unit.index)
            })?;
            least = unit.index + 1;
            expect(unit.deleted.len() > 1, || {
                let branches = unit.deleted.len();
                format!(
                    "{field}.deleted has {branches} entries, expected one for each of several \
                     branches"
                )
            })?;
            for (branch, score) in unit.deleted.iter().enumerate() {
                score.check(&format!("{field}.deleted[{branch}]"), self.images)?;
            }
        }
        Ok(())
    }
}
