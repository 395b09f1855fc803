//! Do deletions add up? (A test of Veit et al. 2016, section 4.)

use maud::{Markup, html};
use record::stats::{median, quantile};
use record::{Answer, DeletePairs, PairDeletion, Record};
use serde_json::json;

use super::{Form, Part, Section, Study, StudyFigure};
use crate::figure::{Figure, HeatMap};
use crate::{Answers, Need, ReportError, words};

/// The network whose pairs are shown.
const NETWORK: &str = "resnet110";

/// Rows of the table of strongest interactions.
const STRONGEST: usize = 10;

/// Units deleted in pairs.
pub(super) const STUDY: Study = Study {
    name: "delete-pairs",
    needs: |networks| networks.iter().map(|network| need(network)).collect(),
    quantities: &[],
    figures: &[StudyFigure {
        name: "fig-pairs",
        needs: || vec![need(NETWORK)],
        draw,
        see: "At 0 the damage of two deletions is the sum of theirs, as it would be if blocks did \
              not depend on each other. Above 0 each of the two stands in for the other while \
              it is there; below 0 the second deletion finds less left to damage.",
        deviations: "Not in the paper.",
    }],
    form: Some(Form { experiment: DeletePairs::EXPERIMENT, table, json }),
    part,
};

fn need(network: &str) -> Need {
    Need::of(DeletePairs::EXPERIMENT, network)
}

/// A record, read.
struct Pairs<'a> {
    name: &'a str,
    unit: &'a str,
    answer: DeletePairs,
    /// Each pair with its interaction and its standard error over images, in points.
    interactions: Vec<(PairDeletion, f64, f64)>,
}

impl<'a> Pairs<'a> {
    fn of(record: &'a Record) -> Result<Self, ReportError> {
        let ([network], answer) = (record.key.networks.as_slice(), record.answer::<DeletePairs>()?)
        else {
            let what = format!("{} networks, expected one", record.key.networks.len());
            return Err(ReportError::Unfit { name: record.name.clone(), what });
        };
        let interaction = |pair: &PairDeletion| {
            let (value, error) = answer.interaction(pair);
            (*pair, 100.0 * value, 100.0 * error)
        };
        let interactions: Vec<_> = answer.pairs.iter().map(interaction).collect();
        if interactions.is_empty() {
            let what = "no pair of units".to_owned();
            return Err(ReportError::Unfit { name: record.name.clone(), what });
        }
        let (name, unit) = (&network.name, &network.model.unit);
        Ok(Pairs { name, unit, answer, interactions })
    }

    fn values(&self) -> Vec<f64> {
        self.interactions.iter().map(|(_, value, _)| *value).collect()
    }

    /// The pairs with the largest interactions, by size.
    fn strongest(&self) -> Vec<(PairDeletion, f64, f64)> {
        let mut sorted = self.interactions.clone();
        sorted.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()));
        sorted.truncate(STRONGEST);
        sorted
    }

    /// In words, for instance `21 pairs of 7 blocks of resnet20 on 2,000 test images`.
    fn about(&self) -> String {
        format!(
            "{} of {} of {} on {} test images",
            words::plural(self.interactions.len(), "pair"),
            words::plural(self.answer.units.len(), self.unit),
            self.name,
            words::count(self.answer.images as u64)
        )
    }

    /// How large the interactions are, beside what chance alone makes of them.
    fn summary(&self) -> String {
        let values = self.values();
        let small = values.iter().filter(|value| value.abs() <= 1.0).count();
        let beyond =
            self.interactions.iter().filter(|(_, value, error)| value.abs() > 1.96 * error);
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let errors: Vec<f64> = self.interactions.iter().map(|(_, _, error)| *error).collect();
        let share = |count: usize| words::percent(count as f64 / values.len() as f64);
        format!(
            "{} of the pairs have an interaction of at most 1 point, {} one beyond 1.96 standard \
             errors (5 % would by chance); the mean is {} points, the median standard error of one \
             interaction {}.",
            share(small),
            share(beyond.count()),
            words::points(mean / 100.0),
            words::decimal(median(&errors).unwrap_or(0.0), 2)
        )
    }
}

/// The interaction of every pair.
fn draw(records: &[&Record]) -> Result<Figure, ReportError> {
    let [record] = records else {
        return Err(ReportError::Networks { expected: "one network", given: records.len() });
    };
    let pairs = Pairs::of(record)?;
    let units = &pairs.answer.units;
    let place = |id: usize| units.iter().position(|unit| unit.index == id).unwrap_or(0);
    let mut cells = vec![vec![None; units.len()]; units.len()];
    for (pair, value, _) in &pairs.interactions {
        cells[place(pair.second)][place(pair.first)] = Some(*value);
    }
    let sizes: Vec<f64> = pairs.values().iter().map(|value| value.abs()).collect();
    let limit = round_up(quantile(&sizes, 0.98).unwrap_or(0.0).max(0.5));
    let beyond = sizes.iter().filter(|size| **size > limit).count();
    let new_stage = |place: &usize| units[*place].stage != units[place - 1].stage;
    HeatMap {
        title: format!("Deleting two {}s of {}", pairs.unit, pairs.name),
        subtitle: pairs.about(),
        across: format!("deleted {} (1-based)", pairs.unit),
        down: format!("and a second {} (1-based)", pairs.unit),
        labels: units.iter().map(|unit| (unit.index + 1).to_string()).collect(),
        cells,
        scale: "interaction (points)".into(),
        limit,
        ends: ["both: worse than the sum".into(), "both: less bad than the sum".into()],
        borders: (1..units.len()).filter(new_stage).collect(),
        caption: format!(
            "Interaction of {}: the error with both deleted, minus those with each deleted, plus \
             the intact network's, in points. Lines separate stages; boundary {}s are left out. {} \
             Beyond the scale: {}.",
            pairs.about(),
            pairs.unit,
            pairs.summary(),
            words::plural(beyond, "pair")
        ),
    }
    .draw("fig-pairs")
}

/// The next of 1, 2 and 5 times a power of ten; `value` is above 0.01.
pub(super) fn round_up(value: f64) -> f64 {
    let mut power = 0.01;
    loop {
        let found = [1.0, 2.0, 5.0].map(|factor| factor * power).into_iter().find(|v| *v >= value);
        if let Some(found) = found {
            return found;
        }
        power *= 10.0;
    }
}

fn table(record: &Record) -> Result<String, ReportError> {
    let pairs = Pairs::of(record)?;
    let DeletePairs { intact, .. } = &pairs.answer;
    let mut text = format!(
        "delete-pairs: {}\nintact: {} wrong, error {:.2} %, cross-entropy {:.4}\n{}\n\n  {}s  error %  \
         interaction  standard error\n",
        pairs.about(),
        intact.wrong,
        100.0 * intact.error(),
        intact.cross_entropy,
        pairs.summary(),
        pairs.unit
    );
    for (pair, value, error) in pairs.strongest() {
        text += &format!(
            "{:>8} {:>8.2} {value:>+12.2} {error:>15.2}\n",
            format!("{}, {}", pair.first, pair.second),
            100.0 * f64::from(pair.wrong) / pairs.answer.images as f64
        );
    }
    Ok(text + "\nThe strongest interactions, in points; units count from 0.\n")
}

fn json(record: &Record) -> Result<String, ReportError> {
    let pairs = Pairs::of(record)?;
    let answer = &pairs.answer;
    let single = |unit: &record::UnitDeletion| unit.deleted.as_ref().map(|score| score.wrong);
    let list = |of: fn(&(PairDeletion, f64, f64)) -> serde_json::Value| {
        pairs.interactions.iter().map(of).collect::<Vec<_>>()
    };
    let form = json!({
        "images": answer.images,
        "units": answer.units.iter().map(|unit| unit.index).collect::<Vec<_>>(),
        "intact_wrong": answer.intact.wrong,
        "deleted_wrong": answer.units.iter().map(single).collect::<Vec<_>>(),
        "pairs": list(|(pair, _, _)| json!([pair.first, pair.second])),
        "pair_wrong": list(|(pair, _, _)| pair.wrong.into()),
        "interaction_points": list(|(_, value, _)| (*value).into()),
        "standard_error_points": list(|(_, _, error)| (*error).into()),
    });
    Ok(form.to_string())
}

fn part(answers: &Answers) -> Result<Part, ReportError> {
    let all = answers.of(DeletePairs::EXPERIMENT).map(Pairs::of).collect::<Result<Vec<_>, _>>()?;
    if all.is_empty() {
        return Ok(Part::default());
    }
    let body = html! {
        p {
            "The interaction of two units is the error with both deleted, minus those with each \
             deleted, plus the intact network's, on the same images. It is 0 if deletions add up, \
             and above 0 if one unit can stand in for the other. Standard errors are over images."
        }
        @for pairs in &all {
            p { (pairs.about()) ": " (pairs.summary()) }
            details {
                summary { (pairs.name) ": the strongest interactions" }
                (strongest(pairs))
            }
        }
    };
    let section = Section { id: "delete-pairs", title: "Pairs of units deleted", body };
    Ok(Part { finding: None, section: Some(section) })
}

fn strongest(pairs: &Pairs) -> Markup {
    html! {
        div.scroll {
            table.units {
                thead {
                    tr {
                        th { "Units (from 1)" } th.num { "Error" } th.num { "Interaction" }
                        th.num { "Standard error" }
                    }
                }
                tbody {
                    @for (pair, value, error) in pairs.strongest() {
                        tr {
                            td { (pair.first + 1) " and " (pair.second + 1) }
                            td.num {
                                (words::percent(f64::from(pair.wrong) / pairs.answer.images as f64))
                            }
                            td.num { b { (words::points(value / 100.0)) } }
                            td.num { (words::decimal(error, 2)) }
                        }
                    }
                }
            }
        }
    }
}
