//! A delete-one record as rates, differences and their intervals.

use record::stats::{self, Comparison, Interval};
use record::{Answer, DeleteOne, ImagesId, NetworkId, Record, Score, UnitDeletion};

use crate::{ReportError, words};

/// One record of the experiment `delete-one`, read.
pub(super) struct Deletions<'a> {
    /// The network's name, with more where records share it.
    pub(super) label: String,
    pub(super) network: &'a NetworkId,
    pub(super) data: &'a ImagesId,
    pub(super) answer: DeleteOne,
}

/// What deleting one unit does; rates and differences are fractions.
pub(super) struct Effect<'a> {
    pub(super) unit: &'a UnitDeletion,
    /// The lesioned network.
    pub(super) score: &'a Score,
    /// From the intact to the lesioned network.
    pub(super) change: Comparison,
}

impl<'a> Deletions<'a> {
    /// Reads a record.
    ///
    /// # Errors
    /// If it is of another experiment, or not of one network on one set of images.
    pub(super) fn of(record: &'a Record) -> Result<Self, ReportError> {
        let answer = record.answer::<DeleteOne>()?;
        let key = &record.key;
        let ([network], [data]) = (key.networks.as_slice(), key.images.as_slice()) else {
            let (networks, images) = (key.networks.len(), key.images.len());
            let what =
                format!("{networks} networks and {images} sets of images, expected one each");
            return Err(ReportError::Unfit { name: record.name.clone(), what });
        };
        Ok(Deletions { label: network.name.clone(), network, data, answer })
    }

    /// Reads those of the records that are of this experiment, and labels them apart.
    pub(super) fn all(records: &[&'a Record]) -> Result<Vec<Self>, ReportError> {
        let own = records.iter().filter(|record| record.key.experiment == DeleteOne::EXPERIMENT);
        let mut all = own.map(|record| Self::of(record)).collect::<Result<Vec<_>, _>>()?;
        let shared = |one: &Self| {
            all.iter().filter(|other| other.network.name == one.network.name).count() > 1
        };
        let shared: Vec<bool> = all.iter().map(shared).collect();
        for (deletions, _) in all.iter_mut().zip(shared).filter(|(_, shared)| *shared) {
            let images = words::count(deletions.data.images as u64);
            deletions.label += &format!(" (n = {images})");
        }
        Ok(all)
    }

    /// What a unit of this network is called: `block` or `layer`.
    pub(super) fn unit_word(&self) -> &'a str {
        &self.network.model.unit
    }

    pub(super) fn intact_interval(&self) -> Interval {
        wilson(&self.answer.intact)
    }

    /// One effect for every unit that can be deleted, in the network's order.
    pub(super) fn effects(&self) -> Vec<Effect<'_>> {
        let intact = &self.answer.intact.right;
        let units = self.answer.units.iter();
        let deleted = units.filter_map(|unit| Some((unit, unit.deleted.as_ref()?)));
        deleted
            .map(|(unit, score)| {
                let change = Comparison::of(intact, &score.right);
                Effect { unit, score, change }
            })
            .collect()
    }
}

impl Effect<'_> {
    pub(super) fn error(&self) -> f64 {
        self.score.error()
    }

    pub(super) fn error_interval(&self) -> Interval {
        wilson(self.score)
    }
}

fn wilson(score: &Score) -> Interval {
    stats::wilson(score.wrong.into(), score.right.len() as u64)
}
