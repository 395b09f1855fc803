//! Sets of deleted units, what predicts the error under them, and how well.

use record::stats::{Interval, bootstrap};
use record::{Answer, DeleteMany, DeleteOne, NetworkId, PathGradients, Record, ResidualNorms};

use super::fit::{Form, predictions};
use crate::study::path_gradients::EffectiveLengths;
use crate::study::{Estimate, damage};
use crate::{ReportError, words};

/// Folds of draws: draw j of each size is predicted by a fit without the draws of fold
/// j mod 5.
const FOLDS: usize = 5;

/// Errors are multiples of one part in the number of images, so that a sum of squares below
/// this is made of rounding alone.
const ROUNDING: f64 = 1e-15;

/// A number of a set of deleted units that grows with what its deletion should cost.
pub(super) struct Predictor {
    /// What it is, for figures and tables.
    pub(super) label: &'static str,
    /// The number, of units by their index; `None` where the records do not know one of
    /// them.
    of: fn(&Known, &[usize]) -> Option<f64>,
}

/// The contestants. One more is an entry here, with what it knows of a unit in [`Known`].
pub(super) const PREDICTORS: [Predictor; 4] = [
    Predictor { label: "k, the number deleted", of: |_, units| Some(units.len() as f64) },
    Predictor { label: "sum of |f| / |y|", of: |known, units| total(&known.ratios, units) },
    Predictor { label: "sum of single D", of: |known, units| total(&known.lost, units) },
    Predictor {
        label: "effective gradient lost",
        of: |known, units| {
            let is_on_paths = |unit| known.lengths.units.contains(unit);
            units.iter().all(is_on_paths).then(|| known.lengths.lost(units.len()))
        },
    },
];

/// What single units are known for.
struct Known {
    /// The mean over images of `|f| / |y|`.
    ratios: Vec<Option<f64>>,
    /// D, in points.
    lost: Vec<Option<f64>>,
    lengths: EffectiveLengths,
}

fn total(each: &[Option<f64>], units: &[usize]) -> Option<f64> {
    units.iter().map(|&unit| each.get(unit).copied().flatten()).sum()
}

/// One network's sets of deleted units.
pub(super) struct Contest<'a> {
    pub(super) network: &'a NetworkId,
    pub(super) images: usize,
    pub(super) draws: Vec<Draw>,
}

/// A set of deleted units.
pub(super) struct Draw {
    /// How many.
    size: usize,
    fold: usize,
    /// Test error under the set, a fraction.
    error: f64,
    /// One number for each of [`PREDICTORS`].
    numbers: Vec<f64>,
}

impl<'a> Contest<'a> {
    /// From records of delete-many, delete-one, residual-norms and path-gradients of one
    /// network.
    ///
    /// # Errors
    /// [`ReportError::Lacking`] if they are not of the same weights and images, or do not
    /// know a deleted unit.
    pub(super) fn of(records: &[&'a Record]) -> Result<Self, ReportError> {
        let &[sets, deletions, norms, gradients] = records else {
            return Err(ReportError::Networks {
                expected: "one network",
                given: records.len() / 4,
            });
        };
        damage::same(&[sets, deletions, norms])?;
        if !damage::have_same_weights(records) {
            let what = "needs path gradients of the same weights as the deletions";
            return Err(ReportError::Lacking(what.into()));
        }
        let (answer, norms) = (sets.answer::<DeleteMany>()?, norms.answer::<ResidualNorms>()?);
        let lost = damage::damages(deletions)?;
        let known = Known {
            ratios: norms.units.iter().map(|u| Some(u.norms?.over_input.mean)).collect(),
            lost: lost.iter().map(|lost| Some(lost.as_ref()?.points().value)).collect(),
            lengths: EffectiveLengths::of(gradients)?,
        };
        let mut draws = Vec::new();
        for count in &answer.counts {
            for (number, draw) in count.draws.iter().enumerate() {
                let numbers = PREDICTORS.iter().map(|predictor| {
                    (predictor.of)(&known, &draw.units).ok_or_else(|| {
                        let units = &draw.units;
                        let names = words::list(&[
                            DeleteOne::EXPERIMENT,
                            ResidualNorms::EXPERIMENT,
                            PathGradients::EXPERIMENT,
                        ]);
                        ReportError::Lacking(format!(
                            "one of {names} knows nothing of one of the units {units:?}"
                        ))
                    })
                });
                let numbers = numbers.collect::<Result<_, _>>()?;
                let (fold, error) = (number % FOLDS, draw.tally.error());
                draws.push(Draw { size: count.deleted, fold, error, numbers });
            }
        }
        let network = sets.key.networks.first().expect("the records are of the same networks");
        Ok(Contest { network, images: answer.images, draws })
    }

    /// The cross-validated predictions of one predictor.
    ///
    /// # Errors
    /// [`ReportError::Lacking`] if there is one draw of each size.
    pub(super) fn predicted(&self, predictor: usize, form: Form) -> Result<Predicted, ReportError> {
        let pairs: Vec<_> =
            self.draws.iter().map(|draw| (draw.numbers[predictor], draw.error)).collect();
        let folds: Vec<usize> = self.draws.iter().map(|draw| draw.fold).collect();
        let found = predictions(&pairs, &folds, form).ok_or_else(|| {
            ReportError::Lacking("needs at least two draws of each number of units".to_owned())
        })?;
        let each: Vec<_> = self.draws.iter().zip(found).collect();
        let groups = each.chunk_by(|a, b| a.0.size == b.0.size);
        let pair = |(draw, found): &(&Draw, f64)| (draw.error, *found);
        Ok(Predicted { groups: groups.map(|group| group.iter().map(pair).collect()).collect() })
    }

    /// For each predictor: R2 of a line, R2 of the monotone form, and the latter's within
    /// k.
    pub(super) fn rows(&self) -> Result<Vec<[Estimate; 3]>, ReportError> {
        let row = |predictor: usize| {
            let line = self.predicted(predictor, Form::Line)?;
            let monotone = self.predicted(predictor, Form::Monotone)?;
            Ok([line.r2()?, monotone.r2()?, monotone.r2_within()?])
        };
        (0..PREDICTORS.len()).map(row).collect()
    }
}

/// What came out and what was predicted, as fractions, in groups of sets of equal size.
pub(super) struct Predicted {
    groups: Vec<Vec<(f64, f64)>>,
}

impl Predicted {
    /// `1 - sum (y - p)^2 / sum (y - mean y)^2`, over all sets.
    pub(super) fn r2(&self) -> Result<Estimate, ReportError> {
        self.explained(|groups| spread(&outcomes(&groups.concat())))
    }

    /// The same where each set is compared with the mean over sets of its size.
    fn r2_within(&self) -> Result<Estimate, ReportError> {
        self.explained(|groups| groups.iter().map(|group| spread(&outcomes(group))).sum())
    }

    fn explained(
        &self,
        variation: impl Fn(&[Vec<(f64, f64)>]) -> f64,
    ) -> Result<Estimate, ReportError> {
        let statistic = |groups: &[Vec<(f64, f64)>]| {
            let missed: f64 = groups.iter().flatten().map(|(y, p)| (y - p) * (y - p)).sum();
            let all = variation(groups);
            (all > ROUNDING).then(|| 1.0 - missed / all)
        };
        let lacking = || ReportError::Lacking("needs sets with different errors".to_owned());
        let value = statistic(&self.groups).ok_or_else(lacking)?;
        let Interval { low, high } = bootstrap(&self.groups, statistic).ok_or_else(lacking)?;
        Ok(Estimate { value, low, high })
    }
}

fn outcomes(pairs: &[(f64, f64)]) -> Vec<f64> {
    pairs.iter().map(|pair| pair.0).collect()
}

/// The sum of the squared distances from the mean.
fn spread(values: &[f64]) -> f64 {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    values.iter().map(|value| (value - mean) * (value - mean)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: missed 0.02; around the mean of all 0.29, around those of the groups 0.04.
    #[test]
    fn r2_is_the_part_of_the_variance_that_is_not_missed() {
        let groups = vec![vec![(0.1, 0.1), (0.3, 0.2)], vec![(0.6, 0.6), (0.8, 0.9)]];
        let predicted = Predicted { groups };
        assert!((predicted.r2().unwrap().value - (1.0 - 0.02 / 0.29)).abs() < 1e-12);
        assert!((predicted.r2_within().unwrap().value - 0.5).abs() < 1e-12);
    }
}
