//! Do residuals point downhill? (Jastrzebski et al. 2018.)

use maud::{Markup, html};
use record::stats::{Interval, median};
use record::{Answer, MeanCosine, Record, ResidualCosine, UnitCosine};
use serde_json::json;

use super::spread::Spread;
use super::{Estimate, Form, Part, Quantity, Section, Study, StudyFigure, one_network};
use crate::figure::{Axis, Figure, Key, Level, Lines, Point, Series};
use crate::{Answers, Need, ReportError, words};

/// The network of the figure.
const SHOWN: &str = "resnet110";

const NAME: &str = "fig-cosine";

/// The cosines of branches with gradients.
pub(super) const STUDY: Study = Study {
    name: "residual-cosine",
    needs: |networks| networks.iter().map(|network| need(network)).collect(),
    quantities: &[
        Quantity {
            name: "blocks that point downhill",
            unit: "%",
            measure: |records| point_downhill(&read(records)?, trained),
        },
        Quantity {
            name: "median cosine of stage 3",
            unit: "",
            measure: |records| median_of_stage(&read(records)?, 2),
        },
    ],
    figures: &[StudyFigure {
        name: NAME,
        needs: || vec![need(SHOWN)],
        draw,
        see: "Below 0 a block moves its input against the gradient of the loss, as a step of \
              descent would; in the reading of Jastrzebski et al. most blocks do, the last ones most.",
        deviations: "Jastrzebski et al. (2018) report averages of a ResNet trained with another recipe \
                     and show neither predicted labels nor a control.",
    }],
    form: Some(Form { experiment: ResidualCosine::EXPERIMENT, table, json }),
    part,
};

fn need(network: &str) -> Need {
    Need::of(ResidualCosine::EXPERIMENT, network)
}

type Arm = fn(&UnitCosine) -> &MeanCosine;

fn trained(unit: &UnitCosine) -> &MeanCosine {
    &unit.trained
}

fn predicted(unit: &UnitCosine) -> &MeanCosine {
    &unit.predicted
}

fn initial(unit: &UnitCosine) -> &MeanCosine {
    &unit.initial
}

/// The arms with their names.
const ARMS: [(&str, Arm); 3] = [
    ("trained, true labels", trained),
    ("trained, predicted labels", predicted),
    ("initial weights, true labels", initial),
];

fn read(records: &[&Record]) -> Result<ResidualCosine, ReportError> {
    let &[record] = records else {
        return Err(ReportError::Networks { expected: "one network", given: records.len() });
    };
    one_network(record)?;
    Ok(record.answer()?)
}

/// The mean cosine with the normal interval over the images that have one.
fn mean(answer: &ResidualCosine, one: &MeanCosine) -> Option<Estimate> {
    let cosine = one.cosine?;
    let Interval { low, high } = cosine.interval(answer.images - one.without);
    Some(Estimate { value: cosine.mean, low, high })
}

/// The part of the blocks whose upper 95 % end is below 0, in percent; a block without a cosine
/// does not point downhill. The ends are those if every mean were at its own end of its
/// interval.
fn point_downhill(answer: &ResidualCosine, of: Arm) -> Result<Estimate, ReportError> {
    let all = answer.units.len();
    if all == 0 {
        return Err(ReportError::Lacking("the record has no block".to_owned()));
    }
    let part = |by: f64| {
        let is_below = |unit: &&UnitCosine| {
            let mean = mean(answer, of(unit));
            mean.is_some_and(|Estimate { value, high, .. }| high + by * (high - value) < 0.0)
        };
        100.0 * answer.units.iter().filter(is_below).count() as f64 / all as f64
    };
    Ok(Estimate { value: part(0.0), low: part(1.0), high: part(-1.0) })
}

/// The median over the blocks of a stage of the mean cosine with true labels.
fn median_of_stage(answer: &ResidualCosine, stage: usize) -> Result<Estimate, ReportError> {
    let of_stage = answer.units.iter().filter(|unit| unit.stage == stage);
    let known = of_stage.filter_map(|unit| mean(answer, &unit.trained));
    let lacking = || ReportError::Lacking(format!("no block of stage {} has a cosine", stage + 1));
    Ok(Spread::of(known).ok_or_else(lacking)?.statistic(median))
}

/// Cosines that do not exist, over all blocks.
fn without(answer: &ResidualCosine, of: Arm) -> usize {
    answer.units.iter().map(|unit| of(unit).without).sum()
}

fn draw(records: &[&Record]) -> Result<Figure, ReportError> {
    let answer = read(records)?;
    let network = one_network(records[0])?;
    let word = &network.model.unit;
    let last = answer.units.last().map_or(0, |unit| unit.index);
    let curve = |&(label, of): &(&str, Arm)| {
        let point = |unit: &UnitCosine| {
            let Estimate { value, low, high } = mean(&answer, of(unit))?;
            let x = unit.index as f64 + 1.0;
            Some(Point { x, y: value, interval: Some(Interval { low, high }), diamond: false })
        };
        let stages = answer.units.chunk_by(|a, b| a.stage == b.stage);
        let runs = stages.map(|stage| stage.iter().filter_map(point).collect()).collect();
        Series { label: label.to_owned(), runs, band: Vec::new() }
    };
    let series: Vec<Series> = ARMS.iter().map(curve).collect();
    let points = series.iter().flat_map(|curve| curve.runs.iter().flatten());
    let ends = points.filter_map(|point| point.interval).flat_map(|i| [i.low, i.high]);
    let n = words::count(answer.images as u64);
    let share = |of| {
        point_downhill(&answer, of)
            .map_or("none".to_owned(), |share| words::percent(share.value / 100.0))
    };
    let [a, b, c] = ARMS.map(|(_, of)| share(of));
    let [d, e, f] = ARMS.map(|(_, of)| words::count(without(&answer, of) as u64));
    Lines {
        title: format!("Do residuals point downhill? {}", network.name),
        subtitle: format!("non-boundary {word}s, means over n = {n} test images; {a} have an upper end below 0"),
        x: Axis::counting(format!("{word} (1-based)"), last + 1),
        y: Axis::around("mean cosine of f with the gradient", ends.chain([0.0])),
        series,
        levels: vec![Level { y: 0.0, label: String::new(), series: None }],
        keys: vec![(Key::Interval, "95 % interval of the mean".into())],
        caption: format!(
            "Cosine of what each non-boundary {word} of {} adds, f_i, with the gradient of the \
             cross-entropy in its input y_(i-1), each test image by itself, batch norm in evaluation \
             mode; means over {n} images. Lines break between stages. The upper 95 % end \
             is below 0 in {a} of the {word}s with true labels, in {b} with the labels that the network gives, in {c} with \
             initial weights of a seed of their own, whose batch-norm statistics are from {} batches \
             of 128 training images. Cosines left out, since branch or gradient is 0: {d}, {e} and {f}.",
            network.name, answer.batches
        ),
    }
    .draw(NAME)
}

fn table(record: &Record) -> Result<String, ReportError> {
    let (network, answer) = (one_network(record)?, read(&[record])?);
    let mut text = format!(
        "residual-cosine: {}, {} images; control from {} batches of training images\n\n\
         unit  {:14} {:>9} {:>20} {:>9} {:>9} {:>8}\n",
        network.name,
        answer.images,
        answer.batches,
        "name",
        "cosine",
        "95 %",
        "predicted",
        "initial",
        "without"
    );
    let number = |one: &MeanCosine| one.cosine.map_or("-".into(), |c| format!("{:.4}", c.mean));
    for unit in &answer.units {
        let ends = mean(&answer, &unit.trained)
            .map_or("-".into(), |m| format!("{:.4} to {:.4}", m.low, m.high));
        text += &format!(
            "{:4}  {:14} {:>9} {ends:>20} {:>9} {:>9} {:>8}\n",
            unit.index,
            unit.name,
            number(&unit.trained),
            number(&unit.predicted),
            number(&unit.initial),
            unit.trained.without
        );
    }
    let shares = ARMS.map(|(label, of)| {
        let share = point_downhill(&answer, of);
        format!("{label} {}", share.map_or("none".into(), |s| format!("{:.1} %", s.value)))
    });
    text += &format!(
        "\nUpper 95 % end below 0: {}.\n\
         Units count from 0. Cosine of the branch with the gradient in the unit's input, image by\n\
         image, true labels; without: images that have no cosine.\n",
        shares.join("; ")
    );
    Ok(text)
}

fn json(record: &Record) -> Result<String, ReportError> {
    let answer = read(&[record])?;
    let each = |of: Arm| {
        let value = |unit: &UnitCosine| of(unit).cosine.map(|cosine| cosine.mean);
        answer.units.iter().map(value).collect::<Vec<_>>()
    };
    let form = json!({
        "images": answer.images,
        "batches": answer.batches,
        "units": answer.units.iter().map(|unit| unit.index).collect::<Vec<_>>(),
        "names": answer.units.iter().map(|unit| unit.name.as_str()).collect::<Vec<_>>(),
        "cosine": each(trained),
        "cosine_predicted": each(predicted),
        "cosine_initial": each(initial),
        "without": answer.units.iter().map(|unit| unit.trained.without).collect::<Vec<_>>(),
    });
    Ok(form.to_string())
}

fn part(answers: &Answers) -> Result<Part, ReportError> {
    let mut all = Vec::new();
    for record in answers.of(ResidualCosine::EXPERIMENT) {
        all.push((&one_network(record)?.name, read(&[record])?));
    }
    if all.is_empty() {
        return Ok(Part::default());
    }
    let percent = |answer, of| match point_downhill(answer, of) {
        Ok(share) => words::percent(share.value / 100.0),
        Err(_) => "none".to_owned(),
    };
    let body = html! {
        p {
            "The cosine of what a block adds with the gradient of the loss in its input, image by \
             image. Below 0 the block moves its input downhill, to first order."
        }
        @for (name, answer) in &all {
            details {
                summary {
                    (name) ": below 0 with 95 % confidence in " (percent(answer, trained))
                    " of the blocks; with initial weights in " (percent(answer, initial))
                }
                (rows(answer))
            }
        }
    };
    let title = "Branches and the gradient";
    Ok(Part { finding: None, section: Some(Section { id: "residual-cosine", title, body }) })
}

fn rows(answer: &ResidualCosine) -> Markup {
    html! {
        div.scroll {
            table.units {
                thead {
                    tr {
                        th.num { "No." } th { "Unit" } th.num { "Cosine" } th.num { "95 % interval" }
                        th.num { "Predicted labels" } th.num { "Initial weights" }
                    }
                }
                tbody {
                    @for unit in &answer.units {
                        tr {
                            td.num { (unit.index + 1) }
                            td { code { (unit.name) } }
                            @if let Some(Estimate { value, low, high }) = mean(answer, &unit.trained) {
                                td.num { b { (words::decimal(value, 4)) } }
                                td.num { (words::decimal(low, 4)) " to " (words::decimal(high, 4)) }
                            } @else { td {} td {} }
                            @for one in [&unit.predicted, &unit.initial] {
                                td.num {
                                    @if let Some(cosine) = &one.cosine { (words::decimal(cosine.mean, 4)) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
