//! A delete-one record as rates, differences and their intervals.

use record::stats::{self, Comparison, Interval};
use record::{
    Answer, DeleteOne, DeleteOneOptions, ImagesId, NetworkId, NormStatistics, Record, Score, Term,
    UnitDeletion,
};

use crate::{ReportError, words};

/// One record of the experiment `delete-one`, read.
pub(in crate::study) struct Deletions<'a> {
    /// The network's name, with what is unusual about its options, and with more where
    /// records share both.
    pub(in crate::study) label: String,
    /// What is deleted, with which statistics.
    pub(in crate::study) options: DeleteOneOptions,
    pub(in crate::study) network: &'a NetworkId,
    pub(in crate::study) data: &'a ImagesId,
    pub(in crate::study) answer: DeleteOne,
}

/// What deleting a term of one unit does; rates and differences are fractions.
pub(in crate::study) struct Effect<'a> {
    pub(in crate::study) unit: &'a UnitDeletion,
    /// The lesioned network.
    pub(in crate::study) score: &'a Score,
    /// From the intact to the lesioned network.
    pub(in crate::study) change: Comparison,
}

impl<'a> Deletions<'a> {
    /// Reads a record, whatever its options.
    ///
    /// # Errors
    /// If it is of another experiment, does not say its options, or is not of one network.
    pub(in crate::study) fn of(record: &'a Record) -> Result<Self, ReportError> {
        let answer = record.answer::<DeleteOne>()?;
        let key = &record.key;
        let unfit = |what| ReportError::Unfit { name: record.name.clone(), what };
        let options = DeleteOneOptions::of(key).map_err(unfit)?;
        let ([network], [data, ..]) = (key.networks.as_slice(), key.images.as_slice()) else {
            let (networks, images) = (key.networks.len(), key.images.len());
            let what = format!("{networks} networks and {images} sets of images, expected one");
            return Err(unfit(what));
        };
        let label = network.name.clone() + how(options);
        Ok(Deletions { label, options, network, data, answer })
    }

    /// Reads a record that has to have these options.
    ///
    /// # Errors
    /// As [`Deletions::of`], or if it has others.
    pub(in crate::study) fn with(
        options: DeleteOneOptions,
        record: &'a Record,
    ) -> Result<Self, ReportError> {
        let deletions = Self::of(record)?;
        if deletions.options != options {
            let what = format!("its options are {:?}, expected {options:?}", deletions.options);
            return Err(ReportError::Unfit { name: record.name.clone(), what });
        }
        Ok(deletions)
    }

    /// Reads those of the records that are of this experiment, and labels them apart.
    pub(in crate::study) fn all(records: &[&'a Record]) -> Result<Vec<Self>, ReportError> {
        let own = records.iter().filter(|record| record.key.experiment == DeleteOne::EXPERIMENT);
        let mut all = own.map(|record| Self::of(record)).collect::<Result<Vec<_>, _>>()?;
        let shared = |one: &Self| all.iter().filter(|other| other.label == one.label).count() > 1;
        let shared: Vec<bool> = all.iter().map(shared).collect();
        for (deletions, _) in all.iter_mut().zip(shared).filter(|(_, shared)| *shared) {
            let images = words::count(deletions.data.images as u64);
            deletions.label += &format!(" (n = {images})");
        }
        Ok(all)
    }

    /// Whether whole units are deleted, all else as it was trained: the paper's lesion.
    pub(in crate::study) fn is_plain(&self) -> bool {
        self.options == DeleteOneOptions::default()
    }

    /// `block deleted`, or `skip of a block deleted`.
    pub(in crate::study) fn lesion(&self) -> String {
        match self.options.term {
            Term::Branch => format!("{} deleted", self.unit_word()),
            Term::Skip => format!("skip of a {} deleted", self.unit_word()),
        }
    }

    /// What a unit of this network is called: `block` or `layer`.
    pub(in crate::study) fn unit_word(&self) -> &'a str {
        &self.network.model.unit
    }

    pub(in crate::study) fn intact_interval(&self) -> Interval {
        wilson(&self.answer.intact)
    }

    /// The median error over the non-boundary units that can be deleted, in words; `none`
    /// without one.
    pub(in crate::study) fn inner_median(&self) -> String {
        let effects = self.effects();
        let inner = effects.iter().filter(|effect| !effect.unit.boundary);
        let errors: Vec<f64> = inner.map(Effect::error).collect();
        stats::median(&errors).map_or_else(|| "none".into(), words::percent)
    }

    /// One effect for every unit that can be deleted, in the network's order.
    pub(in crate::study) fn effects(&self) -> Vec<Effect<'_>> {
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
    pub(in crate::study) fn error(&self) -> f64 {
        self.score.error()
    }

    pub(in crate::study) fn error_interval(&self) -> Interval {
        wilson(self.score)
    }
}

/// What a label says after the network's name: nothing for the default options.
pub(super) fn how(DeleteOneOptions { term, statistics }: DeleteOneOptions) -> &'static str {
    match (term, statistics) {
        (Term::Branch, NormStatistics::Running) => "",
        (Term::Branch, NormStatistics::Reestimated) => ", batch norm re-estimated",
        (Term::Skip, NormStatistics::Running) => ", skips deleted",
        (Term::Skip, NormStatistics::Reestimated) => ", skips deleted, batch norm re-estimated",
    }
}

fn wilson(score: &Score) -> Interval {
    stats::wilson(score.wrong.into(), score.right.len() as u64)
}
