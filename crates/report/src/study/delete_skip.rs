//! Is the number of paths what matters? Deleting a skip leaves as many of them as deleting
//! its branch, 2^(n - 1). (A rival explanation of figure 3 of Veit et al. 2016.)

use maud::{Markup, html};
use record::{Answer, DeleteOne, DeleteOneOptions, NormStatistics, Record, Term};

use super::damage::{have_same_weights, same};
use super::delete_one::{Deletions, images, keys, need_with, over_images, plot, whole};
use super::{Estimate, Part, Quantity, Section, Study, StudyFigure, one_network, present};
use crate::figure::{Figure, Scatter};
use crate::{Answers, Need, ReportError, words};

/// The network of the figure.
const SHOWN: &str = "resnet110";

const NAME: &str = "fig3-skip";

/// The four records of a network: statistics as is, the branch and the skip deleted, then
/// the same with statistics re-estimated.
const ARMS: [DeleteOneOptions; 4] = [
    arm(Term::Branch, NormStatistics::Running),
    arm(Term::Skip, NormStatistics::Running),
    arm(Term::Branch, NormStatistics::Reestimated),
    arm(Term::Skip, NormStatistics::Reestimated),
];

const fn arm(term: Term, statistics: NormStatistics) -> DeleteOneOptions {
    DeleteOneOptions { term, statistics }
}

/// The skip of each unit deleted in turn, beside its branch.
pub(super) const STUDY: Study = Study {
    name: "delete-skip",
    needs: |networks| networks.iter().flat_map(|network| needs(network)).collect(),
    quantities: &[
        Quantity {
            name: "difference as is",
            unit: "points",
            measure: |records| difference(&Skips::of(records)?.as_is),
        },
        Quantity {
            name: "difference re-estimated",
            unit: "points",
            measure: |records| difference(&Skips::of(records)?.reestimated),
        },
    ],
    figures: &[StudyFigure {
        name: NAME,
        needs: || needs(SHOWN).into(),
        draw,
        see: "Deleting the skip or the branch leaves equally many paths. If their number is what \
              matters, both cost alike.",
        deviations: "Not in the paper: a rival explanation.",
    }],
    form: None,
    part,
};

fn needs(network: &str) -> [Need; 4] {
    ARMS.map(|options| need_with(options, network))
}

/// One network's records: the branch deleted, then the skip.
struct Skips<'a> {
    as_is: [Deletions<'a>; 2],
    reestimated: [Deletions<'a>; 2],
}

impl<'a> Skips<'a> {
    /// From the records of [`needs`].
    fn of(records: &[&'a Record]) -> Result<Self, ReportError> {
        let &[a, b, c, d] = records else {
            let given = records.len() / ARMS.len();
            return Err(ReportError::Networks { expected: "one network", given });
        };
        if !are_of_one_question(records) {
            let of = "the same weights, and of the same test images for branch and skip";
            return Err(ReportError::Lacking(format!("needs records of {of}")));
        }
        let read = |place: usize, record| Deletions::with(ARMS[place], record);
        Ok(Skips { as_is: [read(0, a)?, read(1, b)?], reestimated: [read(2, c)?, read(3, d)?] })
    }

    fn all(&self) -> [&Deletions<'a>; 4] {
        let [a, b] = &self.as_is;
        let [c, d] = &self.reestimated;
        [a, b, c, d]
    }
}

/// Whether the records of [`needs`] are of the same weights, and those of a branch and a skip
/// with the same statistics of the same test images too.
fn are_of_one_question(records: &[&Record]) -> bool {
    have_same_weights(records) && records.chunks(2).all(|pair| same(pair).is_ok())
}

/// The median error over the non-boundary units with the skip deleted, minus that with the
/// branch deleted; the interval is the bootstrap's over test images.
fn difference([branch, skip]: &[Deletions; 2]) -> Result<Estimate, ReportError> {
    over_images(&[branch, skip], "non-boundary units with a skip and a branch", |rates| {
        Some(100.0 * (rates[1].inner_median()? - rates[0].inner_median()?))
    })
}

/// Test error against the unit whose skip or branch is deleted; left as is, right with
/// statistics re-estimated.
fn draw(records: &[&Record]) -> Result<Figure, ReportError> {
    let skips = Skips::of(records)?;
    let [branch, skip] = &skips.as_is;
    let (name, word) = (&branch.network.name, branch.unit_word());
    let told = |title: &str, [branch, skip]: &[Deletions; 2]| {
        format!("{title}: median {} and {}", branch.inner_median(), skip.inner_median())
    };
    let plots = [("statistics as is", &skips.as_is), ("re-estimated", &skips.reestimated)];
    let sizes = format!(
        "n = {} test images as is, {} re-estimated",
        images(&[branch, skip]),
        images(&[&skips.reestimated[0], &skips.reestimated[1]])
    );
    let batches = skips.reestimated[0].answer.batches.unwrap_or(0);
    Scatter {
        title: format!("Deleting one {word} of {name}, or only its skip"),
        subtitle: format!("{sizes}; either way half of the paths are left"),
        series: vec![branch.lesion(), skip.lesion()],
        plots: plots
            .map(|(title, pair)| plot(told(title, pair), whole(), &[(0, &pair[0]), (1, &pair[1])]))
            .into(),
        keys: keys(&skips.all(), true),
        caption: format!(
            "Test error of {name} with one {word} deleted, its skip left, and with the skip of one \
             {word} deleted, its branch left ({sizes}). Either deletion leaves half of the paths. \
             Left the batch norms have the running statistics of the training, right statistics \
             re-estimated under each lesion on {batches} batches of unaugmented training images. \
             Medians are over the {word}s that are not boundaries. Bars: Wilson 95 % intervals. \
             Dashed: the intact network. Dotted: chance."
        ),
    }
    .draw(NAME)
}

/// One row for each network of which all records are there.
fn part(answers: &Answers) -> Result<Part, ReportError> {
    let mut all = Vec::new();
    for record in answers.of(DeleteOne::EXPERIMENT) {
        let needs = needs(&one_network(record)?.name);
        if needs[3].is_met_by(&record.key)
            && let Ok(found) = answers.find_all(&needs[..3])
            && let records = [found.as_slice(), &[record]].concat()
            && are_of_one_question(&records)
        {
            all.push(Skips::of(&records)?);
        }
    }
    if all.is_empty() {
        return Ok(Part::default());
    }
    let rows = all.iter().map(row).collect::<Result<Vec<_>, _>>()?;
    let body = html! {
        p {
            "A rival explanation: a network without one of its branches keeps half of its 2"
            sup { "n" } " paths, and so does one without a skip. If their number were what \
             matters, both would cost the same. Errors are medians over the units that are not \
             boundaries; the intervals of the differences come from drawing the test images again \
             (bootstrap)."
        }
        div.scroll {
            table.units {
                thead {
                    tr {
                        th { "Network" } th.num { "Branch deleted" } th.num { "Skip deleted" }
                        th.num { "Difference" } th.num { "Branch, re-estimated" }
                        th.num { "Skip, re-estimated" } th.num { "Difference" }
                    }
                }
                tbody { @for row in rows { (row) } }
            }
        }
    };
    let title = "Skips deleted";
    Ok(Part { finding: None, section: Some(Section { id: "skips", title, body }) })
}

fn row(skips: &Skips) -> Result<Markup, ReportError> {
    let of = |pair| present(difference(pair));
    let differences = [of(&skips.as_is)?, of(&skips.reestimated)?];
    Ok(html! {
        tr {
            td { (skips.as_is[0].network.name) }
            @for (pair, difference) in [&skips.as_is, &skips.reestimated].into_iter().zip(differences) {
                @for one in pair {
                    td.num { (one.inner_median()) }
                }
                td.num {
                    @if let Some(Estimate { value, low, high }) = difference {
                        b { (words::points(value / 100.0)) }
                        small { (words::points(low / 100.0)) " to " (words::points(high / 100.0)) }
                    }
                }
            }
        }
    })
}
