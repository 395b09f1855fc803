//! Records of `delete-branches` in the terminal, and the comparison on the page.

use maud::{Markup, html};
use record::stats::{Interval, wilson};
use record::{Answer, BranchDeletions, DeleteBranches, Record};
use serde_json::json;

use super::arms::Network;
use super::{NETWORKS, compared, needs, ratio};
use crate::study::{Estimate, Part, Section, present};
use crate::{Answers, ReportError, words};

pub(super) fn table(record: &Record) -> Result<String, ReportError> {
    let network = Network::of(record)?;
    let DeleteBranches { images, intact, units } = record.answer()?;
    let Interval { low, high } = wilson(intact.wrong.into(), images as u64);
    let mut text = format!(
        "delete-branches: {}, {images} images\n\
         intact: {} wrong, error {:.2} % (95 % interval {:.2} to {:.2}), cross-entropy {:.4}\n\n\
         unit  {:14} {:8} {:>6} {:>6} {:>8}  {:>10}  95 % interval (paired)\n",
        network.name,
        intact.wrong,
        100.0 * intact.error(),
        100.0 * low,
        100.0 * high,
        intact.cross_entropy,
        "name",
        "",
        "branch",
        "wrong",
        "error %",
        "difference"
    );
    let mut effects = network.effects();
    for BranchDeletions { index, name, boundary, deleted, .. } in &units {
        let mark = if *boundary { "boundary" } else { "" };
        for (branch, (_, change)) in effects.by_ref().take(deleted.len()).enumerate() {
            let Interval { low, high } = change.interval();
            text += &format!(
                "{index:4}  {name:14} {mark:8} {branch:6} {:6} {:8.2}  {:+10.2}  {:+.2} to {:+.2}\n",
                deleted[branch].wrong,
                100.0 * deleted[branch].error(),
                100.0 * change.difference(),
                100.0 * low,
                100.0 * high
            );
        }
    }
    text += "\nUnits and branches count from 0; differences are in points against the intact \
             network.\n";
    Ok(text)
}

pub(super) fn json(record: &Record) -> Result<String, ReportError> {
    let DeleteBranches { images, intact, units } = record.answer()?;
    let each = |of: fn(&BranchDeletions) -> serde_json::Value| -> Vec<_> {
        units.iter().map(of).collect()
    };
    Ok(json!({
        "images": images,
        "units": each(|unit| json!(unit.index)),
        "names": each(|unit| json!(unit.name)),
        "boundary": each(|unit| json!(unit.boundary)),
        "intact_wrong": intact.wrong,
        "intact_cross_entropy": intact.cross_entropy,
        "deleted_wrong": each(|unit| unit.deleted.iter().map(|score| score.wrong).collect()),
        "deleted_cross_entropy":
            each(|unit| unit.deleted.iter().map(|score| score.cross_entropy).collect()),
    })
    .to_string())
}

/// A row for each network that is there, and the comparisons whose seeds are.
pub(super) fn part(answers: &Answers) -> Result<Part, ReportError> {
    if answers.of(DeleteBranches::EXPERIMENT).next().is_none() {
        return Ok(Part::default());
    }
    let all = needs(&NETWORKS.map(str::to_owned));
    let blocks = all.iter().filter(|need| need.experiment != DeleteBranches::EXPERIMENT);
    let blocks = blocks.filter_map(|need| answers.find(need));
    let records = blocks.chain(answers.of(DeleteBranches::EXPERIMENT));
    let networks = records.map(Network::of).collect::<Result<Vec<_>, ReportError>>()?;
    let body = html! {
        p {
            "A block of K functions is K + 1 ways: the skip, or one of the functions. A network of \
             n such blocks has (K+1)" sup { "n" } " paths in the sense of the unravelled view: \
             routes that take one way through each block. Abdi and Nahavandi count 2" sup { "Kn" }
            ": the subsets of all functions, each of them a network that deletions can leave. At \
             equal numbers of functions the subsets are as many, while the paths are fewer the \
             more functions share a block."
        }
        (network_table(&networks))
        @for text in sentences(answers)? { p { (text) } }
        p {
            "The reading as an ensemble of paths predicts that one of several functions is missed \
             less than the only one of a block, since it takes a smaller share of the paths away: \
             one in K + 1 instead of half. So does any reading in which functions of a block, \
             which see the same input, stand in for each other. A ratio near 1 would speak \
             against both."
        }
    };
    let title = "Several functions a block";
    Ok(Part { finding: None, section: Some(Section { id: "multi-residual", title, body }) })
}

fn network_table(networks: &[Network]) -> Markup {
    html! {
        div.scroll {
            table.units {
                thead {
                    tr {
                        th { "Network" }
                        th.num { "Blocks" }
                        th.num { "Functions" }
                        th.num { "Paths, (K+1)" sup { "n" } }
                        th.num { "Subsets, 2" sup { "Kn" } }
                        th.num { "Intact error" }
                        th.num { "Median D of one function (points)" }
                    }
                }
                tbody {
                    @for network in networks {
                        tr {
                            td { (network.name) }
                            td.num { (network.units) }
                            td.num { (network.functions.len()) }
                            td.num { (product(network.per_unit().iter().map(|k| *k as u64 + 1))) }
                            td.num { (product(network.functions.iter().map(|_| 2))) }
                            td.num { (words::percent(network.intact.error())) }
                            td.num {
                                (network.median_damage().map_or_else(|| "none".into(), words::points))
                            }
                        }
                    }
                }
            }
        }
        p.n { "Medians are over the functions of blocks that are not boundaries." }
    }
}

/// A product with commas, or its order of magnitude.
fn product(factors: impl Iterator<Item = u64> + Clone) -> String {
    match factors.clone().try_fold(1u64, u64::checked_mul) {
        Some(product) => words::count(product),
        None => {
            format!("about 10^{:.0}", factors.map(|factor| (factor as f64).log10()).sum::<f64>())
        }
    }
}

/// The comparisons with the first network whose records are there.
fn sentences(answers: &Answers) -> Result<Vec<String>, ReportError> {
    let first = NETWORKS[0];
    let mut texts = Vec::new();
    for (place, name) in NETWORKS.iter().enumerate().skip(1) {
        let needs = needs(&[first.to_owned(), (*name).to_owned()]);
        let Ok(records) = answers.find_all(&needs) else { continue };
        if let Some(Estimate { value, low, high }) = present(compared(&records, 1))? {
            let [value, low, high] = [value, low, high].map(|points| words::points(points / 100.0));
            texts.push(format!(
                "{name} minus {first}, mean error over three seeds: {value} points ({low} to \
                 {high}; seeds and images)."
            ));
        }
        if let Some(Estimate { value, low, high }) = present(ratio(&records))? {
            let [value, low, high] = [value, low, high].map(|ratio| words::decimal(ratio, 2));
            let judged = if place == 1 { "" } else { " Shown, not judged." };
            texts.push(format!(
                "Median D of one function of {name} over that of one block of {first}: {value} \
                 ({low} to {high}; seeds and images).{judged}"
            ));
        }
    }
    Ok(texts)
}
