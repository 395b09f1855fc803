//! Records of `branch-scales` in the terminal and on the page, with the differences
//! between the ways of training.

use maud::html;
use record::stats::{Interval, wilson};
use record::{Answer, BranchScales, Record, ScaledArm};
use serde_json::json;

use super::arms::Arms;
use super::{REPLICATED, needs};
use crate::study::{Estimate, Part, Section};
use crate::{Answers, ReportError, words};

/// A rule for inference in words.
pub(super) fn rule(scaled: bool, reestimated: bool) -> String {
    let scale = if scaled { "branches scaled" } else { "unscaled" };
    let statistics = if reestimated { ", statistics re-estimated" } else { "" };
    format!("{scale}{statistics}")
}

pub(super) fn table(record: &Record) -> Result<String, ReportError> {
    let answer = record.answer::<BranchScales>()?;
    let name = &record.key.networks[0].name;
    let BranchScales { images, batches, arms } = &answer;
    let mut text = format!(
        "branch-scales: {name}, {images} images; statistics re-estimated on {batches} batches of \
         training images\n\n"
    );
    for ScaledArm { scaled, reestimated, score } in arms {
        let Interval { low, high } = wilson(score.wrong.into(), *images as u64);
        text += &format!(
            "{:42} {:6} wrong  {:6.2} %  (95 % interval {:.2} to {:.2})  cross-entropy {:.4}\n",
            rule(*scaled, *reestimated),
            score.wrong,
            100.0 * score.error(),
            100.0 * low,
            100.0 * high,
            score.cross_entropy
        );
    }
    Ok(text)
}

pub(super) fn json(record: &Record) -> Result<String, ReportError> {
    let BranchScales { images, batches, arms } = record.answer()?;
    let arms = arms.iter().map(|arm| {
        json!({
            "scaled": arm.scaled,
            "reestimated": arm.reestimated,
            "wrong": arm.score.wrong,
            "cross_entropy": arm.score.cross_entropy,
        })
    });
    let arms: Vec<_> = arms.collect();
    Ok(json!({ "images": images, "batches": batches, "arms": arms }).to_string())
}

pub(super) fn part(answers: &Answers) -> Result<Part, ReportError> {
    let records: Vec<&Record> = answers.of(BranchScales::EXPERIMENT).collect();
    if records.is_empty() {
        return Ok(Part::default());
    }
    let read = |record: &&Record| Ok((record.key.networks[0].name.clone(), record.answer()?));
    let all = records.iter().map(read);
    let all = all.collect::<Result<Vec<(String, BranchScales)>, ReportError>>()?;
    let differences = differences(answers)?;
    let body = html! {
        p {
            "Errors with all blocks present. \"-short\" networks were trained on a random part of \
             their blocks in every batch, for the same number of epochs."
        }
        div.scroll {
            table.units {
                thead {
                    tr {
                        th { "Network" }
                        @for (scaled, reestimated) in BranchScales::RULES {
                            th.num { (rule(scaled, reestimated)) }
                        }
                    }
                }
                tbody {
                    @for (name, answer) in &all {
                        tr {
                            td { (name) }
                            @for arm in &answer.arms { td.num { (words::percent(arm.score.error())) } }
                        }
                    }
                }
            }
        }
        @for (name, estimates) in &differences {
            p {
                (name) ", trained in part minus trained in full: "
                @for (place, (rule, Estimate { value, low, high })) in estimates.iter().enumerate() {
                    @if place > 0 { "; " }
                    (rule) " " b { (words::points(value / 100.0)) } " points ("
                    (words::points_interval(Interval { low: low / 100.0, high: high / 100.0 })) ")"
                }
                "."
            }
        }
    };
    let section = Section { id: "effective-paths", title: "Training on short paths", body };
    Ok(Part { finding: None, section: Some(section) })
}

type Differences = Vec<(String, Vec<(String, Estimate)>)>;

/// For each pair whose records are there the difference under each rule; the replicates
/// have to be there too.
fn differences(answers: &Answers) -> Result<Differences, ReportError> {
    let Ok(replicates) = answers.find_all(&needs(&[])) else { return Ok(Vec::new()) };
    let replicates = Arms::of(&replicates)?;
    let under_each = |arms: &Arms| -> Result<Vec<(String, Estimate)>, ReportError> {
        let rules = BranchScales::RULES.iter().enumerate();
        let each = rules.map(|(place, (scaled, reestimated))| {
            let seeds = replicates.over_seeds(place)?;
            Ok((rule(*scaled, *reestimated), arms.difference(place, seeds)))
        });
        each.collect()
    };
    let seeds = REPLICATED.len() / 2;
    let mut found = vec![(format!("{} ({seeds} seeds)", REPLICATED[0]), under_each(&replicates)?)];
    for record in answers.of(BranchScales::EXPERIMENT) {
        let name = &record.key.networks[0].name;
        let pair = needs(std::slice::from_ref(name));
        let pair = &pair[..pair.len() - REPLICATED.len()];
        if !pair.is_empty()
            && !REPLICATED.contains(&name.as_str())
            && let Ok(pair) = answers.find_all(pair)
        {
            found.push((name.clone(), under_each(&Arms::of(&pair)?)?));
        }
    }
    Ok(found)
}
