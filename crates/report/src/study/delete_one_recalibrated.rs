//! Does a deletion destroy, or do batch norms merely have the wrong statistics after it? (An
//! objection to figure 3 of Veit et al. 2016.)
//!
//! As is, the statistics of a lesioned network are those of the intact one. Re-estimated,
//! they are averages over training images under each lesion, and for the intact network too.

use maud::{Markup, html};
use record::{Answer, DeleteOne, DeleteOneOptions, NormStatistics, Record, Term};

use super::damage::have_same_weights;
use super::delete_one::{Deletions, images, keys, need, need_with, over_images, plot, whole};
use super::{Estimate, Part, Quantity, Section, Study, StudyFigure, one_network};
use crate::figure::{Figure, Scatter};
use crate::{Answers, Need, ReportError, words};

/// The networks of the figure, one plot each.
const SHOWN: [&str; 2] = ["resnet110", "vgg15"];

const NAME: &str = "fig3-reestimated";

const REESTIMATED: DeleteOneOptions =
    DeleteOneOptions { term: Term::Branch, statistics: NormStatistics::Reestimated };

/// Each unit deleted in turn, with batch norms as they are and re-estimated.
pub(super) const STUDY: Study = Study {
    name: "delete-one-recalibrated",
    needs: |networks| networks.iter().map(|network| need_with(REESTIMATED, network)).collect(),
    quantities: &[Quantity {
        name: "difference of medians",
        unit: "points",
        measure: difference_of_medians,
    }],
    figures: &[StudyFigure {
        name: NAME,
        needs: || SHOWN.iter().flat_map(|network| pair(network)).collect(),
        draw,
        see: "If the damage were only a drift of the batch-norm statistics, re-estimated marks would \
              lie near the intact network.",
        deviations: "Not in the paper.",
    }],
    form: None,
    part,
};

/// As is and re-estimated.
fn pair(network: &str) -> [Need; 2] {
    [need(network), need_with(REESTIMATED, network)]
}

/// The median error over the units of the first network that can be deleted, minus that over
/// the non-boundary units of the second, statistics re-estimated in both; the interval is
/// the bootstrap's over test images.
fn difference_of_medians(records: &[&Record]) -> Result<Estimate, ReportError> {
    let &[first, second] = records else {
        return Err(ReportError::Networks { expected: "two networks", given: records.len() });
    };
    let read = |record| Deletions::with(REESTIMATED, record);
    let needed = "units of the first network and non-boundary units of the second that can be \
                  deleted";
    over_images(&[&read(first)?, &read(second)?], needed, |rates| {
        Some(100.0 * (rates[0].median()? - rates[1].inner_median()?))
    })
}

/// Test error against the deleted unit, as is and re-estimated, one plot for each network.
fn draw(records: &[&Record]) -> Result<Figure, ReportError> {
    let all = read_pairs(records)?;
    let column = |place: usize| all.iter().map(|pair| &pair[place]).collect::<Vec<_>>();
    let (as_is, reestimated) = (column(0), column(1));
    let Some(first) = reestimated.first() else {
        return Err(ReportError::NothingToShow {
            figure: NAME.into(),
            needed: "two records of delete-one for each network".into(),
            given: records.len(),
        });
    };
    let batches = first.answer.batches.unwrap_or(0);
    let sizes =
        format!("n = {} test images as is, {} re-estimated", images(&as_is), images(&reestimated));
    let plots = all.iter().map(|[one, other]| {
        let title = format!(
            "{}: median {} as is, {} re-estimated",
            one.label,
            one.inner_median(),
            other.inner_median()
        );
        plot(title, whole(), &[(0, one), (1, other)])
    });
    Scatter {
        title: "Does a deletion destroy, or do statistics merely shift?".into(),
        subtitle: format!("{sizes}; each unit deleted in turn"),
        series: vec![
            "statistics of the batch norms as is".into(),
            "re-estimated under each lesion".into(),
        ],
        plots: plots.collect(),
        keys: keys(&[as_is.as_slice(), &reestimated].concat(), true),
        caption: format!(
            "Test error after deleting one unit at a time, with the running statistics of the \
             training, and with statistics re-estimated under each lesion on {batches} batches of \
             unaugmented training images ({sizes}). Medians are over the units that can be deleted and are not \
             boundaries. Bars: Wilson 95 % intervals. Dashed: the intact networks, the second \
             with statistics re-estimated in the same way. Dotted: chance."
        ),
    }
    .draw(NAME)
}

/// Pairs of records, in the order of [`pair`].
fn read_pairs<'a>(records: &[&'a Record]) -> Result<Vec<[Deletions<'a>; 2]>, ReportError> {
    let read = |pair: &[&'a Record]| {
        if !have_same_weights(pair) {
            let names = [&pair[0].name, &pair[1].name];
            let what =
                format!("needs records of the same weights; {} are not", words::list(&names));
            return Err(ReportError::Lacking(what));
        }
        let as_is = Deletions::with(DeleteOneOptions::default(), pair[0])?;
        Ok([as_is, Deletions::with(REESTIMATED, pair[1])?])
    };
    records.chunks_exact(2).map(read).collect()
}

/// One row for each network of which both records are there.
fn part(answers: &Answers) -> Result<Part, ReportError> {
    let mut records = Vec::new();
    for record in answers.of(DeleteOne::EXPERIMENT) {
        let network = &one_network(record)?.name;
        if need_with(REESTIMATED, network).is_met_by(&record.key)
            && let Some(as_is) = answers.find(&need(network))
            && have_same_weights(&[as_is, record])
        {
            records.extend([as_is, record]);
        }
    }
    let all = read_pairs(&records)?;
    if all.is_empty() {
        return Ok(Part::default());
    }
    let body = html! {
        p {
            "An objection: after a deletion batch norms have statistics of a network that is no \
             longer there, so the damage could be that of a shift. Here the statistics are \
             re-estimated on training images under each lesion, and for the intact network in the \
             same way. Medians are over the units that can be deleted and are not boundaries."
        }
        div.scroll {
            table.units {
                thead {
                    tr {
                        th { "Network" } th.num { "Intact" } th.num { "Intact, re-estimated" }
                        th.num { "Median, one deleted" } th.num { "Median, re-estimated" }
                    }
                }
                tbody { @for pair in &all { (row(pair)) } }
            }
        }
    };
    let title = "Batch norm re-estimated";
    Ok(Part { finding: None, section: Some(Section { id: "re-estimated", title, body }) })
}

fn row(pair: &[Deletions; 2]) -> Markup {
    html! {
        tr {
            td { (pair[0].network.name) }
            @for one in pair {
                td.num {
                    (words::percent(one.answer.intact.error()))
                    small { "n = " (words::count(one.answer.images as u64)) }
                }
            }
            @for one in pair { td.num { b { (one.inner_median()) } } }
        }
    }
}
