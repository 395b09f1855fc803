//! How much do later blocks depend on earlier ones? (After Csordas, Manning and Potts 2025.)

use maud::html;
use record::stats::{median, quantile};
use record::{Answer, Dependence, DependentUnit, Record};
use serde_json::json;

use super::delete_pairs::round_up;
use super::{Form, Part, Section, Study, StudyFigure, one_network};
use crate::figure::{Figure, HeatMap};
use crate::{Answers, Need, ReportError, words};

/// The network of the figure.
const SHOWN: &str = "resnet110";

const NAME: &str = "fig-dependence";

/// The dependence of later blocks on earlier ones.
pub(super) const STUDY: Study = Study {
    name: "dependence",
    needs: |networks| networks.iter().map(|network| need(network)).collect(),
    quantities: &[],
    figures: &[StudyFigure {
        name: NAME,
        needs: || vec![need(SHOWN)],
        draw,
        see: "If paths do not depend on each other, all cells are near 0: what a block adds does not \
              change when an earlier block is missing. At 1 the change is as large as what the \
              block adds.",
        deviations: "Not in the paper: a measure of Csordas, Manning and Potts (2025) for language \
                     models, with the mean over test images in the place of their maximum over \
                     texts and positions.",
    }],
    form: Some(Form { experiment: Dependence::EXPERIMENT, table, json }),
    part,
};

fn need(network: &str) -> Need {
    Need::of(Dependence::EXPERIMENT, network)
}

/// All changes; the propagated ones of pairs of one stage by themselves, since the local ones
/// are of these.
struct Changes {
    propagated: Vec<f64>,
    within: Vec<f64>,
    local: Vec<f64>,
}

fn changes(answer: &Dependence) -> Changes {
    let each = |of: fn(&DependentUnit) -> Vec<f64>| answer.units.iter().flat_map(of).collect();
    Changes {
        propagated: each(|unit| unit.propagated.clone()),
        within: each(|unit| {
            let both = unit.propagated.iter().zip(&unit.local);
            both.filter(|(_, local)| local.is_some()).map(|(change, _)| *change).collect()
        }),
        local: each(|unit| unit.local.iter().flatten().copied().collect()),
    }
}

/// How large the changes are.
fn summary(answer: &Dependence) -> String {
    let Changes { propagated, within, local } = changes(answer);
    let middle =
        |values: &[f64]| median(values).map_or("none".to_owned(), |value| words::decimal(value, 3));
    format!(
        "The median change is {} propagated, over all pairs; of pairs of one stage {} propagated and \
         {} local.",
        middle(&propagated),
        middle(&within),
        middle(&local)
    )
}

fn draw(records: &[&Record]) -> Result<Figure, ReportError> {
    let &[record] = records else {
        return Err(ReportError::Networks { expected: "one network", given: records.len() });
    };
    let (network, answer) = (one_network(record)?, record.answer::<Dependence>()?);
    let (word, units) = (&network.model.unit, &answer.units);
    let mut cells = vec![vec![None; units.len()]; units.len()];
    for (l, unit) in units.iter().enumerate() {
        for (s, (&propagated, &local)) in unit.propagated.iter().zip(&unit.local).enumerate() {
            cells[l][s] = Some(propagated);
            cells[s][l] = local;
        }
    }
    let Changes { propagated, local, .. } = changes(&answer);
    let all = [propagated, local].concat();
    let limit = round_up(quantile(&all, 0.98).unwrap_or(0.0).max(0.05));
    let beyond = all.iter().filter(|change| **change > limit).count();
    let new_stage = |place: &usize| units[*place].stage != units[place - 1].stage;
    let n = words::count(answer.images as u64);
    HeatMap {
        title: format!("How much {word}s of {} depend on earlier ones", network.name),
        subtitle: format!("n = {n} test images; below the diagonal propagated, above it local"),
        across: format!("below: missing {word}; above: changed {word} (1-based)"),
        down: format!("below: changed {word}; above: missing {word} (1-based)"),
        labels: units.iter().map(|unit| (unit.index + 1).to_string()).collect(),
        cells,
        scale: "relative change of f".into(),
        limit,
        ends: ["depends".into(), "does not".into()],
        borders: (1..units.len()).filter(new_stage).collect(),
        caption: format!(
            "Relative change |f_l(y) - f_l(y')| / |f_l(y)| of what {word} l of {} adds when an earlier \
             {word} s is missing, mean over {n} test images. Below the diagonal the change is \
             propagated: s is skipped and all that follows runs on. Above it is local: only the input \
             of l changes, by what s adds, for s and l of one stage. Lines separate stages; boundary \
             {word}s are left out. {} Beyond the scale: {}.",
            network.name,
            summary(&answer),
            words::plural(beyond, "cell")
        ),
    }
    .draw(NAME)
}

fn table(record: &Record) -> Result<String, ReportError> {
    let (network, answer) = (one_network(record)?, record.answer::<Dependence>()?);
    let mut text = format!(
        "dependence: {}, {} images\n{}\n\nunit  {:14} {:>10} {:>10}\n",
        network.name,
        answer.images,
        summary(&answer),
        "name",
        "propagated",
        "local"
    );
    for DependentUnit { index, name, propagated, local, .. } in &answer.units {
        let local: Vec<f64> = local.iter().flatten().copied().collect();
        let middle = |values: &[f64]| median(values).map_or("-".into(), |v| format!("{v:.3}"));
        text +=
            &format!("{index:4}  {name:14} {:>10} {:>10}\n", middle(propagated), middle(&local));
    }
    Ok(text
        + "\nUnits count from 0. Relative change of what a unit adds without an earlier unit:\n\
               medians over the earlier ones.\n")
}

fn json(record: &Record) -> Result<String, ReportError> {
    let answer = record.answer::<Dependence>()?;
    let units = &answer.units;
    let form = json!({
        "images": answer.images,
        "units": units.iter().map(|unit| unit.index).collect::<Vec<_>>(),
        "names": units.iter().map(|unit| unit.name.as_str()).collect::<Vec<_>>(),
        "propagated": units.iter().map(|unit| &unit.propagated).collect::<Vec<_>>(),
        "local": units.iter().map(|unit| &unit.local).collect::<Vec<_>>(),
    });
    Ok(form.to_string())
}

fn part(answers: &Answers) -> Result<Part, ReportError> {
    let mut all = Vec::new();
    for record in answers.of(Dependence::EXPERIMENT) {
        all.push((&one_network(record)?.name, record.answer::<Dependence>()?));
    }
    if all.is_empty() {
        return Ok(Part::default());
    }
    let body = html! {
        p {
            "The relative change of what a block adds when an earlier one is missing. Propagated: the \
             earlier one is skipped. Local: only the input of the later one changes, by what the \
             earlier one adds."
        }
        @for (name, answer) in &all {
            p { (name) ", " (words::count(answer.images as u64)) " test images: " (summary(answer)) }
        }
    };
    let section = Section { id: "dependence", title: "Dependence of blocks", body };
    Ok(Part { finding: None, section: Some(section) })
}
