//! Does a block matter as much as it turns the activation? (After Men et al. 2024.)

use maud::{Markup, html};
use record::Record;
use record::stats::Interval;

use super::damage::correlation_in_words;
use super::residual_norms::{Explained, Explanation, needs};
use super::{Estimate, Part, Quantity, Section, Study, StudyFigure};
use crate::figure::{Axis, Dot, Figure, Key, Plot, Scatter};
use crate::{Answers, ReportError, words};

/// The network of the figure.
const SHOWN: &str = "resnet110";

/// So many of the units that cost most are named.
const NAMED: usize = 6;

/// Block influence beside what a deletion costs and the norm of the branch: the records of
/// residual norms, read for another question.
pub(super) const STUDY: Study = Study {
    name: "block-influence",
    needs: |networks| networks.iter().flat_map(|network| needs(network)).collect(),
    quantities: &[
        Quantity {
            name: "Spearman with D",
            unit: "",
            measure: |records| with_d(&Explained::of_pair(records)?),
        },
        Quantity {
            name: "Spearman with |f| / |y|",
            unit: "",
            measure: |records| with_norms(&Explained::of_pair(records)?),
        },
    ],
    figures: &[StudyFigure {
        name: "fig-influence",
        needs: || needs(SHOWN).into(),
        draw,
        see: "Left the D of figure 3: if block influence says which blocks can go, the marks rise \
              from left to right. Right: how far it is another measure than the relative size of \
              the branch.",
        deviations: "Not in the paper: the measure by which Men et al. (2024) choose layers of \
                     language models to remove. A position of an image takes the place of a token. At \
                     a boundary block the output of its skip stands for its input, which has another \
                     shape.",
    }],
    form: None,
    part,
};

fn influence(one: &Explanation) -> f64 {
    one.norms.influence.mean
}

fn with_d(explained: &Explained) -> Result<Estimate, ReportError> {
    explained.rank(|one| (influence(one), one.damage.points().value))
}

fn with_norms(explained: &Explained) -> Result<Estimate, ReportError> {
    explained.rank(|one| (influence(one), one.norms.over_input.mean))
}

/// D and the mean `|f| / |y|` against block influence: one point for each unit, boundary units
/// as diamonds.
fn draw(records: &[&Record]) -> Result<Figure, ReportError> {
    let explained = Explained::of_pair(records)?;
    let all: Vec<Explanation> = explained.units().collect();
    if all.is_empty() {
        return Err(ReportError::NothingToShow {
            figure: "fig-influence".into(),
            needed: "a network with units that add a branch to a skip".into(),
            given: records.len(),
        });
    }
    let word = &explained.network.model.unit;
    let x = Axis::log("block influence, 1 - cos", all.iter().map(influence));
    // An axis of factors has no 0.
    let lowest = x.from;
    let lost: Vec<Estimate> = all.iter().map(|one| one.damage.points()).collect();
    let mut order: Vec<usize> = (0..all.len()).collect();
    order.sort_by(|&a, &b| lost[b].value.total_cmp(&lost[a].value));
    let named = &order[..NAMED.min(order.len())];
    let dot = |place: usize, y: f64, interval: Option<Interval>| {
        let unit = all[place].unit;
        let is_named = unit.boundary || named.contains(&place);
        Dot {
            series: 0,
            x: influence(&all[place]).max(lowest),
            y,
            interval,
            diamond: unit.boundary,
            label: if is_named { (unit.index + 1).to_string() } else { String::new() },
        }
    };
    let cost = |(place, d): (usize, &Estimate)| {
        dot(place, d.value, Some(Interval { low: d.low, high: d.high }))
    };
    let ratio = |one: &Explanation| one.norms.over_input.mean;
    let size = |(place, one): (usize, &Explanation)| dot(place, ratio(one), None);
    let ends = lost.iter().flat_map(|lost| [lost.low, lost.high]);
    let plot = |title: String, y: Axis, dots: Vec<Dot>| Plot {
        title,
        x: x.clone(),
        y,
        dots,
        levels: Vec::new(),
        joined: false,
    };
    let n = words::count(explained.answer.images as u64);
    let diamonds = (Key::Diamond, "boundary: changes resolution or channels".to_owned());
    let has_boundary = all.iter().any(|one| one.unit.boundary);
    let intervals = (Key::Interval, "paired 95 % interval of D".to_owned());
    Scatter {
        title: format!("Block influence: {}", explained.network.name),
        subtitle: format!("n = {n} test images; Spearman's correlation over non-boundary {word}s"),
        series: vec![format!("one {word} each, numbers count from 1")],
        plots: vec![
            plot(
                correlation_in_words(&with_d(&explained)),
                Axis::around("D: points of test error added", ends.chain([0.0])),
                lost.iter().enumerate().map(cost).collect(),
            ),
            plot(
                correlation_in_words(&with_norms(&explained)),
                Axis::log("mean |f| / |y|", all.iter().map(ratio)),
                all.iter().enumerate().map(size).collect(),
            ),
        ],
        keys: has_boundary.then_some(diamonds).into_iter().chain([intervals]).collect(),
        caption: format!(
            "Block influence of each {word} of {}: 1 minus the cosine between what it receives and \
             what it hands on, over the channels at each position, mean over positions and {n} test \
             images. Left against what its deletion costs, with paired 95 % intervals over the \
             images; right against the norm of its branch over that of its input. For boundary \
             {word}s what the skip hands on stands for what is received. In brackets the 95 % \
             intervals of the correlations, from drawing the {word}s again.",
            explained.network.name
        ),
    }
    .draw("fig-influence")
}

/// One table for each network whose deletions are there too.
fn part(answers: &Answers) -> Result<Part, ReportError> {
    let all = Explained::all(answers)?;
    if all.is_empty() {
        return Ok(Part::default());
    }
    let body = html! {
        p {
            "Block influence is 1 minus the cosine between what a block receives and what it hands \
             on. Men et al. (2024) remove the layers in which it is least. Blocks are in that \
             order here, with what their deletion costs beside it."
        }
        @for one in &all {
            details {
                summary {
                    (one.network.name) ": with D, " (correlation_in_words(&with_d(one)))
                    "; with |f| / |y|, " (correlation_in_words(&with_norms(one)))
                }
                (rows(one))
            }
        }
    };
    let section = Section { id: "block-influence", title: "Block influence", body };
    Ok(Part { finding: None, section: Some(section) })
}

fn rows(one: &Explained) -> Markup {
    let mut units: Vec<Explanation> = one.units().collect();
    units.sort_by(|a, b| influence(a).total_cmp(&influence(b)));
    html! {
        div.scroll {
            table.units {
                thead {
                    tr {
                        th.num { "No." } th { "Unit" } th.num { "Influence" } th.num { "|f| / |y|" }
                        th.num { "D" }
                    }
                }
                tbody {
                    @for one in &units {
                        tr {
                            td.num { (one.unit.index + 1) }
                            td {
                                code { (one.unit.name) }
                                @if one.unit.boundary { " " span.tag { "boundary" } }
                            }
                            td.num { b { (words::decimal(influence(one), 5)) } }
                            td.num { (words::decimal(one.norms.over_input.mean, 3)) }
                            td.num { (words::points(one.damage.change.difference())) }
                        }
                    }
                }
            }
        }
    }
}
