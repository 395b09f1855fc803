//! What is lost with blocks of a network, and with members of an ensemble: errors beyond
//! those of the whole, at one, two and three eighths removed.

use record::stats::{Interval, bootstrap, mean};
use record::{DeleteMany, Ensemble, Record, fold};

use crate::ReportError;
use crate::study::Estimate;

/// Members of the ensemble, of which 1, 2 and 3 are removed.
pub(super) const MEMBERS: usize = 8;
/// How many eighths are compared.
const COMPARED: usize = 3;

/// A network that loses blocks beside an ensemble that loses members.
///
/// Excess error is the error beyond that of the whole, in points.
///
/// - The network's, with k of its n blocks deleted: the mean over the draws of k blocks of a
///   draw's error minus the intact network's on the same fold. At r eighths k is r n / 8;
///   between neighbouring numbers of deleted blocks it is linear.
/// - The ensemble's, with r members removed: the mean error over all subsets of 8 - r members
///   minus that of all 8.
///
/// Intervals are the percentile bootstrap's: draws are drawn again from those with as many
/// blocks deleted, and for the ensemble images from all images.
pub(super) struct Losses {
    /// The draws, one list of excess errors for each number of deleted blocks that is used.
    draws: Vec<Vec<f64>>,
    /// For each of one to three eighths the lists on either side, and the part of the second.
    between: [(Option<usize>, usize, f64); COMPARED],
    /// For each image the place of its profile.
    images: Vec<f64>,
    /// For each profile the excess, in points, that such an image contributes.
    profiles: Vec<[f64; COMPARED]>,
}

/// Excess errors at one, two and three eighths, in points.
struct Excess {
    network: [f64; COMPARED],
    ensemble: [f64; COMPARED],
}

/// Excess errors at some eighths removed, in points.
pub(super) struct Row {
    pub(super) eighths: usize,
    /// How many blocks that is.
    pub(super) blocks: f64,
    pub(super) network: Estimate,
    pub(super) ensemble: Estimate,
    /// The network's minus the ensemble's.
    pub(super) difference: Estimate,
}

impl Losses {
    /// Of a `delete-many` record and an `ensemble` record, in this order.
    ///
    /// # Errors
    /// [`ReportError::Networks`] if there are not two records; [`ReportError::Lacking`] if
    /// their images differ, the ensemble has not eight members, or no draw deletes as many
    /// blocks as are compared.
    pub(super) fn of(records: &[&Record]) -> Result<(DeleteMany, Losses), ReportError> {
        let [network, ensemble] = records else {
            let given = records.len();
            return Err(ReportError::Networks { expected: "a network and the ensemble", given });
        };
        if network.key.images != ensemble.key.images {
            let what = "the network and the ensemble were tried on different images";
            return Err(ReportError::Lacking(what.into()));
        }
        let (network, ensemble): (DeleteMany, Ensemble) = (network.answer()?, ensemble.answer()?);
        if ensemble.members.len() != MEMBERS {
            let found = ensemble.members.len();
            let what = format!("the ensemble has {found} members, expected {MEMBERS}");
            return Err(ReportError::Lacking(what));
        }
        let (mut draws, mut used) = (Vec::new(), Vec::new());
        let mut list = |place: usize| {
            used.iter().position(|other| *other == place).unwrap_or_else(|| {
                draws.push(excess_of_draws(&network, place));
                used.push(place);
                used.len() - 1
            })
        };
        let mut between = [(None, 0, 0.0); COMPARED];
        for (place, between) in between.iter_mut().enumerate() {
            let k = blocks(&network, place + 1);
            let deleted = |place: usize| network.counts[place].deleted as f64;
            let above = network.counts.iter().position(|count| count.deleted as f64 >= k);
            let above = above.ok_or_else(|| too_few(&network, k))?;
            // With no block deleted the excess is 0.
            let (below, from) = match above.checked_sub(1) {
                Some(below) => (Some(list(below)), deleted(below)),
                None => (None, 0.0),
            };
            *between = (below, list(above), (k - from) / (deleted(above) - from));
        }
        let contribution = |wrong: &[u32]| {
            let share = |left: usize| f64::from(wrong[left - 1]) / ensemble.subsets(left) as f64;
            let excess = |removed: usize| 100.0 * (share(MEMBERS - removed) - share(MEMBERS));
            [excess(1), excess(2), excess(3)]
        };
        let of_profile = |(place, profile): (usize, &record::Profile)| {
            std::iter::repeat_n(place as f64, profile.images as usize)
        };
        let losses = Losses {
            draws,
            between,
            images: ensemble.profiles.iter().enumerate().flat_map(of_profile).collect(),
            profiles: ensemble.profiles.iter().map(|p| contribution(&p.wrong)).collect(),
        };
        Ok((network, losses))
    }

    /// The largest absolute difference of the two excess errors at one to three eighths.
    pub(super) fn largest_gap(&self) -> Result<Estimate, ReportError> {
        let gap = |place: usize| move |excess: &Excess| excess.difference(place).abs();
        self.estimate(move |e| (0..COMPARED).map(|place| gap(place)(e)).fold(0.0, f64::max))
    }

    /// The absolute difference at one eighth.
    pub(super) fn gap_at_one_eighth(&self) -> Result<Estimate, ReportError> {
        self.estimate(|excess| excess.difference(0).abs())
    }

    /// Both excess errors at one to three eighths.
    pub(super) fn rows(&self, network: &DeleteMany) -> Result<Vec<Row>, ReportError> {
        let row = |place: usize| {
            Ok(Row {
                eighths: place + 1,
                blocks: blocks(network, place + 1),
                network: self.estimate(|excess| excess.network[place])?,
                ensemble: self.estimate(|excess| excess.ensemble[place])?,
                difference: self.estimate(|excess| excess.difference(place))?,
            })
        };
        (0..COMPARED).map(row).collect()
    }

    /// A number that follows from the excess errors, with the bootstrap's interval.
    fn estimate(&self, of: impl Fn(&Excess) -> f64) -> Result<Estimate, ReportError> {
        let mut groups = self.draws.clone();
        groups.push(self.images.clone());
        let statistic = |groups: &[Vec<f64>]| Some(of(&self.excess(groups)?));
        let lacking = || ReportError::Lacking("there are no draws or no images".into());
        let value = statistic(&groups).ok_or_else(lacking)?;
        let Interval { low, high } = bootstrap(&groups, statistic).ok_or_else(lacking)?;
        Ok(Estimate { value, low, high })
    }

    /// The excess errors of these draws and, in the last list, images.
    fn excess(&self, groups: &[Vec<f64>]) -> Option<Excess> {
        let (images, draws) = groups.split_last()?;
        let means: Vec<f64> = draws.iter().map(|draws| mean(draws)).collect::<Option<_>>()?;
        let network = self.between.map(|(below, above, part)| {
            (1.0 - part) * below.map_or(0.0, |below| means[below]) + part * means[above]
        });
        let mut times = vec![0_u32; self.profiles.len()];
        images.iter().for_each(|&profile| times[profile as usize] += 1);
        let mut ensemble = [0.0; COMPARED];
        for (times, excess) in times.iter().zip(&self.profiles) {
            for (sum, excess) in ensemble.iter_mut().zip(excess) {
                *sum += f64::from(*times) * excess / images.len() as f64;
            }
        }
        Some(Excess { network, ensemble })
    }
}

impl Excess {
    fn difference(&self, place: usize) -> f64 {
        self.network[place] - self.ensemble[place]
    }
}

/// How many blocks some eighths are.
fn blocks(network: &DeleteMany, eighths: usize) -> f64 {
    (eighths * network.pool.len()) as f64 / MEMBERS as f64
}

/// A draw's error minus the intact network's on the same fold, in points, for each draw.
fn excess_of_draws(network: &DeleteMany, place: usize) -> Vec<f64> {
    let DeleteMany { images, folds, intact, counts, .. } = network;
    let intact_error = |place: usize| {
        let here = fold(*images, *folds, place);
        let wrong = here.clone().filter(|&image| !intact.right.get(image)).count();
        wrong as f64 / here.len() as f64
    };
    let excess = |tally: &record::Tally| 100.0 * (tally.error() - intact_error(tally.fold));
    counts[place].draws.iter().map(|draw| excess(&draw.tally)).collect()
}

fn too_few(network: &DeleteMany, k: f64) -> ReportError {
    let most = network.counts.last().map_or(0, |count| count.deleted);
    ReportError::Lacking(format!("no draw deletes {k} blocks or more; the largest {most}"))
}
