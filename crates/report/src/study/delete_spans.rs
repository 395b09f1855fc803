//! Which span of blocks can go? (After Gromov et al. 2024.)

use maud::{Markup, html};
use record::stats::{Interval, mean, quantile, wilson};
use record::{Answer, ChosenUnits, DeleteSpans, DeletedSpan, HowChosen, Record};
use serde_json::json;

use super::{Form, Part, Section, Study, StudyFigure, one_network};
use crate::figure::{Axis, Figure, Key, Level, Lines, Point, Series};
use crate::{Answers, Need, ReportError, words};

/// The network of the figure.
const SHOWN: &str = "resnet110";

const NAME: &str = "fig-spans";

/// Spans of units deleted.
pub(super) const STUDY: Study = Study {
    name: "delete-spans",
    needs: |networks| networks.iter().map(|network| need(network)).collect(),
    quantities: &[],
    figures: &[StudyFigure {
        name: NAME,
        needs: || vec![need(SHOWN)],
        draw,
        see: "If the angle between its two ends says which span can go, the span of least angle costs \
              less than spans at random, which are the mean of all of that length. Random blocks of any stage \
              are figure 5a's protocol, without the boundaries.",
        deviations: "Not in the paper: Gromov et al. (2024) delete spans of layers of language models \
                     and train a little afterwards. Here nothing is trained, whole activations are \
                     compared in the place of the last token, and no span crosses a boundary, whose ends \
                     differ in shape. Training images choose the span, test images judge it.",
    }],
    form: Some(Form { experiment: DeleteSpans::EXPERIMENT, table, json }),
    part,
};

fn need(network: &str) -> Need {
    Need::of(DeleteSpans::EXPERIMENT, network)
}

/// All that is deleted of one length; errors are fractions.
struct Row<'a> {
    length: usize,
    /// The span of least distance; of equal ones the first.
    nearest: &'a DeletedSpan,
    /// The errors of all spans.
    spans: Vec<f64>,
    /// The units of least single cost.
    least: &'a ChosenUnits,
    /// The errors of the random sets.
    random: Vec<f64>,
}

fn rows<'a>(record: &Record, answer: &'a DeleteSpans) -> Result<Vec<Row<'a>>, ReportError> {
    let mut lengths: Vec<usize> = answer.spans.iter().map(|span| span.units.len()).collect();
    lengths.sort_unstable();
    lengths.dedup();
    let error = |wrong: u32| f64::from(wrong) / answer.images as f64;
    let row = |&length: &usize| {
        let spans = || answer.spans.iter().filter(move |span| span.units.len() == length);
        let sets = |how: HowChosen| {
            let of_length = move |set: &&ChosenUnits| set.how == how && set.units.len() == length;
            answer.sets.iter().filter(of_length)
        };
        Some(Row {
            length,
            nearest: spans().min_by(|a, b| a.distance.mean.total_cmp(&b.distance.mean))?,
            spans: spans().map(|span| error(span.wrong)).collect(),
            least: sets(HowChosen::Least).next()?,
            random: sets(HowChosen::Random).map(|set| error(set.wrong)).collect(),
        })
    };
    let rows: Option<Vec<Row>> = lengths.iter().map(row).collect();
    rows.filter(|rows| rows.iter().all(|row| !row.random.is_empty())).ok_or_else(|| {
        let what = "a length of spans has no other set of units beside it".to_owned();
        ReportError::Unfit { name: record.name.clone(), what }
    })
}

fn draw(records: &[&Record]) -> Result<Figure, ReportError> {
    let &[record] = records else {
        return Err(ReportError::Networks { expected: "one network", given: records.len() });
    };
    let (network, answer) = (one_network(record)?, record.answer::<DeleteSpans>()?);
    let word = &network.model.unit;
    let rows = rows(record, &answer)?;
    let images = answer.images as u64;
    let percent = |Interval { low, high }| Interval { low: 100.0 * low, high: 100.0 * high };
    let of_one = |length: usize, wrong: u32| Point {
        x: length as f64,
        y: 100.0 * f64::from(wrong) / images as f64,
        interval: Some(percent(wilson(u64::from(wrong), images))),
        diamond: false,
    };
    let of_mean = |row: &Row, errors: &[f64]| Point {
        x: row.length as f64,
        y: 100.0 * mean(errors).unwrap_or(f64::NAN),
        interval: None,
        diamond: false,
    };
    let band = |errors: fn(&Row) -> Vec<f64>| -> Vec<(f64, Interval)> {
        let ends = |row: &Row| {
            let of = |p| quantile(&errors(row), p).unwrap_or(f64::NAN);
            (row.length as f64, percent(Interval { low: of(0.25), high: of(0.75) }))
        };
        rows.iter().map(ends).collect()
    };
    let series = |label: String, points: Vec<Point>, band: Vec<(f64, Interval)>| Series {
        label,
        runs: vec![points],
        band,
    };
    let longest = rows.last().map_or(1, |row| row.length);
    let draws = rows.iter().map(|row| row.random.len()).max().unwrap_or(0);
    let (n, m) = (words::count(images), words::count(answer.calibration as u64));
    let (error, chance) = (answer.intact.error(), record.key.images[0].chance());
    Lines {
        title: format!("Spans of {word}s deleted: {}", network.name),
        subtitle: format!("n = {n} test images; spans and {word}s chosen on {m} training images"),
        x: Axis::counting(format!("deleted {word}s"), longest),
        y: Axis::new("test error (%)", 0.0, 100.0),
        series: vec![
            series(
                "span of least angle".into(),
                rows.iter().map(|row| of_one(row.length, row.nearest.wrong)).collect(),
                Vec::new(),
            ),
            series(
                "all spans, mean".into(),
                rows.iter().map(|row| of_mean(row, &row.spans)).collect(),
                band(|row| row.spans.clone()),
            ),
            series(
                format!("{word}s of least single cost"),
                rows.iter().map(|row| of_one(row.length, row.least.wrong)).collect(),
                Vec::new(),
            ),
            series(
                format!("random {word}s, mean"),
                rows.iter().map(|row| of_mean(row, &row.random)).collect(),
                band(|row| row.random.clone()),
            ),
        ],
        levels: vec![
            Level { y: 100.0 * error, label: format!("intact {}", words::percent(error)), series: None },
            Level { y: 100.0 * chance, label: format!("chance {:.0} %", 100.0 * chance), series: None },
        ],
        keys: vec![
            (Key::Band, "quartiles of spans, of draws".into()),
            (Key::Interval, "95 % interval over images".into()),
        ],
        caption: format!(
            "Test error of {} without n non-boundary {word}s: a span of {word}s of one stage whose two \
             ends differ least in direction (mean angle of whole activations over {m} training \
             images); all spans of that length; the {word}s, of any stage, whose single deletions \
             raise the cross-entropy on the same training images least; {draws} random sets of \
             any stage. {n} test images, no retraining. Bars: Wilson's 95 % intervals. Bands: \
             quartiles.",
            network.name
        ),
    }
    .draw(NAME)
}

/// `19 to 22`, from 0.
fn ends(units: &[usize], from: usize) -> String {
    match units {
        [first, .., last] => format!("{} to {}", first + from, last + from),
        few => words::ranges(&few.iter().map(|id| id + from).collect::<Vec<_>>()),
    }
}

fn table(record: &Record) -> Result<String, ReportError> {
    let (network, answer) = (one_network(record)?, record.answer::<DeleteSpans>()?);
    let mut text = format!(
        "delete-spans: {}, {} images, chosen on {} training images\nintact: {} wrong, error {:.2} \
         %\n\n{:>6}  {:10} {:>7} {:>8} {:>10} {:>11} {:>9}\n",
        network.name,
        answer.images,
        answer.calibration,
        answer.intact.wrong,
        100.0 * answer.intact.error(),
        "length",
        "nearest",
        "angle",
        "error %",
        "all spans",
        "least cost",
        "random"
    );
    let percent = |errors: &[f64]| 100.0 * mean(errors).unwrap_or(f64::NAN);
    let of = |wrong: u32| 100.0 * f64::from(wrong) / answer.images as f64;
    for Row { length, nearest, spans, least, random } in rows(record, &answer)? {
        text += &format!(
            "{length:6}  {:10} {:7.4} {:8.2} {:10.2} {:11.2} {:9.2}\n",
            ends(&nearest.units, 0),
            nearest.distance.mean,
            of(nearest.wrong),
            percent(&spans),
            of(least.wrong),
            percent(&random)
        );
    }
    Ok(text
        + "\nUnits count from 0. Nearest: the span whose ends have the least angle, as a part of\n\
           pi. Of all spans and random sets the mean error.\n")
}

fn json(record: &Record) -> Result<String, ReportError> {
    let answer = record.answer::<DeleteSpans>()?;
    let span = |one: &DeletedSpan| {
        json!({
            "units": one.units,
            "distance": one.distance.mean,
            "wrong": one.wrong,
            "cross_entropy": one.cross_entropy,
        })
    };
    let set = |one: &ChosenUnits| {
        json!({
            "how": one.how,
            "units": one.units,
            "wrong": one.wrong,
            "cross_entropy": one.cross_entropy,
        })
    };
    let form = json!({
        "images": answer.images,
        "calibration_images": answer.calibration,
        "intact_wrong": answer.intact.wrong,
        "spans": answer.spans.iter().map(span).collect::<Vec<_>>(),
        "sets": answer.sets.iter().map(set).collect::<Vec<_>>(),
    });
    Ok(form.to_string())
}

fn part(answers: &Answers) -> Result<Part, ReportError> {
    let mut all = Vec::new();
    for record in answers.of(DeleteSpans::EXPERIMENT) {
        all.push((record, &one_network(record)?.name, record.answer::<DeleteSpans>()?));
    }
    if all.is_empty() {
        return Ok(Part::default());
    }
    let mut tables = Vec::new();
    for (record, name, answer) in &all {
        tables.push((name, answer, errors(&rows(record, answer)?, answer)));
    }
    let body = html! {
        p {
            "Test error without a span of blocks of one stage: the one whose ends have the least \
             angle, and the mean of all of that length; beside it as many blocks of least single \
             cost, and at random. Training images choose, nothing is trained afterwards."
        }
        @for (name, answer, table) in &tables {
            details {
                summary {
                    (name) ": " (words::count(answer.images as u64)) " test images, intact "
                    (words::percent(answer.intact.error()))
                }
                (table)
            }
        }
    };
    let section = Section { id: "delete-spans", title: "Spans of blocks", body };
    Ok(Part { finding: None, section: Some(section) })
}

fn errors(rows: &[Row], answer: &DeleteSpans) -> Markup {
    let of = |wrong: u32| words::percent(f64::from(wrong) / answer.images as f64);
    let of_mean = |errors: &[f64]| words::percent(mean(errors).unwrap_or(f64::NAN));
    html! {
        div.scroll {
            table.units {
                thead {
                    tr {
                        th.num { "Length" } th { "Nearest (from 1)" } th.num { "Angle / pi" }
                        th.num { "Nearest" } th.num { "All spans" } th.num { "Least cost" }
                        th.num { "Random" }
                    }
                }
                tbody {
                    @for row in rows {
                        tr {
                            td.num { (row.length) }
                            td { (ends(&row.nearest.units, 1)) }
                            td.num { (words::decimal(row.nearest.distance.mean, 4)) }
                            td.num { b { (of(row.nearest.wrong)) } }
                            td.num { (of_mean(&row.spans)) }
                            td.num { (of(row.least.wrong)) }
                            td.num { (of_mean(&row.random)) }
                        }
                    }
                }
            }
        }
    }
}
