//! Records of probes in the terminal, and the section of the page.

use maud::{Markup, html};
use record::stats::{Interval, wilson};
use record::{Answer, Probe, ProbedNetwork, Probes, Record, UnitProbe};
use serde_json::json;

use super::Probing;
use crate::study::{Estimate, Part, Section, present};
use crate::{Answers, ReportError, words};

/// What was probed, in words.
fn what(probing: &Probing, network: &ProbedNetwork) -> String {
    match (probing.of, network.deleted) {
        ("initial", _) => "initial weights".into(),
        (_, Some(id)) => format!("without {} {}", probing.word, id + 1),
        _ => "trained".into(),
    }
}

pub(super) fn table(record: &Record) -> Result<String, ReportError> {
    let probing = Probing::of(record)?;
    let Probing { answer, name, pool, .. } = &probing;
    let mut text = format!(
        "probes: {name}, {} images; outputs averaged to {pool} x {pool}, fitted on {} training \
         images, the penalty chosen on the last {}\n",
        answer.images, answer.training, answer.held_out
    );
    for network in &answer.networks {
        text += &format!("\n{}", what(&probing, network));
        if let Some(own) = &network.own {
            text += &format!(": the network itself errs on {:.2} %", 100.0 * own.error());
        }
        text += &format!(
            "\nunit  {:14} {:>8} {:>6} {:>8}  {:15} {:>8} {:>6} {:>8}\n",
            "name", "features", "wrong", "error %", "95 % interval", "penalty", "steps", "excess"
        );
        let mut line = |unit: &str, name: &str, probe: &Probe| {
            let Probe { features, penalty, steps, excess, score, .. } = probe;
            let Interval { low, high } = wilson(score.wrong.into(), answer.images as u64);
            let interval = format!("{:.2} to {:.2}", 100.0 * low, 100.0 * high);
            text += &format!(
                "{unit:>4}  {name:14} {features:8} {:6} {:8.2}  {interval:15} {penalty:>8} \
                 {steps:6} {excess:8.1e}\n",
                score.wrong,
                100.0 * score.error()
            );
        };
        if let Some(image) = &network.image {
            line("-", "image", image);
        }
        for UnitProbe { index, name, probe, .. } in &network.units {
            line(&index.to_string(), name, probe);
        }
    }
    Ok(text
        + "\nUnits count from 0. excess: how far the loss of the last fit can be above its \
           minimum, in nats.\n")
}

pub(super) fn json(record: &Record) -> Result<String, ReportError> {
    let answer = record.answer::<Probes>()?;
    let network = |network: &ProbedNetwork| {
        let ProbedNetwork { deleted, own, image, units } = network;
        let each = |of: &dyn Fn(&UnitProbe) -> serde_json::Value| -> Vec<_> {
            units.iter().map(of).collect()
        };
        json!({
            "deleted": deleted,
            "own_wrong": own.as_ref().map(|own| own.wrong),
            "image_wrong": image.as_ref().map(|image| image.score.wrong),
            "units": each(&|unit| json!(unit.index)),
            "names": each(&|unit| json!(unit.name)),
            "wrong": each(&|unit| json!(unit.probe.score.wrong)),
            "cross_entropy": each(&|unit| json!(unit.probe.score.cross_entropy)),
            "penalty": each(&|unit| json!(unit.probe.penalty)),
            "excess": each(&|unit| json!(unit.probe.excess)),
        })
    };
    let probed: Vec<_> = answer.networks.iter().map(network).collect();
    Ok(json!({ "images": answer.images, "training": answer.training, "probed": probed })
        .to_string())
}

pub(super) fn part(answers: &Answers) -> Result<Part, ReportError> {
    let all = answers.of(Probes::EXPERIMENT).map(Probing::of);
    let all = all.collect::<Result<Vec<_>, _>>()?;
    if all.is_empty() {
        return Ok(Part::default());
    }
    let mut sentences = Vec::new();
    for probing in &all {
        // Those that claims speak of.
        let Ok(trained) = Probing::trained(probing.record) else { continue };
        let (rise, distance) = (present(trained.largest_rise())?, present(trained.distance())?);
        let (Some(rise), Some(distance)) = (rise, distance) else { continue };
        let points = |Estimate { value, low, high }: Estimate| {
            let [value, low, high] = [value, low, high].map(|v| words::decimal(v, 1));
            format!("{value} points ({low} to {high})")
        };
        sentences.push(format!(
            "{}: the largest rise above the smallest error so far is {}; the last probe is {} from \
             the network itself.",
            trained.name,
            points(rise),
            points(distance)
        ));
    }
    let body = html! {
        p {
            "The test error of a linear classifier on what each unit hands on. It sees the mean of \
             each channel, over the whole output or over the cells of a grid, and nothing is \
             trained but the classifier."
        }
        @for sentence in &sentences { p { (sentence) } }
        @for probing in &all {
            @for network in &probing.answer.networks {
                details {
                    summary {
                        (probing.name) ", " (what(probing, network)) ", "
                        (probing.pool) " x " (probing.pool)
                        @if let Some(last) = network.units.last() {
                            ": the last probe errs on " (words::percent(last.probe.score.error()))
                        }
                        @if let Some(own) = &network.own {
                            ", the network itself on " (words::percent(own.error()))
                        }
                    }
                    (rows(network, probing.answer.images))
                }
            }
        }
    };
    let section = Section { id: "probes", title: "Linear probes", body };
    Ok(Part { finding: None, section: Some(section) })
}

fn rows(network: &ProbedNetwork, images: usize) -> Markup {
    let image = network.image.iter().map(|probe| (0, "image", probe));
    let units = network.units.iter();
    let units = units.map(|unit| (unit.index + 1, unit.name.as_str(), &unit.probe));
    html! {
        div.scroll {
            table.units {
                thead {
                    tr {
                        th.num { "No." } th { "Output" } th.num { "Features" } th.num { "Error" }
                        th.num { "95 % interval" } th.num { "Penalty" }
                    }
                }
                tbody {
                    @for (number, name, probe) in image.chain(units) {
                        tr {
                            td.num { (number) }
                            td { code { (name) } }
                            td.num { (probe.features) }
                            td.num { b { (words::percent(probe.score.error())) } }
                            td.num {
                                (words::percent_interval(wilson(
                                    probe.score.wrong.into(),
                                    images as u64
                                )))
                            }
                            td.num { (probe.penalty) }
                        }
                    }
                }
            }
        }
    }
}
