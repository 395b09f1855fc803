//! Do neighbouring blocks add up in the logits? (Wu, Shen and van den Hengel 2016.)

use maud::{Markup, html};
use record::stats::{Interval, median};
use record::{Additivity, Answer, Median, NeighbourPair, PairIndex, Record};
use serde_json::json;

use super::spread::Spread;
use super::{Estimate, Form, Part, Quantity, Section, Study, StudyFigure, one_network};
use crate::figure::{Axis, Figure, Key, Level, Lines, Point, Series};
use crate::{Answers, Need, ReportError, words};

/// The network of the figure.
const SHOWN: &str = "resnet110";

const NAME: &str = "fig-additivity";

/// The additivity of neighbouring blocks.
pub(super) const STUDY: Study = Study {
    name: "additivity",
    needs: |networks| networks.iter().map(|network| need(network)).collect(),
    quantities: &[
        Quantity { name: "additivity index", unit: "", measure: |r| measure(r, trained) },
        Quantity {
            name: "additivity index of the control",
            unit: "",
            measure: |r| measure(r, initial),
        },
    ],
    figures: &[StudyFigure {
        name: NAME,
        needs: || vec![need(SHOWN)],
        draw,
        see: "At 0 the effects of two blocks on the logits add up, as they would if the logits were \
              a sum of models that do not depend on each other. At 1 what is left over is as large \
              as the effect of one block.",
        deviations: "Not in the paper: an objection to it by Wu, Shen and van den Hengel (2016), who \
                     argue and do not measure. The index, the choice of neighbours and the \
                     control are ours.",
    }],
    form: Some(Form { experiment: Additivity::EXPERIMENT, table, json }),
    part,
};

fn need(network: &str) -> Need {
    Need::of(Additivity::EXPERIMENT, network)
}

fn trained(pair: &NeighbourPair) -> &PairIndex {
    &pair.trained
}

fn initial(pair: &NeighbourPair) -> &PairIndex {
    &pair.initial
}

/// The median over the pairs; its interval is that of the medians of the lower and of the upper
/// ends.
fn over_pairs(
    pairs: &[NeighbourPair],
    of: fn(&NeighbourPair) -> &PairIndex,
) -> Result<Estimate, ReportError> {
    let known = pairs.iter().filter_map(|pair| of(pair).index);
    let known = known.map(|Median { value, low, high }| Estimate { value, low, high });
    let lacking = "no pair of neighbouring units changes the logits".to_owned();
    let spread = Spread::of(known).ok_or(ReportError::Lacking(lacking))?;
    Ok(spread.statistic(median))
}

fn measure(
    records: &[&Record],
    of: fn(&NeighbourPair) -> &PairIndex,
) -> Result<Estimate, ReportError> {
    over_pairs(&one(records)?.answer::<Additivity>()?.pairs, of)
}

fn one<'a>(records: &[&'a Record]) -> Result<&'a Record, ReportError> {
    let &[record] = records else {
        return Err(ReportError::Networks { expected: "one network", given: records.len() });
    };
    one_network(record)?;
    Ok(record)
}

/// How many images have no index, over all pairs: in words.
fn left_out(answer: &Additivity) -> String {
    let count = |of: fn(&NeighbourPair) -> &PairIndex| {
        answer.pairs.iter().map(|pair| of(pair).without).sum::<usize>() as u64
    };
    let all = (answer.pairs.len() * answer.images) as u64;
    format!(
        "Left out, since one of the two deletions changes no logit: {} of {} image-pairs of the \
         trained network, {} with initial weights.",
        words::count(count(trained)),
        words::count(all),
        words::count(count(initial))
    )
}

fn draw(records: &[&Record]) -> Result<Figure, ReportError> {
    let record = one(records)?;
    let (network, answer) = (one_network(record)?, record.answer::<Additivity>()?);
    let word = &network.model.unit;
    let last = answer.pairs.last().map_or(0, |pair| pair.second);
    let curve = |label: &str, of: fn(&NeighbourPair) -> &PairIndex| {
        let stages = answer.pairs.chunk_by(|a, b| a.stage == b.stage && a.second == b.first);
        let point = |pair: &NeighbourPair| {
            let Median { value, low, high } = of(pair).index?;
            let (x, interval) = (pair.first as f64 + 1.5, Some(Interval { low, high }));
            Some(Point { x, y: value, interval, diamond: false })
        };
        let runs = stages.map(|stage| stage.iter().filter_map(point).collect());
        let middle =
            over_pairs(&answer.pairs, of).map_or("none".to_owned(), |m| words::decimal(m.value, 2));
        Series {
            label: format!("{label}, median {middle}"),
            runs: runs.collect(),
            band: Vec::new(),
        }
    };
    let series = vec![curve("trained", trained), curve("initial weights", initial)];
    let highs = series.iter().flat_map(|curve| curve.runs.iter().flatten());
    let highs = highs.map(|point| point.interval.map_or(point.y, |interval| interval.high));
    let n = words::count(answer.images as u64);
    let pairs = words::plural(answer.pairs.len(), "pair");
    Lines {
        title: format!("Do two neighbouring {word}s add up? {}", network.name),
        subtitle: format!("{pairs} of non-boundary {word}s, medians over n = {n} test images"),
        x: Axis::counting(format!("between the two {word}s (1-based)"), last + 1),
        y: Axis::around("additivity index", highs.chain([0.0, 1.0])),
        series,
        levels: vec![Level { y: 1.0, label: "1: as large as one effect".into(), series: None }],
        keys: vec![(Key::Interval, "95 % interval of the median".into())],
        caption: format!(
            "Additivity index of {pairs} of neighbouring non-boundary {word}s of {}: |z - z_-i - \
             z_-j + z_-ij| over the geometric mean of |z - z_-i| and |z - z_-j|, where z are the \
             class-centred logits and z_-i those with {word} i deleted. Medians over {n} test images, \
             with intervals from order statistics. The control has initial weights of a seed of its \
             own and batch-norm statistics from {} of 128 training images. Lines break where \
             {word}s are not neighbours. {}",
            network.name,
            batches(&answer),
            left_out(&answer)
        ),
    }
    .draw(NAME)
}

fn table(record: &Record) -> Result<String, ReportError> {
    let (network, answer) = (one_network(record)?, record.answer::<Additivity>()?);
    let mut text = format!(
        "additivity: {}, {} images; control from {} of 128 training images\n\n\
         {:>8} {:>8} {:>16} {:>8} {:>8} {:>9} {:>9}\n",
        network.name,
        answer.images,
        batches(&answer),
        "units",
        "index",
        "95 %",
        "without",
        "effect",
        "control",
        "without"
    );
    let number = |median: Option<Median>| median.map_or("-".into(), |m| format!("{:.3}", m.value));
    for NeighbourPair { first, second, trained, initial, .. } in &answer.pairs {
        let ends = trained.index.map_or("-".into(), |m| format!("{:.3} to {:.3}", m.low, m.high));
        text += &format!(
            "{:>8} {:>8} {ends:>16} {:>8} {:>8} {:>9} {:>9}\n",
            format!("{first}, {second}"),
            number(trained.index),
            trained.without,
            number(trained.effect),
            number(initial.index),
            initial.without
        );
    }
    let all = |of: fn(&NeighbourPair) -> &PairIndex| match over_pairs(&answer.pairs, of) {
        Ok(Estimate { value, low, high }) => format!("{value:.3} ({low:.3} to {high:.3})"),
        Err(_) => "none".to_owned(),
    };
    text += &format!(
        "\nMedian over pairs: {}; control {}.\n\
         Units count from 0. Index: second-order term over the geometric mean of the two effects,\n\
         median over images; effect: that mean over |z|; without: images that have no index.\n",
        all(trained),
        all(initial)
    );
    Ok(text)
}

fn batches(answer: &Additivity) -> String {
    match answer.batches {
        1 => "1 batch".to_owned(),
        n => format!("{n} batches"),
    }
}

fn json(record: &Record) -> Result<String, ReportError> {
    let answer = record.answer::<Additivity>()?;
    let index = |of: fn(&NeighbourPair) -> &PairIndex| {
        let value = |pair: &NeighbourPair| of(pair).index.map(|median| median.value);
        answer.pairs.iter().map(value).collect::<Vec<_>>()
    };
    let without = |of: fn(&NeighbourPair) -> &PairIndex| {
        answer.pairs.iter().map(|pair| of(pair).without).collect::<Vec<_>>()
    };
    let form = json!({
        "images": answer.images,
        "batches": answer.batches,
        "pairs": answer.pairs.iter().map(|pair| [pair.first, pair.second]).collect::<Vec<_>>(),
        "index": index(trained),
        "index_initial": index(initial),
        "without": without(trained),
        "without_initial": without(initial),
    });
    Ok(form.to_string())
}

fn part(answers: &Answers) -> Result<Part, ReportError> {
    let mut all = Vec::new();
    for record in answers.of(Additivity::EXPERIMENT) {
        all.push((one_network(record)?, record.answer::<Additivity>()?));
    }
    if all.is_empty() {
        return Ok(Part::default());
    }
    let body = html! {
        p {
            "The index of two blocks is what is left of their common effect on the class-centred \
             logits when both single effects are taken away, over the geometric mean of these, \
             image by image. The column \"effect\" is that mean over the norm of the logits: it \
             says how far the effects lie above rounding."
        }
        @for (network, answer) in &all {
            details {
                summary {
                    (network.name) ": " (words::plural(answer.pairs.len(), "pair")) ", "
                    (words::count(answer.images as u64)) " test images"
                }
                p { (left_out(answer)) }
                (rows(answer))
            }
        }
    };
    let section = Section { id: "additivity", title: "The additivity of neighbours", body };
    Ok(Part { finding: None, section: Some(section) })
}

fn rows(answer: &Additivity) -> Markup {
    let number = |median: &Option<Median>| match median {
        Some(median) => words::decimal(median.value, 3),
        None => "none".to_owned(),
    };
    html! {
        div.scroll {
            table.units {
                thead {
                    tr {
                        th { "Units (from 1)" } th.num { "Index" } th.num { "95 % interval" }
                        th.num { "Effect" } th.num { "Initial weights" }
                    }
                }
                tbody {
                    @for NeighbourPair { first, second, trained, initial, .. } in &answer.pairs {
                        tr {
                            td { (first + 1) " and " (second + 1) }
                            td.num { b { (number(&trained.index)) } }
                            td.num {
                                @if let Some(Median { low, high, .. }) = &trained.index {
                                    (words::decimal(*low, 3)) " to " (words::decimal(*high, 3))
                                }
                            }
                            td.num { (number(&trained.effect)) }
                            td.num { (number(&initial.index)) }
                        }
                    }
                }
            }
        }
    }
}
