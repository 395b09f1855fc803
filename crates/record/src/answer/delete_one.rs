//! Each unit deleted in turn (Veit et al. 2016, figure 3).

use serde::{Deserialize, Serialize};

use super::Answer;
use crate::check::expect;
use crate::{Key, Score};

/// Each unit of a network deleted in turn, on the same images.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeleteOne {
    /// Number of images that every score counts over.
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
    pub deleted: Option<Score>,
}

impl Answer for DeleteOne {
    const EXPERIMENT: &'static str = "delete-one";

    fn check(&self, key: &Key) -> Result<(), String> {
        let asked = key.images.first().map_or(0, |images| images.images);
        expect(self.images == asked, || {
            format!("answer.images is {}, expected that of key.images[0], {asked}", self.images)
        })?;
        self.intact.check("answer.intact", self.images)?;
        for (place, unit) in self.units.iter().enumerate() {
            let field = format!("answer.units[{place}]");
            expect(unit.index == place, || {
                format!("{field}.index is {}, expected its place, {place}", unit.index)
            })?;
            if let Some(score) = &unit.deleted {
                score.check(&format!("{field}.deleted"), self.images)?;
            }
        }
        Ok(())
    }
}
