//! Do the middle blocks of a stage share a space? (After Sun, Pickett, Nain and Jones 2025.)

use maud::{Markup, html};
use record::stats::{Interval, mean};
use record::{Answer, MiddleBlocks, MiddleOrder, MiddleWay, Record};
use serde_json::json;

use super::{Form, Part, Section, Study, StudyFigure, one_network};
use crate::figure::{Axis, Dot, Figure, Key, Level, Plot, Scatter};
use crate::{Answers, Need, ReportError, words};

/// The network of the figure.
const SHOWN: &str = "resnet110";

const NAME: &str = "fig-middle";

/// The middle blocks run in other ways.
pub(super) const STUDY: Study = Study {
    name: "middle-blocks",
    needs: |networks| networks.iter().map(|network| need(network)).collect(),
    quantities: &[],
    figures: &[StudyFigure {
        name: NAME,
        needs: || vec![need(SHOWN)],
        draw,
        see: "If the blocks of a stage work in one space and do not rely on their order, reversed, \
              random and parallel middles cost little; if they are one step repeated, the repeated \
              centre costs little too. In transformers Sun et al. find the repeated centre worst and \
              random orders best.",
        deviations: "Not in the paper: the source's layers are those of language models, and it \
                     changes the middle of the whole network. Here one stage is changed at a time, and \
                     each test image is a sample.",
    }],
    form: Some(Form { experiment: MiddleBlocks::EXPERIMENT, table, json }),
    part,
};

fn need(network: &str) -> Need {
    Need::of(MiddleBlocks::EXPERIMENT, network)
}

/// One middle in one way; of random orders the mean and the ends.
struct Row {
    stage: usize,
    first: usize,
    blocks: usize,
    way: MiddleWay,
    draws: usize,
    /// As fractions.
    error: f64,
    ends: Interval,
}

fn rows(answer: &MiddleBlocks) -> Vec<Row> {
    let groups = answer.orders.chunk_by(|a, b| a.way == b.way && a.units == b.units);
    let row = |group: &[MiddleOrder]| {
        let error = |one: &MiddleOrder| f64::from(one.wrong) / answer.images as f64;
        let errors: Vec<f64> = group.iter().map(error).collect();
        let low = errors.iter().copied().fold(f64::INFINITY, f64::min);
        let high = errors.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let MiddleOrder { stage, units, way, .. } = &group[0];
        Row {
            stage: *stage,
            first: units[0],
            blocks: units.len(),
            way: *way,
            draws: group.len(),
            error: mean(&errors).unwrap_or(f64::NAN),
            ends: Interval { low, high },
        }
    };
    groups.map(row).collect()
}

fn draw(records: &[&Record]) -> Result<Figure, ReportError> {
    let &[record] = records else {
        return Err(ReportError::Networks { expected: "one network", given: records.len() });
    };
    let (network, answer) = (one_network(record)?, record.answer::<MiddleBlocks>()?);
    let word = &network.model.unit;
    let rows = rows(&answer);
    let mut stages: Vec<usize> = rows.iter().map(|row| row.stage).collect();
    stages.dedup();
    let most = rows.iter().map(|row| row.blocks).max().unwrap_or(0);
    let intact = 100.0 * answer.intact.error();
    let plot = |way: MiddleWay| {
        let mut of_way: Vec<&Row> = rows.iter().filter(|row| row.way == way).collect();
        of_way.sort_by_key(|row| row.blocks);
        let dot = |row: &&Row| {
            let Interval { low, high } = row.ends;
            let ends = Interval { low: 100.0 * low, high: 100.0 * high };
            Dot {
                series: stages.iter().position(|stage| *stage == row.stage).unwrap_or(0),
                x: row.blocks as f64,
                y: 100.0 * row.error,
                interval: (row.draws > 1).then_some(ends),
                diamond: false,
                label: String::new(),
            }
        };
        Plot {
            title: way.word().to_owned(),
            x: Axis::new(format!("middle {word}s"), 0.0, most as f64 + 1.0),
            y: Axis::new("test error (%)", 0.0, 100.0),
            dots: of_way.iter().map(dot).collect(),
            levels: vec![Level { y: intact, label: String::new(), series: None }],
            joined: true,
        }
    };
    let n = words::count(answer.images as u64);
    let draws = rows.iter().map(|row| row.draws).max().unwrap_or(0);
    let intact = words::percent(answer.intact.error());
    Scatter {
        title: format!("The middle {word}s of a stage in six other ways: {}", network.name),
        subtitle: format!("n = {n} test images; intact {intact}; one stage at a time"),
        series: stages.iter().map(|stage| format!("stage {}", stage + 1)).collect(),
        plots: MiddleWay::ALL.map(plot).into(),
        keys: vec![
            (Key::Interval, "smallest and largest of the draws".into()),
            (Key::Level, "intact".into()),
        ],
        caption: format!(
            "Test error of {} when the middle non-boundary {word}s of one stage are skipped; when \
             the centre one runs in the place of each; when they run in reversed order, or in \
             random order (mean of {draws} draws); when all get the input of the first and the \
             mean of their outputs goes on; and when that is done three times. The same \
             number of {word}s is kept at both ends of the stage. {n} test images, no retraining.",
            network.name
        ),
    }
    .draw(NAME)
}

fn table(record: &Record) -> Result<String, ReportError> {
    let (network, answer) = (one_network(record)?, record.answer::<MiddleBlocks>()?);
    let mut text = format!(
        "middle-blocks: {}, {} images\nintact: {} wrong, error {:.2} %\n\n\
         {:>5} {:>9}  {:16} {:>8} {:>17}\n",
        network.name,
        answer.images,
        answer.intact.wrong,
        100.0 * answer.intact.error(),
        "stage",
        "units",
        "way",
        "error %",
        "draws"
    );
    for Row { stage, first, blocks, way, draws, error, ends } in rows(&answer) {
        let range = match draws {
            1 => String::new(),
            _ => format!("{draws}: {:.2} to {:.2}", 100.0 * ends.low, 100.0 * ends.high),
        };
        text += &format!(
            "{stage:5} {:>9}  {:16} {:8.2} {range:>17}\n",
            format!("{first} to {}", first + blocks - 1),
            way.word(),
            100.0 * error
        );
    }
    Ok(text + "\nStages and units count from 0; of random orders the mean error.\n")
}

fn json(record: &Record) -> Result<String, ReportError> {
    let answer = record.answer::<MiddleBlocks>()?;
    let order = |one: &MiddleOrder| {
        json!({
            "stage": one.stage,
            "units": one.units,
            "way": one.way,
            "order": one.order,
            "wrong": one.wrong,
            "cross_entropy": one.cross_entropy,
        })
    };
    let form = json!({
        "images": answer.images,
        "intact_wrong": answer.intact.wrong,
        "orders": answer.orders.iter().map(order).collect::<Vec<_>>(),
    });
    Ok(form.to_string())
}

fn part(answers: &Answers) -> Result<Part, ReportError> {
    let mut all = Vec::new();
    for record in answers.of(MiddleBlocks::EXPERIMENT) {
        all.push((&one_network(record)?.name, record.answer::<MiddleBlocks>()?));
    }
    if all.is_empty() {
        return Ok(Part::default());
    }
    let body = html! {
        p {
            "Test error with the middle blocks of one stage run in other ways; as many blocks are \
             kept at both ends of the stage. Of random orders the mean."
        }
        @for (name, answer) in &all {
            details {
                summary {
                    (name) ": " (words::count(answer.images as u64)) " test images, intact "
                    (words::percent(answer.intact.error()))
                }
                (errors(answer))
            }
        }
    };
    let section = Section { id: "middle-blocks", title: "Middle blocks", body };
    Ok(Part { finding: None, section: Some(section) })
}

fn errors(answer: &MiddleBlocks) -> Markup {
    let rows = rows(answer);
    html! {
        div.scroll {
            table.units {
                thead {
                    tr {
                        th.num { "Stage" } th { "Middle (from 1)" }
                        @for way in MiddleWay::ALL { th.num { (way.word()) } }
                    }
                }
                tbody {
                    @for middle in rows.chunk_by(|a, b| (a.first, a.blocks) == (b.first, b.blocks)) {
                        tr {
                            td.num { (middle[0].stage + 1) }
                            td { (middle[0].first + 1) " to " (middle[0].first + middle[0].blocks) }
                            @for way in MiddleWay::ALL {
                                td.num {
                                    @for row in middle.iter().filter(|row| row.way == way) {
                                        (words::percent(row.error))
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
