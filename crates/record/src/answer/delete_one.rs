//! Each unit deleted in turn (Veit et al. 2016, figure 3).

use serde::{Deserialize, Serialize};

use super::Answer;
use crate::check::expect;
use crate::{Key, Score};

/// One term of each unit of a network deleted in turn, on the same images: which term, and
/// with which batch-norm statistics, is in the options of the key ([`DeleteOneOptions`]).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeleteOne {
    /// Number of images that every score counts over.
    pub images: usize,
    /// Batches of training images on which statistics are re-estimated under each lesion,
    /// and for the intact network; `None` with running statistics.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batches: Option<usize>,
    /// The network with all its terms.
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
    /// The lesioned network; `None` where the term cannot be deleted.
    pub deleted: Option<Score>,
}

/// What `delete-one` deletes, and with which batch-norm statistics: the options of its
/// records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeleteOneOptions {
    /// What each unit loses.
    pub term: Term,
    /// The statistics of the batch norms.
    pub statistics: NormStatistics,
}

/// One of the two terms of a residual unit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Term {
    /// The branch, with all its layers: the unit itself is deleted, its skip stays.
    #[default]
    Branch,
    /// The skip: the branch stays.
    Skip,
}

/// Where means and variances of batch norms come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NormStatistics {
    /// From the training.
    #[default]
    Running,
    /// From training images under the lesion itself; of the intact network too.
    Reestimated,
}

impl DeleteOneOptions {
    /// Those of a record.
    ///
    /// # Errors
    /// If the key does not say them: the record is of an older version, or not of this
    /// experiment.
    pub fn of(key: &Key) -> Result<DeleteOneOptions, String> {
        DeleteOneOptions::deserialize(&key.options).map_err(|error| {
            format!(
                "key.options is {}: {error}; expected the term that is deleted and the \
                 statistics of the batch norms. A record without them is of an older \
                 version",
                key.options
            )
        })
    }
}

impl Answer for DeleteOne {
    const EXPERIMENT: &'static str = "delete-one";

    fn check(&self, key: &Key) -> Result<(), String> {
        let is_reestimated = DeleteOneOptions::of(key)?.statistics == NormStatistics::Reestimated;
        expect(self.batches.is_some_and(|batches| batches > 0) == is_reestimated, || {
            format!(
                "answer.batches is {:?}, expected a number above 0 where statistics are \
                 re-estimated, and none elsewhere",
                self.batches
            )
        })?;
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
