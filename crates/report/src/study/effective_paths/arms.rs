//! Networks trained in full against networks trained on part of their blocks at a time.

use record::stats::{Variance, pooled_variance};
use record::{Bits, BranchScales, Record};

use crate::ReportError;
use crate::study::{Estimate, seeds};

/// The rule for inference that claims are judged on, of [`BranchScales::RULES`]: branches
/// scaled as the weights say, running statistics. The others are shown beside it.
pub(super) const PRIMARY: usize = 0;

/// One comparison: as many networks trained on part of their blocks as trained in full.
pub(super) struct Arms {
    full: Vec<BranchScales>,
    short: Vec<BranchScales>,
}

impl Arms {
    /// The first half of the records is trained in full.
    pub(super) fn of(records: &[&Record]) -> Result<Arms, ReportError> {
        let are_same = |pair: &[&Record]| pair[0].key.images == pair[1].key.images;
        if records.is_empty() || !records.windows(2).all(are_same) {
            return Err(ReportError::Lacking("needs records on the same images".into()));
        }
        let read = |record: &&Record| Ok(record.answer::<BranchScales>()?);
        let all = records.iter().map(read).collect::<Result<Vec<_>, ReportError>>()?;
        let (full, short) = all.split_at(all.len() / 2);
        Ok(Arms { full: full.to_vec(), short: short.to_vec() })
    }

    /// The variance of the error over seeds, pooled over both arms, in squared fractions.
    pub(super) fn over_seeds(&self, rule: usize) -> Result<Variance, ReportError> {
        let errors = |arm: &[BranchScales]| -> Vec<f64> {
            arm.iter().map(|answers| answers.arms[rule].score.error()).collect()
        };
        pooled_variance(&[&errors(&self.full), &errors(&self.short)])
            .ok_or_else(|| ReportError::Lacking("needs two seeds of each arm".into()))
    }

    /// Mean error of the short arm minus that of the full one, in points
    /// ([`seeds::difference`]), with the variance of [`Arms::over_seeds`], here or borrowed
    /// where there is one network in each arm.
    pub(super) fn difference(&self, rule: usize, over_seeds: Variance) -> Estimate {
        let [full, short] = [&self.full, &self.short].map(|arm| right(arm, rule));
        seeds::difference([&full, &short], over_seeds)
    }
}

/// Which images each network of an arm gets right.
fn right(arm: &[BranchScales], rule: usize) -> Vec<&Bits> {
    arm.iter().map(|answers| &answers.arms[rule].score.right).collect()
}
