//! Do gradients along short paths train a network? (Veit et al. 2016, section 5; Wu, Shen and
//! van den Hengel 2016, on effective depth.)

use maud::html;
use record::{BranchScales, Record};

use super::trained::{Arm, LENDER, Statistics, Way, arms, difference, needs, rows};
use super::{Estimate, Part, Quantity, Section, Study, StudyFigure};
use crate::figure::{Axis, Figure, Level, Lines, Point, Series};
use crate::{Answers, ReportError, words};

/// Gradients of paths through at most so many of nine blocks, brought to the norm of the
/// whole gradient.
const SHORT: [(Way, usize); 5] = [
    (Way { name: "resnet20-max1", seeds: 1 }, 1),
    (Way { name: "resnet20-max2", seeds: 1 }, 2),
    (Way { name: "resnet20-max3", seeds: 1 }, 3),
    (Way { name: "resnet20-max4", seeds: 2 }, 4),
    (Way { name: "resnet20-max9", seeds: 2 }, 9),
];
/// The same without being brought to that norm.
const RAW: (Way, usize) = (Way { name: "resnet20-max2-raw", seeds: 1 }, 2);
/// Paths through five blocks or more.
const LONG: Way = Way { name: "resnet20-min5", seeds: 1 };

/// What the claim compares: all paths, short ones, long ones; then whose variance is borrowed.
const CLAIMED: [Way; 4] = [SHORT[4].0, SHORT[3].0, LONG, LENDER];

/// Trainings on the gradients of some paths.
pub(super) const STUDY: Study = Study {
    name: "path-limited",
    needs: |_| needs(&CLAIMED),
    quantities: &[
        Quantity {
            name: "short minus all",
            unit: "points",
            measure: |records| compare(records, |[all, short, ..]| [all, short]),
        },
        Quantity {
            name: "long minus short",
            unit: "points",
            measure: |records| compare(records, |[_, short, long, _]| [short, long]),
        },
    ],
    figures: &[StudyFigure {
        name: "fig-path-limited",
        needs: || needs(&shown()),
        draw,
        see: "If short paths are enough, the curve falls to the error of all paths, at the right \
              end, long before it. If long ones are not, their line lies high.",
        deviations: "Not in the paper, which infers from the size of gradients that short paths do \
                     the work. The forward pass is whole in every training. With long paths alone \
                     the classifier, which lies behind all blocks, is trained as ever.",
    }],
    form: None,
    part,
};

/// All ways of the figure.
fn shown() -> Vec<Way> {
    SHORT.map(|(way, _)| way).into_iter().chain([RAW.0, LONG]).collect()
}

fn compare(
    records: &[&Record],
    which: fn([&Arm; 4]) -> [&Arm; 2],
) -> Result<Estimate, ReportError> {
    let all = arms(&CLAIMED, records)?;
    let each = [0, 1, 2, 3].map(|place| &all[place]);
    let pair = which(each).map(|arm| (arm, Statistics::Running));
    difference(pair, Some(each[3]))
}

/// Test error against the most branches that gradients pass.
fn draw(records: &[&Record]) -> Result<Figure, ReportError> {
    let ways = shown();
    let all = arms(&ways, records)?;
    let error = |place: usize| 100.0 * all[place].error(Statistics::Running);
    let short: Vec<(f64, f64)> =
        SHORT.iter().enumerate().map(|(place, (_, most))| (*most as f64, error(place))).collect();
    let (raw, long) = ((RAW.1 as f64, error(5)), error(6));
    let highest = short.iter().map(|point| point.1).fold(raw.1.max(long), f64::max);
    let single = Point { x: raw.0, y: raw.1, interval: None, diamond: false };
    let images = records.first().map(|record| record.answer::<BranchScales>()).transpose()?;
    Lines {
        title: "Trained on the gradients of short paths, or of long ones".into(),
        subtitle: format!(
            "resnet20, 9 blocks, 12 epochs; {} test images",
            words::count(images.map_or(0, |answer| answer.images) as u64)
        ),
        x: Axis::counting("most branches on a path", 9),
        y: Axis::new("test error (%)", 0.0, (highest / 10.0).ceil() * 10.0),
        series: vec![
            Series::new("brought to the norm of the whole gradient", short),
            Series { label: "as they are".into(), runs: vec![vec![single]], band: Vec::new() },
        ],
        levels: vec![Level {
            y: long,
            label: format!("5 or more {}", words::percent(long / 100.0)),
            series: None,
        }],
        keys: Vec::new(),
        caption: "Test error of resnet20 trained on the gradients of paths through at most so many of \
                  its 9 blocks, the forward pass being whole (means over seeds, two at 4 and 9). \
                  Dotted: on those of paths through 5 blocks or more alone; the classifier is trained \
                  in any case."
            .into(),
    }
    .draw("fig-path-limited-error")
}

fn part(answers: &Answers) -> Result<Part, ReportError> {
    let Some(table) = rows(&shown(), answers, Statistics::Running)? else {
        return Ok(Part::default());
    };
    let body = html! {
        p {
            "resnet20, trained for 12 epochs on the gradients of some paths: \"maxL\" through at most L \
             branches, \"minL\" through at least L, brought to the norm of the whole gradient except in \
             \"raw\"."
        }
        (table)
    };
    let section = Section { id: "path-limited", title: "Gradients of some paths", body };
    Ok(Part { finding: None, section: Some(section) })
}
