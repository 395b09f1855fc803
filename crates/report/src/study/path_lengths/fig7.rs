//! Figure 7: what deletions leave of the paths of each length, beside the error.

use record::stats::Interval;
use record::{Answer as _, DeleteMany, DeletedCount, Record};
use serde_json::json;

use super::{left, length_axis};
use crate::figure::{Axis, Figure, Level, Pair, Panel, Point, Shaded};
use crate::study::Estimate;
use crate::study::draws::Group;
use crate::{Need, ReportError, words};

/// Numbers of deleted blocks whose curves are drawn.
const DELETED: [usize; 5] = [1, 2, 5, 10, 20];
/// The most deleted blocks in the right chart.
const MOST: usize = 20;

/// Random deletions among all blocks.
pub(super) fn need(network: &str) -> Need {
    Need { options: json!({ "pool": "all" }), ..Need::of(DeleteMany::EXPERIMENT, network) }
}

/// Paths left by arithmetic (left), and the measured error of the network (right).
pub(super) fn fig7(records: &[&Record]) -> Result<Figure, ReportError> {
    let [record] = records else {
        return Err(ReportError::Networks { expected: "one network", given: records.len() });
    };
    let answer: DeleteMany = record.answer()?;
    let (Some(network), Some(images)) = (record.key.networks.first(), record.key.images.first())
    else {
        let what = "no network or no images, expected one of each".to_owned();
        return Err(ReportError::Unfit { name: record.name.clone(), what });
    };
    let blocks = answer.pool.len();
    let drawn: Vec<usize> = DELETED.into_iter().filter(|deleted| *deleted < blocks).collect();
    let curve = |(place, &deleted): (usize, &usize)| Shaded {
        label: format!("{deleted} deleted"),
        shade: 0.3 + 0.7 * place as f64 / (drawn.len().max(2) - 1) as f64,
        points: (0..=blocks).map(|k| point(k, 100.0 * left(blocks, deleted, k), None)).collect(),
        marked: blocks <= MOST,
    };
    let most = blocks.min(MOST);
    let counts = answer.counts.iter().filter(|count| count.deleted <= most);
    let errors = Shaded {
        label: String::new(),
        shade: 1.0,
        points: counts.map(error).collect(),
        marked: true,
    };
    let intact = answer.intact.error();
    let level = |y: f64, label: String, series| Level { y: 100.0 * y, label, series };
    let word = &network.model.unit;
    Pair {
        title: format!("Paths that deletions leave, and the error of {}", network.name),
        subtitle: format!(
            "left: exact, for {}; right: random sets deleted, mean error on {} test images",
            words::plural(blocks, word),
            words::count(images.images as u64)
        ),
        panels: [
            Panel {
                x: length_axis(blocks),
                y: Axis::new("paths of this length left (%)", 0.0, 100.0),
                curves: drawn.iter().enumerate().map(curve).collect(),
                levels: Vec::new(),
            },
            Panel {
                x: deleted_axis(format!("deleted {word}s"), most),
                y: Axis::new("test error (%)", 0.0, 100.0),
                curves: vec![errors],
                levels: vec![
                    level(images.chance(), format!("chance {:.0} %", 100.0 * images.chance()), None),
                    level(intact, format!("intact {}", words::percent(intact)), Some(0)),
                ],
            },
        ],
        caption: format!(
            "Left: the part of the paths of each length that is left after deleting some of {}, \
             C(n - d, k) / C(n, k), whichever these are. Right: mean test error of {} without random \
             sets of {word}s; bars: the bootstrap's 95 % intervals over the draws.",
            words::plural(blocks, word),
            network.name
        ),
    }
    .draw("fig7-paths-left")
}

/// The numbers 1 to `most`; with a number each, or if there are many, 1 and the fives.
fn deleted_axis(name: String, most: usize) -> Axis {
    let axis = Axis::counting(name, most);
    let has_number = |tick: &f64| most <= 10 || *tick == 1.0 || tick % 5.0 == 0.0;
    Axis { ticks: axis.ticks.iter().copied().filter(has_number).collect(), ..axis }
}

fn error(count: &DeletedCount) -> Point {
    let group = Group {
        x: count.deleted as f64,
        label: count.deleted.to_string(),
        errors: count.draws.iter().map(|draw| draw.tally.error()).collect(),
    };
    let Estimate { value, low, high } = group.mean();
    let interval = Interval { low: 100.0 * low, high: 100.0 * high };
    point(count.deleted, 100.0 * value, Some(interval))
}

fn point(x: usize, y: f64, interval: Option<Interval>) -> Point {
    Point { x: x as f64, y, interval, diamond: false }
}
