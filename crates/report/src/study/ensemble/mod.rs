//! Does a network that loses blocks behave like an ensemble that loses members? (Veit et
//! al. 2016, section 4.2; the explicit ensemble is ours.)

mod excess;
mod figure;

use maud::{Markup, html};
use record::stats::Interval;
use record::{Answer, DeleteMany, Ensemble, Record};
use serde_json::json;

use super::{Estimate, Form, Part, Quantity, Section, Study, StudyFigure, committee, seeds};
use crate::{Answers, Need, ReportError, words};
use excess::{Losses, MEMBERS};

/// The network that loses blocks, and the architecture of the ensemble's members.
const NETWORKS: [&str; 2] = ["resnet110", "resnet8"];

/// A network that loses blocks beside an ensemble that loses members.
pub(super) const STUDY: Study = Study {
    name: "ensemble",
    needs,
    quantities: &[
        Quantity {
            name: "largest gap",
            unit: "points",
            measure: |records| Losses::of(records)?.1.largest_gap(),
        },
        Quantity {
            name: "gap at 1/8",
            unit: "points",
            measure: |records| Losses::of(records)?.1.gap_at_one_eighth(),
        },
    ],
    figures: &[StudyFigure {
        name: "fig5a-ensemble",
        needs: || needs(&NETWORKS.map(String::from)),
        draw: figure::draw,
        see: "If the network were like an ensemble, its curve would resemble that of the \
              ensemble, which ends near the error of one member. A curve that goes on to chance \
              does not.",
        deviations: "Not in the paper, which compares with no explicit ensemble. The members are \
                     small networks that differ in their seed alone.",
    }],
    form: Some(Form { experiment: Ensemble::EXPERIMENT, table, json }),
    part,
};

/// Random deletions of the first network, all blocks in the pool, and the ensemble of eight
/// networks that differ from the second in their seed alone.
fn needs(networks: &[String]) -> Vec<Need> {
    let deletions = networks.iter().take(1).map(|network| Need {
        options: json!({ "pool": "all" }),
        ..Need::of(DeleteMany::EXPERIMENT, network)
    });
    deletions.chain(networks.iter().skip(1).map(|member| of_eight(member))).collect()
}

/// The ensemble of `resnet8`, `resnet8-s2`, … `resnet8-s8`.
pub(super) fn of_eight(member: &str) -> Need {
    Need { networks: seeds::names(member, MEMBERS), ..Need::of(Ensemble::EXPERIMENT, member) }
}

/// `8 resnet8`, or the names where the architectures differ.
pub(super) fn members_in_words(record: &Record) -> String {
    let networks = &record.key.networks;
    let model = networks.first().map_or("", |network| network.model.name.as_str());
    if networks.iter().all(|network| network.model.name == model) {
        return format!("{} {model}", networks.len());
    }
    words::list(&networks.iter().map(|network| &network.name).collect::<Vec<_>>())
}

fn table(record: &Record) -> Result<String, ReportError> {
    let answer: Ensemble = record.answer()?;
    let mut text = format!(
        "ensemble: {}, {} images\n\n{}\nmembers  subsets  mean error %\n",
        members_in_words(record),
        answer.images,
        committee::lines(&[(members_in_words(record), &answer.all)])
    );
    for size in (1..=answer.members.len()).rev() {
        text += &format!(
            "{size:>7} {:>8} {:>13.2}\n",
            answer.subsets(size),
            100.0 * answer.error(size)
        );
    }
    Ok(text + "\nThe answer of a subset is the class with the largest mean softmax.\n")
}

fn json(record: &Record) -> Result<String, ReportError> {
    let Ensemble { images, members, all, subset_wrong, .. } = record.answer()?;
    let names: Vec<&str> = record.key.networks.iter().map(|network| &*network.name).collect();
    let wrong: Vec<usize> = members.iter().map(|right| images - right.count_ones()).collect();
    let form = json!({
        "images": images,
        "names": names,
        "member_wrong": wrong,
        "subset_wrong": subset_wrong,
        "together": committee::json(&all),
    });
    Ok(form.to_string())
}

/// One table for each network of which there are random deletions on the same images.
fn part(answers: &Answers) -> Result<Part, ReportError> {
    let mut body = Vec::new();
    for ensemble in answers.of(Ensemble::EXPERIMENT) {
        let answer: Ensemble = ensemble.answer()?;
        let all = &answer.all;
        let (label, images) = (members_in_words(ensemble), words::count(answer.images as u64));
        body.push(html! {
            h3 { (label) " on " (images) " images" }
            (committee::table(&[(label, all)]))
        });
        for network in answers.of(DeleteMany::EXPERIMENT) {
            if network.key.options["pool"] != "all" {
                continue;
            }
            match Losses::of(&[network, ensemble]) {
                Ok((deletions, losses)) => {
                    body.push(comparison(network, &deletions, &losses, &answer)?)
                }
                // Other images, or another number of members: nothing to compare.
                Err(ReportError::Lacking(_)) => {}
                Err(error) => return Err(error),
            }
        }
    }
    if body.is_empty() {
        return Ok(Part::default());
    }
    let body = html! {
        p {
            "An explicit ensemble to compare with: networks that differ in their seed alone, and \
             the class with the largest mean softmax over those that are left. Excess error is \
             the error beyond that of the whole, in points; at r eighths a network of n blocks \
             has lost r n / 8, between neighbouring numbers of deleted blocks. Intervals: \
             bootstrap over draws and over images."
        }
        @for part in &body { (part) }
    };
    let section = Section { id: "ensemble", title: "Losing members of an ensemble", body };
    Ok(Part { finding: None, section: Some(section) })
}

/// The excess errors of one network beside the ensemble's, and what they say.
fn comparison(
    record: &Record,
    network: &DeleteMany,
    losses: &Losses,
    ensemble: &Ensemble,
) -> Result<Markup, ReportError> {
    let name = record.key.networks.first().map_or("", |network| &network.name);
    let rows = losses.rows(network)?;
    let points = |estimate: &Estimate| {
        html! {
            td.num {
                b { (words::points(estimate.value / 100.0)) }
                small {
                    (words::points_interval(Interval {
                        low: estimate.low / 100.0,
                        high: estimate.high / 100.0,
                    }))
                }
            }
        }
    };
    Ok(html! {
        p { (verdict(name, network, losses, ensemble)?) }
        div.scroll {
            table.units {
                thead {
                    tr {
                        th.num { "Removed" } th.num { "Blocks of " (name) }
                        th.num { (name) ", excess" } th.num { "Ensemble, excess" }
                        th.num { "Difference" }
                    }
                }
                tbody {
                    @for row in &rows {
                        tr {
                            td.num { (row.eighths) "/8" }
                            td.num { (row.blocks) }
                            (points(&row.network)) (points(&row.ensemble)) (points(&row.difference))
                        }
                    }
                }
            }
        }
    })
}

/// What the comparison says, with the contrast at the end of the ensemble.
fn verdict(
    name: &str,
    network: &DeleteMany,
    losses: &Losses,
    ensemble: &Ensemble,
) -> Result<String, ReportError> {
    let gap = losses.largest_gap()?;
    let gap_in_words = format!("{:.1} points ({:.1} to {:.1})", gap.value, gap.low, gap.high);
    let mut text = format!(
        "With up to three eighths removed, the excess errors of {name} and of the ensemble differ \
         by at most {gap_in_words}. "
    );
    text += &format!(
        "The ensemble never comes near chance: with one member of {MEMBERS} left it is wrong on \
         {}, which is a member's own error.",
        words::percent(ensemble.error(1))
    );
    let share = |deleted: usize| deleted as f64 / network.pool.len() as f64;
    let last = 1.0 - 1.0 / MEMBERS as f64;
    let near = network
        .counts
        .iter()
        .min_by(|a, b| (share(a.deleted) - last).abs().total_cmp(&(share(b.deleted) - last).abs()));
    if let Some(count) = near {
        let errors: Vec<f64> = count.draws.iter().map(|draw| draw.tally.error()).collect();
        let error = errors.iter().sum::<f64>() / errors.len() as f64;
        text += &format!(
            " {name} with {} of {} blocks deleted is wrong on {}.",
            count.deleted,
            network.pool.len(),
            words::percent(error)
        );
    }
    Ok(text)
}
