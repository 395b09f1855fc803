//! The errors of one network's probes, and what is measured on them.

use record::stats::{Comparison, Interval, image_bootstrap, wilson};
use record::{Bits, ImagesId, Probe, ProbedNetwork, Probes, Record, Score, UnitProbe};

use crate::ReportError;
use crate::study::seeds::in_points;
use crate::study::{Estimate, one_network};

/// A record of the experiment `probes`, read.
pub(in crate::study) struct Probing<'a> {
    pub(in crate::study) record: &'a Record,
    pub(in crate::study) name: &'a str,
    /// What a unit is called.
    pub(in crate::study) word: &'a str,
    /// What was probed: `trained`, `initial` or `middle`.
    pub(in crate::study) of: &'a str,
    /// Cells a side that outputs are averaged to.
    pub(in crate::study) pool: u64,
    /// Probes on every so many units.
    pub(in crate::study) every: u64,
    pub(in crate::study) answer: Probes,
}

impl<'a> Probing<'a> {
    pub(in crate::study) fn of(record: &'a Record) -> Result<Self, ReportError> {
        let (network, answer) = (one_network(record)?, record.answer::<Probes>()?);
        let options = &record.key.options;
        let (of, number) = (options["of"].as_str(), |name: &str| options[name].as_u64());
        let (Some(of), Some(pool), Some(every)) = (of, number("pool"), number("every")) else {
            let what = format!("its options are {options}, expected of, pool and every");
            return Err(ReportError::Unfit { name: record.name.clone(), what });
        };
        let (name, word) = (network.name.as_str(), network.model.unit.as_str());
        Ok(Probing { record, name, word, of, pool, every, answer })
    }

    /// The trained network with probes on means over whole outputs, on every unit except in a
    /// preview: what claims speak of.
    pub(in crate::study) fn trained(record: &'a Record) -> Result<Self, ReportError> {
        let found = Probing::of(record)?;
        let is_whole = found.every == 1 || record.key.is_preview();
        if found.of != "trained" || found.pool != 1 || !is_whole {
            let what = "needs probes of the trained network, pooled to 1 x 1, on every unit";
            return Err(ReportError::Lacking(what.into()));
        }
        Ok(found)
    }

    /// The only network, or the first of several lesioned ones.
    pub(in crate::study) fn network(&self) -> &ProbedNetwork {
        &self.answer.networks[0]
    }

    /// Of each unit with a probe.
    pub(in crate::study) fn units(&self) -> &[UnitProbe] {
        &self.network().units
    }

    pub(in crate::study) fn right(&self) -> Vec<&Bits> {
        self.units().iter().map(|unit| &unit.probe.score.right).collect()
    }

    pub(in crate::study) fn errors(&self) -> Vec<f64> {
        self.units().iter().map(|unit| unit.probe.score.error()).collect()
    }

    /// The network's own answers.
    pub(in crate::study) fn own(&self) -> Result<&Score, ReportError> {
        let lacking = || ReportError::Lacking("needs the error of the network itself".into());
        self.network().own.as_ref().ok_or_else(lacking)
    }

    pub(in crate::study) fn images(&self) -> &ImagesId {
        &self.record.key.images[0]
    }

    /// The largest distance by which a probe's error lies above the smallest one of the units
    /// before it, in points; 0 where the errors never rise. Its interval is the bootstrap's
    /// over images: noise can only add to a maximum, so it lies too high rather than too low.
    pub(in crate::study) fn largest_rise(&self) -> Result<Estimate, ReportError> {
        over_images(&self.right(), &self.errors(), largest_rise)
    }

    /// How far the last probe's error is from the network's own, in points, either way; the
    /// interval is the paired one.
    pub(in crate::study) fn distance(&self) -> Result<Estimate, ReportError> {
        let last = self.units().last().expect("a record has units");
        let change = Comparison::of(&self.own()?.right, &last.probe.score.right);
        let (value, Interval { low, high }) = (change.difference(), change.interval());
        let nearest = if low <= 0.0 && high >= 0.0 { 0.0 } else { low.abs().min(high.abs()) };
        let interval = Interval { low: nearest, high: low.abs().max(high.abs()) };
        Ok(in_points(value.abs(), interval))
    }

    /// Where each unit follows one of its stage that has a probe as well.
    pub(in crate::study) fn neighbours(&self) -> Vec<bool> {
        let units = self.units();
        let follows = |k: usize| {
            let (before, unit) = (&units[k - 1], &units[k]);
            before.index + 1 == unit.index && before.stage == unit.stage
        };
        (0..units.len()).map(|k| k > 0 && follows(k)).collect()
    }
}

/// A statistic of error rates, as a fraction, in points with the bootstrap's interval over
/// images.
fn over_images(
    right: &[&Bits],
    errors: &[f64],
    statistic: impl Fn(&[f64]) -> Option<f64>,
) -> Result<Estimate, ReportError> {
    let lacking = || ReportError::Lacking("needs probes of two units".into());
    let value = statistic(errors).ok_or_else(lacking)?;
    Ok(in_points(value, image_bootstrap(right, statistic).ok_or_else(lacking)?))
}

/// `max (e_k - min_(j<k) e_j)`, at least 0; `None` for fewer than two.
fn largest_rise(errors: &[f64]) -> Option<f64> {
    let (first, rest) = errors.split_first()?;
    let (mut least, mut rise) = (*first, (!rest.is_empty()).then_some(0.0_f64)?);
    for &error in rest {
        rise = rise.max(error - least);
        least = least.min(error);
    }
    Some(rise)
}

/// `max (e_(k-1) - e_k)` over the units that follow one of their stage; `None` where none
/// does.
pub(in crate::study) fn largest_fall(errors: &[f64], neighbours: &[bool]) -> Option<f64> {
    let falls = (1..errors.len()).filter(|&k| neighbours[k]).map(|k| errors[k - 1] - errors[k]);
    falls.max_by(f64::total_cmp)
}

/// The error of a probe in percent, with Wilson's interval.
pub(in crate::study) fn percent(probe: &Probe) -> (f64, Interval) {
    let Score { wrong, right, .. } = &probe.score;
    let Interval { low, high } = wilson((*wrong).into(), right.len() as u64);
    (100.0 * probe.score.error(), Interval { low: 100.0 * low, high: 100.0 * high })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rises_are_above_the_smallest_error_so_far_and_falls_inside_a_stage() {
        assert_eq!(largest_rise(&[5.0, 3.0, 3.5, 2.0, 4.0, 1.0]), Some(2.0));
        assert_eq!(largest_rise(&[1.0, 2.0, 1.5, 2.5]), Some(1.5));
        assert_eq!(largest_rise(&[3.0, 2.0]), Some(0.0));
        assert_eq!(largest_rise(&[3.0]), None);
        let errors = [9.0, 8.0, 3.0, 2.5, 2.5];
        assert_eq!(largest_fall(&errors, &[false, true, false, true, true]), Some(1.0));
        assert_eq!(largest_fall(&errors, &[false, true, true, true, true]), Some(5.0));
        assert_eq!(largest_fall(&[1.0, 2.0], &[false, true]), Some(-1.0));
        assert_eq!(largest_fall(&errors, &[false; 5]), None);
    }
}
