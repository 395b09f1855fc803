//! The seeds of a network, and comparisons of networks over seeds and images.

use record::stats::{
    Comparison, Interval, Variance, image_bootstrap, mean, median, pooled_variance, t_interval,
};
use record::{Answer, Bits, DeleteBranches, DeleteOneOptions, ImagesId, Record, Score};

use crate::ReportError;
use crate::study::delete_one::Deletions;
use crate::study::seeds::{self, in_points};
use crate::study::{Estimate, one_network};

/// A trained network whose functions are deleted one at a time: whole blocks where a block
/// has one.
pub(super) struct Network {
    pub(super) name: String,
    pub(super) images: Vec<ImagesId>,
    pub(super) intact: Score,
    /// Units of the network.
    pub(super) units: usize,
    pub(super) functions: Vec<Function>,
}

/// A function that is deleted.
pub(super) struct Function {
    /// Its unit, 0-based.
    pub(super) unit: usize,
    pub(super) boundary: bool,
    /// The network without it.
    pub(super) deleted: Score,
}

impl Network {
    /// From a record of `delete-one` with its default options, or of `delete-branches`.
    pub(super) fn of(record: &Record) -> Result<Network, ReportError> {
        let name = one_network(record)?.name.clone();
        let images = record.key.images.clone();
        if record.key.experiment == DeleteBranches::EXPERIMENT {
            let DeleteBranches { intact, units, .. } = record.answer()?;
            let count = units.last().map_or(0, |unit| unit.index + 1);
            let functions = units.into_iter().flat_map(|unit| {
                let (unit, boundary, deleted) = (unit.index, unit.boundary, unit.deleted);
                deleted.into_iter().map(move |deleted| Function { unit, boundary, deleted })
            });
            let functions = functions.collect();
            return Ok(Network { name, images, intact, units: count, functions });
        }
        let answer = Deletions::with(DeleteOneOptions::default(), record)?.answer;
        let count = answer.units.len();
        let functions = answer.units.into_iter().filter_map(|unit| {
            let deleted = unit.deleted?;
            Some(Function { unit: unit.index, boundary: unit.boundary, deleted })
        });
        let functions = functions.collect();
        Ok(Network { name, images, intact: answer.intact, units: count, functions })
    }

    /// What each function's loss changes.
    pub(super) fn effects(&self) -> impl Iterator<Item = (&Function, Comparison)> {
        let change = |one: &Function| Comparison::of(&self.intact.right, &one.deleted.right);
        self.functions.iter().map(move |function| (function, change(function)))
    }

    /// Functions of each unit that has any.
    pub(super) fn per_unit(&self) -> Vec<usize> {
        let units = self.functions.chunk_by(|a, b| a.unit == b.unit);
        units.map(<[Function]>::len).collect()
    }

    /// The intact network, then the network without each function.
    fn scores(&self) -> impl Iterator<Item = &Score> {
        [&self.intact].into_iter().chain(self.functions.iter().map(|function| &function.deleted))
    }

    /// The median D over the functions of non-boundary units, from the error rates in the
    /// order of [`Network::scores`].
    fn median(&self, errors: &mut impl Iterator<Item = f64>) -> Option<f64> {
        let mut next = || errors.next().expect("there is one for each score");
        let intact = next();
        let all = self.functions.iter().map(|function| (function.boundary, next() - intact));
        let inner = all.filter(|(boundary, _)| !boundary).map(|(_, damage)| damage);
        median(&inner.collect::<Vec<_>>())
    }

    /// The same of the error rates as they are.
    pub(super) fn median_damage(&self) -> Option<f64> {
        self.median(&mut self.scores().map(Score::error))
    }
}

/// The seeds of one network, on the same images.
pub(super) struct Arm(pub(super) Vec<Network>);

impl Arm {
    /// # Errors
    /// If they are not of the same images.
    pub(super) fn of(records: &[&Record]) -> Result<Arm, ReportError> {
        let seeds =
            records.iter().map(|record| Network::of(record)).collect::<Result<Vec<_>, _>>()?;
        require_same_images(&seeds.iter().collect::<Vec<_>>())?;
        Ok(Arm(seeds))
    }

    fn errors(&self) -> Vec<f64> {
        self.0.iter().map(|network| network.intact.error()).collect()
    }

    fn right(&self) -> Vec<&Bits> {
        self.0.iter().map(|network| &network.intact.right).collect()
    }

    /// The median D of each seed.
    fn medians(&self, errors: &mut impl Iterator<Item = f64>) -> Option<Vec<f64>> {
        self.0.iter().map(|network| network.median(errors)).collect()
    }
}

fn require_same_images(networks: &[&Network]) -> Result<(), ReportError> {
    if networks.windows(2).all(|pair| pair[0].images == pair[1].images) {
        return Ok(());
    }
    Err(ReportError::Lacking("needs records on the same images".into()))
}

/// Mean error of an arm minus that of the reference, in points ([`seeds::difference`]), with
/// the variance pooled over the seeds of both arms.
pub(super) fn difference(reference: &Arm, arm: &Arm) -> Result<Estimate, ReportError> {
    let all: Vec<&Network> = reference.0.iter().chain(&arm.0).collect();
    require_same_images(&all)?;
    let over_seeds = pooled_variance(&[&reference.errors(), &arm.errors()])
        .ok_or_else(|| ReportError::Lacking("needs two seeds of each network".into()))?;
    Ok(seeds::difference([&reference.right(), &arm.right()], over_seeds))
}

/// The mean over the seeds of the median D of non-boundary blocks, in points. Its variance is
/// that over images, from the bootstrap, and that over seeds.
pub(super) fn median_of_blocks(blocks: &Arm) -> Result<Estimate, ReportError> {
    let Found { value, images, seeds } = found(&[blocks], |means| Some(means[0]))?;
    let seeds = over_seeds(&seeds[0])?;
    Ok(in_points(value, t_interval(value, &[images, seeds])))
}

/// The mean over the seeds of the median D of functions, over that of blocks, both of
/// non-boundary units. With `R = f / b` the variance over seeds is, to first order,
/// `(var f + R^2 var b) / b^2`; that over images comes from the bootstrap, which draws the
/// same images for all networks.
pub(super) fn ratio_of_medians(blocks: &Arm, functions: &Arm) -> Result<Estimate, ReportError> {
    let ratio = |means: &[f64]| (means[0] > 0.0).then(|| means[1] / means[0]);
    let Found { value, images, seeds } = found(&[blocks, functions], ratio)?;
    let below = 1.0 / mean(&seeds[0]).expect("there are seeds");
    let b = over_seeds(&seeds[0])?.scaled(value * below);
    let f = over_seeds(&seeds[1])?.scaled(below);
    let Interval { low, high } = t_interval(value, &[images, b, f]);
    Ok(Estimate { value, low, high })
}

/// The variance of the mean over seeds.
fn over_seeds(medians: &[f64]) -> Result<Variance, ReportError> {
    let lacking = || ReportError::Lacking("needs two seeds of each network".into());
    let variance = pooled_variance(&[medians]).ok_or_else(lacking)?;
    Ok(variance.scaled((1.0 / medians.len() as f64).sqrt()))
}

/// A statistic of the mean median D of each arm.
struct Found {
    value: f64,
    /// Its variance over images.
    images: Variance,
    /// The median D of each seed of each arm.
    seeds: Vec<Vec<f64>>,
}

/// A statistic of the mean median D of each arm, on the same images.
fn found(arms: &[&Arm], of: impl Fn(&[f64]) -> Option<f64>) -> Result<Found, ReportError> {
    let networks: Vec<&Network> = arms.iter().flat_map(|arm| &arm.0).collect();
    require_same_images(&networks)?;
    let scores = || networks.iter().flat_map(|network| network.scores());
    let medians = |errors: &[f64]| -> Option<Vec<Vec<f64>>> {
        let mut errors = errors.iter().copied();
        arms.iter().map(|arm| arm.medians(&mut errors)).collect()
    };
    let statistic = |errors: &[f64]| {
        let means: Option<Vec<f64>> = medians(errors)?.iter().map(|seeds| mean(seeds)).collect();
        of(&means?)
    };
    let needed = "needs functions outside of boundary blocks that cost something";
    let lacking = || ReportError::Lacking(needed.into());
    let errors: Vec<f64> = scores().map(Score::error).collect();
    let right: Vec<&Bits> = scores().map(|score| &score.right).collect();
    let value = statistic(&errors).ok_or_else(lacking)?;
    let Interval { low, high } = image_bootstrap(&right, statistic).ok_or_else(lacking)?;
    // Of a normal distribution 95 % lie within 1.96 deviations of its centre.
    let deviation = (high - low) / (2.0 * 1.959_963_985);
    let degrees = (right[0].len() - 1).max(1) as f64;
    let images = Variance { value: deviation * deviation, degrees };
    Ok(Found { value, images, seeds: medians(&errors).ok_or_else(lacking)? })
}
