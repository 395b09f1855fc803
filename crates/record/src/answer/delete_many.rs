//! Several units deleted at random (Veit et al. 2016, figure 5a).

use serde::{Deserialize, Serialize};

use super::Answer;
use crate::check::expect;
use crate::{Key, Score, Tally};

/// Random sets of units deleted, more and more of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeleteMany {
    /// Number of images.
    pub images: usize,
    /// Into how many folds they are cut; each draw is tried on one.
    pub folds: usize,
    /// The units that a set is drawn from, 0-based.
    pub pool: Vec<usize>,
    /// The untouched network, on all images.
    pub intact: Score,
    /// One entry for each number of deleted units, ascending.
    pub counts: Vec<DeletedCount>,
}

/// All draws of one number of deleted units.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeletedCount {
    /// How many units are deleted.
    pub deleted: usize,
    /// The draws, in order.
    pub draws: Vec<DeletedSet>,
}

/// One draw: a set of units, and how the network does without them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeletedSet {
    /// The deleted units, ascending.
    pub units: Vec<usize>,
    /// The network without them, on one fold.
    pub tally: Tally,
}

impl Answer for DeleteMany {
    const EXPERIMENT: &'static str = "delete-many";

    fn check(&self, key: &Key) -> Result<(), String> {
        let asked = key.images.first().map_or(0, |images| images.images);
        let DeleteMany { images, folds, pool, intact, counts } = self;
        expect(*images == asked, || {
            format!("answer.images is {images}, expected that of key.images[0], {asked}")
        })?;
        intact.check("answer.intact", *images)?;
        let rises = counts.windows(2).all(|pair| pair[0].deleted < pair[1].deleted);
        expect(rises, || "answer.counts are not in order of the deleted units".into())?;
        for (place, DeletedCount { deleted, draws }) in counts.iter().enumerate() {
            expect(!draws.is_empty(), || format!("answer.counts[{place}].draws is empty"))?;
            for (draw, DeletedSet { units, tally }) in draws.iter().enumerate() {
                let field = format!("answer.counts[{place}].draws[{draw}]");
                let is_set = units.is_sorted_by(|a, b| a < b)
                    && units.len() == *deleted
                    && units.iter().all(|unit| pool.contains(unit));
                expect(is_set, || {
                    format!("{field}.units is {units:?}, expected {deleted} of the pool, ascending")
                })?;
                tally.check(&format!("{field}.tally"), *images, *folds)?;
            }
        }
        Ok(())
    }
}
