//! Do the gates of a trained highway network favour the skip? (Veit et al. 2016, on highway
//! networks.)

mod figure;

use maud::{Markup, html};
use record::stats::{Interval, median};
use record::{Answer, Gates, NetworkId, Record, UnitGate};
use serde_json::json;

use super::damage::{self, Damage, correlation_in_words, rank_correlation};
use super::spread::Spread;
use super::{Estimate, Form, Part, Quantity, Section, Study, StudyFigure, delete_one, one_network};
use crate::{Answers, Need, ReportError, words};

/// The network of the figure: its gates start half open.
const SHOWN: &str = "highway-b0";
/// A mean T up to here favours the skip.
const FAVOURS_SKIP: f64 = 0.45;

/// The gates of highway networks beside what closing them costs.
pub(super) const STUDY: Study = Study {
    name: "gates",
    needs: |networks| networks.iter().flat_map(|network| needs(network)).collect(),
    quantities: &[
        Quantity { name: "units that favour the skip", unit: "%", measure: favour_the_skip },
        Quantity { name: "median ratio of norms", unit: "", measure: median_ratio },
        Quantity {
            name: "Spearman",
            unit: "",
            measure: |records| Closed::of_pair(records)?.correlation(),
        },
    ],
    figures: &[StudyFigure {
        name: "fig-gates",
        needs: || needs(SHOWN).into(),
        draw: figure::fig_gates,
        see: "In the paper's reading, training moves the gates towards the skip: T below one half.",
        deviations: "The paper argues from published highway networks and shows no gates. These \
                     start half open (bias 0), since closed ones would favour the skip from the \
                     start. Batch norm rescales h, so T alone does not say how much passes: the \
                     norms stand beside it.",
    }],
    form: Some(Form { experiment: Gates::EXPERIMENT, table, json }),
    part,
};

fn needs(network: &str) -> [Need; 2] {
    [delete_one::need(network), Need::of(Gates::EXPERIMENT, network)]
}

/// Gates, and what closing them costs.
struct Closed<'a> {
    network: &'a NetworkId,
    answer: Gates,
    /// Of each gated unit.
    damages: Vec<Damage>,
}

impl<'a> Closed<'a> {
    /// From the records of [`needs`].
    fn of_pair(records: &[&'a Record]) -> Result<Self, ReportError> {
        let (deletions, gates) = damage::pair::<Gates>(records)?;
        let (network, answer) = read(gates)?;
        let mut all = damage::damages(deletions)?;
        let mut of = |unit: &UnitGate| {
            all.get_mut(unit.index).and_then(Option::take).ok_or_else(|| ReportError::Unfit {
                name: deletions.name.clone(),
                what: format!("unit {} ({}) is not deleted", unit.index, unit.name),
            })
        };
        let damages = answer.units.iter().map(&mut of).collect::<Result<_, _>>()?;
        Ok(Closed { network, answer, damages })
    }

    /// Spearman's correlation over the gated units of the mean T with the rise of
    /// cross-entropy when the gate is closed, with the bootstrap's interval over the units.
    fn correlation(&self) -> Result<Estimate, ReportError> {
        let pairs = self.answer.units.iter().zip(&self.damages);
        rank_correlation(pairs.map(|(unit, d)| (unit.after.gate.mean, d.rise)).collect())
    }
}

fn read(record: &Record) -> Result<(&NetworkId, Gates), ReportError> {
    Ok((one_network(record)?, record.answer()?))
}

/// A number of each gated unit of the trained network, with the normal interval of its mean
/// over the images.
fn spread(
    records: &[&Record],
    of: fn(&UnitGate) -> &record::MeanSd,
) -> Result<Spread, ReportError> {
    let (_, gates) = damage::pair::<Gates>(records)?;
    let (_, Gates { images, units, .. }) = read(gates)?;
    let each = units.iter().map(|unit| {
        let Interval { low, high } = of(unit).interval(images);
        Estimate { value: of(unit).mean, low, high }
    });
    Spread::of(each).ok_or_else(|| ReportError::Lacking("the record has no gated unit".to_owned()))
}

/// Part of the gated units whose mean T is at most 0.45.
fn favour_the_skip(records: &[&Record]) -> Result<Estimate, ReportError> {
    let share = |values: &[f64]| {
        let hits = values.iter().filter(|value| **value <= FAVOURS_SKIP).count();
        Some(100.0 * hits as f64 / values.len() as f64)
    };
    Ok(spread(records, |unit| &unit.after.gate)?.statistic(share))
}

/// The median over the gated units of the mean `|T h| / |(1 - T) x|`.
fn median_ratio(records: &[&Record]) -> Result<Estimate, ReportError> {
    Ok(spread(records, |unit| &unit.after.ratio)?.statistic(median))
}

fn table(record: &Record) -> Result<String, ReportError> {
    let (network, Gates { images, batches, units }) = read(record)?;
    let mut text = format!(
        "gates: {}, {images} images\n\n\
         unit  {:14} {:>8} {:>7} {:>15} {:>9} {:>11} {:>7}\n",
        network.name, "name", "T before", "T", "10 to 90 %", "|T h|", "|(1 - T) x|", "ratio"
    );
    for UnitGate { index, name, after, before, .. } in &units {
        let start = before.as_ref().map_or("-".to_owned(), |b| format!("{:.3}", b.gate.mean));
        let middle = format!("{:.2} to {:.2}", after.quantile(0.1), after.quantile(0.9));
        text += &format!(
            "{index:4}  {name:14} {start:>8} {:7.3} {middle:>15} {:9.3} {:11.3} {:7.3}\n",
            after.gate.mean, after.transformed.mean, after.carried.mean, after.ratio.mean
        );
    }
    text += "\nUnits count from 0. T: mean over images, positions and channels, and its quantiles;\n\
             norms of single images, their means; the ratio is taken image by image.\n";
    text += &match batches {
        0 => "The weights do not say which network they come from: nothing before training.\n"
            .to_owned(),
        n => format!("Before training: statistics from {n} batches of training images.\n"),
    };
    Ok(text)
}

fn json(record: &Record) -> Result<String, ReportError> {
    let (_, Gates { images, batches, units }) = read(record)?;
    let each = |of: fn(&UnitGate) -> f64| units.iter().map(of).collect::<Vec<_>>();
    let before = units.iter().map(|unit| unit.before.as_ref().map(|before| before.gate.mean));
    let form = json!({
        "images": images,
        "batches": batches,
        "units": units.iter().map(|unit| unit.index).collect::<Vec<_>>(),
        "names": units.iter().map(|unit| unit.name.as_str()).collect::<Vec<_>>(),
        "gate": each(|unit| unit.after.gate.mean),
        "gate_before": before.collect::<Vec<_>>(),
        "transformed": each(|unit| unit.after.transformed.mean),
        "carried": each(|unit| unit.after.carried.mean),
        "ratio": each(|unit| unit.after.ratio.mean),
    });
    Ok(form.to_string())
}

/// One table for each network whose deletions are there too.
fn part(answers: &Answers) -> Result<Part, ReportError> {
    let pairs = damage::pairs(answers, Gates::EXPERIMENT)?;
    let all = pairs.iter().map(|pair| Closed::of_pair(pair)).collect::<Result<Vec<_>, _>>()?;
    if all.is_empty() {
        return Ok(Part::default());
    }
    let body = html! {
        p {
            "y = T h + (1 - T) x. T: mean over images, positions and channels, before the \
             training and after it. The ratio of norms stands beside it, since the batch norm \
             of h rescales it: a small T may still let through much. The last column is what \
             closing the gate (T = 0) costs. The correlation's 95 % interval comes from \
             drawing the units again (bootstrap)."
        }
        @for one in &all {
            details {
                summary {
                    (one.network.name) ": T with the rise of cross-entropy, "
                    (correlation_in_words(&one.correlation()))
                }
                (rows(one))
            }
        }
    };
    let title = "Highway gates";
    Ok(Part { finding: None, section: Some(Section { id: "gates", title, body }) })
}

fn rows(one: &Closed) -> Markup {
    let number = |value: f64| words::decimal(value, 3);
    html! {
        div.scroll {
            table.units {
                thead {
                    tr {
                        th.num { "No." } th { "Unit" } th.num { "T before" } th.num { "T" }
                        th.num { "10 to 90 % of T" } th.num { "|T h| / |(1 - T) x|" }
                        th.num { "Rise of cross-entropy" } th.num { "D" }
                    }
                }
                tbody {
                    @for (unit, damage) in one.answer.units.iter().zip(&one.damages) {
                        tr {
                            td.num { (unit.index + 1) }
                            td { code { (unit.name) } }
                            td.num { @if let Some(before) = &unit.before { (number(before.gate.mean)) } }
                            td.num { b { (number(unit.after.gate.mean)) } }
                            td.num {
                                (words::decimal(unit.after.quantile(0.1), 2)) " to "
                                (words::decimal(unit.after.quantile(0.9), 2))
                            }
                            td.num { (number(unit.after.ratio.mean)) }
                            td.num { (words::decimal(damage.rise, 4)) }
                            td.num { (words::points(damage.change.difference())) }
                        }
                    }
                }
            }
        }
    }
}
