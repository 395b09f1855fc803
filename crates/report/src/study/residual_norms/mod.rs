//! Does the size of a branch explain what its deletion costs? (A rival explanation of
//! figure 3 of Veit et al. 2016.)

mod figure;

use maud::{Markup, html};
use record::{Answer, BranchNorms, NetworkId, Record, ResidualNorms, UnitNorms};
use serde_json::json;

use super::damage::{self, Damage, correlation_in_words, rank_correlation};
use super::{Estimate, Form, Part, Quantity, Section, Study, StudyFigure, delete_one, one_network};
use crate::{Answers, Need, ReportError, words};

/// The network of the figure.
const SHOWN: &str = "resnet110";

/// The norms of branches beside what their deletion costs.
pub(super) const STUDY: Study = Study {
    name: "residual-norms",
    needs: |networks| networks.iter().flat_map(|network| needs(network)).collect(),
    quantities: &[
        Quantity {
            name: "Spearman",
            unit: "",
            measure: |records| Explained::of_pair(records)?.correlation(|d| d.rise),
        },
        Quantity {
            name: "Spearman of D",
            unit: "",
            measure: |records| Explained::of_pair(records)?.correlation(|d| d.points().value),
        },
    ],
    figures: &[StudyFigure {
        name: "fig-norms",
        needs: || needs(SHOWN).into(),
        draw: figure::fig_norms,
        see: "If the relative size of a branch explains the damage of its deletion, the marks rise \
              from left to right, and single deletions do not need the reading by paths.",
        deviations: "Not in the paper: a rival explanation.",
    }],
    form: Some(Form { experiment: ResidualNorms::EXPERIMENT, table, json }),
    part,
};

pub(super) fn needs(network: &str) -> [Need; 2] {
    [delete_one::need(network), need(network)]
}

/// The record of the norms.
pub(super) fn need(network: &str) -> Need {
    Need::of(ResidualNorms::EXPERIMENT, network)
}

/// Norms, and what explains them.
pub(super) struct Explained<'a> {
    pub(super) network: &'a NetworkId,
    pub(super) answer: ResidualNorms,
    damages: Vec<Option<Damage>>,
}

/// A unit that has norms and can be deleted.
pub(super) struct Explanation<'a> {
    pub(super) unit: &'a UnitNorms,
    pub(super) norms: &'a BranchNorms,
    pub(super) damage: &'a Damage,
}

impl<'a> Explained<'a> {
    /// Of each network whose norms and deletions are there.
    pub(super) fn all(answers: &'a Answers) -> Result<Vec<Self>, ReportError> {
        let pairs = damage::pairs(answers, ResidualNorms::EXPERIMENT)?;
        pairs.iter().map(|pair| Explained::of_pair(pair)).collect()
    }

    /// From the records of [`needs`].
    pub(super) fn of_pair(records: &[&'a Record]) -> Result<Self, ReportError> {
        let (deletions, norms) = damage::pair::<ResidualNorms>(records)?;
        let (network, answer) = read(norms)?;
        let damages = damage::damages(deletions)?;
        if damages.len() != answer.units.len() {
            let what = format!("{} units, expected {}", damages.len(), answer.units.len());
            return Err(ReportError::Unfit { name: deletions.name.clone(), what });
        }
        Ok(Explained { network, answer, damages })
    }

    pub(super) fn units(&self) -> impl Iterator<Item = Explanation<'_>> {
        let both = self.answer.units.iter().zip(&self.damages);
        both.filter_map(|(unit, damage)| {
            let (norms, damage) = (unit.norms.as_ref()?, damage.as_ref()?);
            Some(Explanation { unit, norms, damage })
        })
    }

    /// Spearman's correlation over the non-boundary units of the mean `|f| / |y|` with what
    /// their deletion costs, with the bootstrap's interval over the units.
    fn correlation(&self, cost: impl Fn(&Damage) -> f64) -> Result<Estimate, ReportError> {
        self.rank(|one| (one.norms.over_input.mean, cost(one.damage)))
    }

    /// Spearman's correlation of two numbers over the non-boundary units, in the same way.
    pub(super) fn rank(
        &self,
        pair: impl Fn(&Explanation) -> (f64, f64),
    ) -> Result<Estimate, ReportError> {
        let inner = self.units().filter(|one| !one.unit.boundary);
        rank_correlation(inner.map(|one| pair(&one)).collect())
    }
}

fn read(record: &Record) -> Result<(&NetworkId, ResidualNorms), ReportError> {
    Ok((one_network(record)?, record.answer()?))
}

fn table(record: &Record) -> Result<String, ReportError> {
    let (network, ResidualNorms { images, units }) = read(record)?;
    let mut text = format!(
        "residual-norms: {}, {images} images\n\n\
         unit  {:14} {:8} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9}\n",
        network.name, "name", "", "|y|", "|s|", "|f|", "|f|/|y|", "|f|/|s|", "1 - cos"
    );
    for UnitNorms { index, name, boundary, norms, .. } in &units {
        let mark = if *boundary { "boundary" } else { "" };
        text += &format!("{index:4}  {name:14} {mark:8} ");
        text += &match norms {
            Some(BranchNorms { input, skip, branch, over_input, over_skip, influence }) => format!(
                "{:9.3} {:9.3} {:9.3} {:9.4} {:9.4} {:9.5}\n",
                input.mean, skip.mean, branch.mean, over_input.mean, over_skip.mean, influence.mean
            ),
            None => "is not a sum of a skip and branches\n".to_owned(),
        };
    }
    text += "\nUnits count from 0. Means over images: y the unit's input, s its skip's output,\n\
             f its branch as it is added; ratios are taken image by image. 1 - cos, between s and\n\
             the unit's output over the channels of each position, is block influence.\n";
    Ok(text)
}

fn json(record: &Record) -> Result<String, ReportError> {
    let (_, ResidualNorms { images, units }) = read(record)?;
    let each = |of: fn(&BranchNorms) -> f64| {
        units.iter().map(|unit| unit.norms.as_ref().map(of)).collect::<Vec<_>>()
    };
    let form = json!({
        "images": images,
        "names": units.iter().map(|unit| unit.name.as_str()).collect::<Vec<_>>(),
        "boundary": units.iter().map(|unit| unit.boundary).collect::<Vec<_>>(),
        "input": each(|norms| norms.input.mean),
        "skip": each(|norms| norms.skip.mean),
        "branch": each(|norms| norms.branch.mean),
        "over_input": each(|norms| norms.over_input.mean),
        "over_skip": each(|norms| norms.over_skip.mean),
        "influence": each(|norms| norms.influence.mean),
    });
    Ok(form.to_string())
}

/// One table for each network whose deletions are there too.
fn part(answers: &Answers) -> Result<Part, ReportError> {
    let all = Explained::all(answers)?;
    if all.is_empty() {
        return Ok(Part::default());
    }
    let body = html! {
        p {
            "A rival explanation: a block matters as much as its branch is large. |f| is the \
             norm of the branch as it is added, |y| that of the block's input, |s| that of the \
             skip's output, each of one image; the ratios are taken image by image, then \
             averaged. Correlations are over the non-boundary blocks; their 95 % intervals \
             come from drawing the blocks again (bootstrap)."
        }
        @for one in &all {
            details {
                summary {
                    (one.network.name) ": |f| / |y| with the rise of cross-entropy, "
                    (correlation_in_words(&one.correlation(|d| d.rise))) "; with D, "
                    (correlation_in_words(&one.correlation(|d| d.points().value)))
                }
                (rows(one))
            }
        }
    };
    let title = "The norms of branches";
    Ok(Part { finding: None, section: Some(Section { id: "residual-norms", title, body }) })
}

fn rows(one: &Explained) -> Markup {
    html! {
        div.scroll {
            table.units {
                thead {
                    tr {
                        th.num { "No." } th { "Unit" } th.num { "|f|" } th.num { "|f| / |y|" }
                        th.num { "|f| / |s|" } th.num { "Rise of cross-entropy" } th.num { "D" }
                    }
                }
                tbody {
                    @for Explanation { unit, norms, damage } in one.units() {
                        tr {
                            td.num { (unit.index + 1) }
                            td {
                                code { (unit.name) }
                                @if unit.boundary { " " span.tag { "boundary" } }
                            }
                            td.num { (words::decimal(norms.branch.mean, 2)) }
                            td.num { b { (words::decimal(norms.over_input.mean, 3)) } }
                            td.num { (words::decimal(norms.over_skip.mean, 3)) }
                            td.num { (words::decimal(damage.rise, 4)) }
                            td.num { (words::points(damage.change.difference())) }
                        }
                    }
                }
            }
        }
    }
}
