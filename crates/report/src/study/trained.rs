//! Networks trained in different ways, compared by their test errors: arms of one seed or
//! several.

use maud::{Markup, html};
use record::stats::{Interval, Variance, pooled_variance, wilson};
use record::{Answer, Bits, BranchScales, Record};

use super::{Estimate, one_network, seeds};
use crate::figure::{Axis, Figure, Forest, ForestRow, RowMark};
use crate::{Answers, Need, ReportError, words};

/// The statistics of batch norm with which networks are compared, as a place in
/// [`BranchScales::RULES`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Statistics {
    /// Those of the training.
    Running = 0,
    /// Those of training images in evaluation.
    Reestimated = 2,
}

/// A way of training, with the number of its seeds: `NAME`, `NAME-s2`, …
#[derive(Clone, Copy, Debug)]
pub(super) struct Way {
    pub(super) name: &'static str,
    pub(super) seeds: usize,
}

/// The comparison whose variance over seeds is borrowed by those that have one seed.
pub(super) const LENDER: Way = Way { name: "resnet32", seeds: 3 };

impl Way {
    /// A record for each seed.
    pub(super) fn needs(self) -> Vec<Need> {
        let names = seeds::names(self.name, self.seeds);
        names.iter().map(|name| Need::of(BranchScales::EXPERIMENT, name)).collect()
    }
}

/// The records of all ways, in order.
pub(super) fn needs(ways: &[Way]) -> Vec<Need> {
    ways.iter().flat_map(|way| way.needs()).collect()
}

/// The networks of one way of training.
pub(super) struct Arm(Vec<BranchScales>);

/// One arm for each way, from the records of [`needs`].
///
/// # Errors
/// If there are more or fewer records, or these are not on the same images.
pub(super) fn arms(ways: &[Way], records: &[&Record]) -> Result<Vec<Arm>, ReportError> {
    let expected = ways.iter().map(|way| way.seeds).sum::<usize>();
    let are_same = |pair: &[&Record]| pair[0].key.images == pair[1].key.images;
    if records.len() != expected || !records.windows(2).all(are_same) {
        let what = format!("needs {} on the same images", words::plural(expected, "network"));
        return Err(ReportError::Lacking(what));
    }
    let mut rest = records.iter();
    let arm = |way: &Way| {
        let read = |record: &&Record| Ok(record.answer::<BranchScales>()?);
        rest.by_ref().take(way.seeds).map(read).collect::<Result<_, _>>().map(Arm)
    };
    ways.iter().map(arm).collect()
}

impl Arm {
    fn errors(&self, of: Statistics) -> Vec<f64> {
        self.0.iter().map(|network| network.arms[of as usize].score.error()).collect()
    }

    fn right(&self, of: Statistics) -> Vec<&Bits> {
        self.0.iter().map(|network| &network.arms[of as usize].score.right).collect()
    }

    /// The mean error over the seeds, as a fraction.
    pub(super) fn error(&self, of: Statistics) -> f64 {
        self.errors(of).iter().sum::<f64>() / self.0.len() as f64
    }
}

/// The mean error of the second arm minus that of the first, in points
/// ([`seeds::difference`]), with the variance pooled over the seeds of both. Where one has a
/// single seed, each arm has a variance of its own, and the single one borrows that of
/// `lender`.
///
/// # Errors
/// If there is no variance to be had.
pub(super) fn difference(
    both: [(&Arm, Statistics); 2],
    lender: Option<&Arm>,
) -> Result<Estimate, ReportError> {
    let [before, after] = both.map(|(arm, of)| arm.right(of));
    let right: [&[&Bits]; 2] = [&before, &after];
    if both.iter().all(|(arm, _)| arm.0.len() > 1) {
        return Ok(seeds::difference(right, over_seeds(&both)?));
    }
    let own = both.map(|(arm, of)| {
        let lender = lender.filter(|_| arm.0.len() == 1);
        let variance = over_seeds(&[lender.map_or((arm, of), |one| (one, Statistics::Running))])?;
        Ok(variance.scaled((1.0 / arm.0.len() as f64).sqrt()))
    });
    let own: Vec<Variance> = own.into_iter().collect::<Result<_, ReportError>>()?;
    Ok(seeds::difference_with(right, &own))
}

/// The variance over seeds, pooled over some arms.
///
/// # Errors
/// If none of them has two seeds.
pub(super) fn over_seeds(arms: &[(&Arm, Statistics)]) -> Result<Variance, ReportError> {
    let errors: Vec<Vec<f64>> = arms.iter().map(|(arm, of)| arm.errors(*of)).collect();
    let pooled = pooled_variance(&errors.iter().map(Vec::as_slice).collect::<Vec<_>>());
    pooled.ok_or_else(|| ReportError::Lacking("needs two seeds of some network".into()))
}

/// A row with error and interval for each network.
pub(super) fn forest(
    records: &[&Record],
    of: Statistics,
    name: &'static str,
    title: &str,
    caption: String,
) -> Result<Figure, ReportError> {
    let rows = records.iter().map(|record| {
        let answer = record.answer::<BranchScales>()?;
        let score = &answer.arms[of as usize].score;
        let Interval { low, high } = wilson(score.wrong.into(), answer.images as u64);
        let interval = Interval { low: 100.0 * low, high: 100.0 * high };
        let marks = vec![RowMark { series: 0, x: 100.0 * score.error(), interval }];
        Ok(ForestRow { label: one_network(record)?.name.clone(), marks })
    });
    let rows = rows.collect::<Result<Vec<ForestRow>, ReportError>>()?;
    let ends = rows.iter().flat_map(|row| &row.marks).map(|mark| mark.interval.high);
    let most = ends.fold(10.0, f64::max);
    let images = records.first().and_then(|record| record.key.images.first());
    let images = images.map_or(0, |images| images.images);
    Forest {
        title: title.into(),
        subtitle: format!("n = {} test images; bars: 95 % intervals", words::count(images as u64)),
        x: Axis::new("test error (%)", 0.0, (1.05 * most).min(100.0)),
        series: vec!["one network".into()],
        rows,
        caption: format!(
            "{caption} Bars: Wilson 95 % intervals, which leave out the variance between seeds."
        ),
    }
    .draw(name)
}

/// The errors of those ways of which all seeds have a record, one in a row.
pub(super) fn rows(
    ways: &[Way],
    answers: &Answers,
    of: Statistics,
) -> Result<Option<Markup>, ReportError> {
    let mut found = Vec::new();
    for way in ways {
        let Ok(records) = answers.find_all(&way.needs()) else { continue };
        let arm = &arms(&[*way], &records)?[0];
        found.push((way.name, arm.error(of), arm.errors(of)));
    }
    let table = html! {
        div.scroll {
            table.units {
                thead { tr { th { "Network" } th.num { "Mean test error" } th.num { "Each seed" } } }
                tbody {
                    @for (name, mean, each) in &found {
                        tr {
                            td { (name) }
                            td.num { b { (words::percent(*mean)) } }
                            td.num {
                                @for (place, error) in each.iter().enumerate() {
                                    @if place > 0 { ", " }
                                    (words::percent(*error))
                                }
                            }
                        }
                    }
                }
            }
        }
    };
    Ok((!found.is_empty()).then_some(table))
}
