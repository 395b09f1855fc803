//! What the deletion of each unit costs, for studies that explain it by something else.

use record::stats::{Comparison, Interval, bootstrap, spearman};
use record::{Answer, DeleteOne, DeleteOneOptions, Record};

use super::delete_one::{self, Deletions};
use super::{Estimate, one_network};
use crate::{Answers, ReportError};

/// What the deletion of one unit costs.
pub(super) struct Damage {
    /// Cross-entropy without the unit minus that of the intact network, in nats.
    pub(super) rise: f64,
    /// From the intact to the lesioned network; its difference is D.
    pub(super) change: Comparison,
}

impl Damage {
    /// D, in points, with the paired interval over images.
    pub(super) fn points(&self) -> Estimate {
        let Interval { low, high } = self.change.interval();
        Estimate { value: 100.0 * self.change.difference(), low: 100.0 * low, high: 100.0 * high }
    }
}

/// Of each unit of a delete-one record with the default options; `None` where it cannot be
/// deleted.
pub(super) fn damages(record: &Record) -> Result<Vec<Option<Damage>>, ReportError> {
    let deletions = Deletions::with(DeleteOneOptions::default(), record)?;
    let DeleteOne { intact, units, .. } = deletions.answer;
    let damage = |score: &record::Score| Damage {
        rise: score.cross_entropy - intact.cross_entropy,
        change: Comparison::of(&intact.right, &score.right),
    };
    Ok(units.iter().map(|unit| unit.deleted.as_ref().map(damage)).collect())
}

/// The delete-one record and the record of `A`, if these are the two.
pub(super) fn pair<'a, A: Answer>(
    records: &[&'a Record],
) -> Result<(&'a Record, &'a Record), ReportError> {
    let &[deletions, other] = records else {
        return Err(ReportError::Networks { expected: "one network", given: records.len() / 2 });
    };
    same(&[deletions, other])?;
    if other.key.experiment != A::EXPERIMENT {
        let what = format!("expected a record of {}", A::EXPERIMENT);
        return Err(ReportError::Unfit { name: other.name.clone(), what });
    }
    Ok((deletions, other))
}

/// Each record of an experiment behind the delete-one record of the same network, where
/// there is one of the same weights and test images.
pub(super) fn pairs<'a>(
    answers: &Answers<'a>,
    experiment: &str,
) -> Result<Vec<[&'a Record; 2]>, ReportError> {
    let mut pairs = Vec::new();
    for record in answers.of(experiment) {
        let need = delete_one::need(&one_network(record)?.name);
        let deletions = answers.find(&need).filter(|found| same(&[found, record]).is_ok());
        pairs.extend(deletions.map(|found| [found, record]));
    }
    Ok(pairs)
}

/// Checks that records are of the same weights and test images, so that their numbers may
/// be put beside each other.
pub(super) fn same(records: &[&Record]) -> Result<(), ReportError> {
    let of = |record: &Record| record.key.images.first().cloned();
    if have_same_weights(records) && records.windows(2).all(|pair| of(pair[0]) == of(pair[1])) {
        return Ok(());
    }
    let names: Vec<&str> = records.iter().map(|record| record.name.as_str()).collect();
    Err(ReportError::Lacking(format!(
        "needs records of the same weights and test images; {} are not",
        crate::words::list(&names)
    )))
}

/// Whether records are of the same weights, whatever their images.
pub(super) fn have_same_weights(records: &[&Record]) -> bool {
    let of = |record: &Record| {
        let networks = record.key.networks.iter();
        let weights =
            networks.map(|network| (network.weights.sha256.clone(), network.branch_scale.clone()));
        weights.collect::<Vec<_>>()
    };
    records.windows(2).all(|pair| of(pair[0]) == of(pair[1]))
}

/// Spearman's correlation over units, with the bootstrap's interval: the units are drawn
/// again, so it is about the choice of units and not about the images.
pub(super) fn rank_correlation(pairs: Vec<(f64, f64)>) -> Result<Estimate, ReportError> {
    let lacking = || ReportError::Lacking("needs units that differ in both numbers".to_owned());
    let value = spearman(&pairs).ok_or_else(lacking)?;
    let interval = bootstrap(&[pairs], |groups| spearman(&groups[0]));
    let Interval { low, high } = interval.ok_or_else(lacking)?;
    Ok(Estimate { value, low, high })
}

/// A correlation in words: `Spearman 0.91 (0.80 to 0.96)`, or that there is none.
pub(super) fn correlation_in_words(correlation: &Result<Estimate, ReportError>) -> String {
    match correlation {
        Ok(Estimate { value, low, high }) => {
            let [value, low, high] = [value, low, high].map(|v| crate::words::decimal(*v, 2));
            format!("Spearman {value} ({low} to {high})")
        }
        Err(_) => "no correlation: the numbers do not differ".to_owned(),
    }
}
