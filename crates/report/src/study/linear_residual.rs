//! How near the identity do the blocks of a linear residual network come? (Hardt and Ma
//! 2017, theorem 2.1.)

use maud::html;
use record::{Answer, LinearDepth, LinearDraw, LinearResidual, Record};
use serde_json::json;

use super::{Estimate, Form, Part, Quantity, Section, Study, StudyFigure};
use crate::figure::{Axis, Figure, Lines, Point, Series};
use crate::{Answers, Need, ReportError, words};

/// Norms of the blocks of linear networks against their depth.
pub(super) const STUDY: Study = Study {
    name: "linear-residual",
    needs: |_| vec![need()],
    quantities: &[Quantity { name: "draws that agree", unit: "", measure: agreeing }],
    figures: &[StudyFigure {
        name: "fig-linear",
        needs: || vec![need()],
        draw,
        see: "Level lines mean norms that are inversely proportional to the depth: the deeper the \
              network, the nearer each of its blocks is to the identity.",
        deviations: "Not in the paper. Hardt and Ma prove that there is such an optimum; here \
                     gradient descent from zero has to find it.",
    }],
    form: Some(Form { experiment: LinearResidual::EXPERIMENT, table, json }),
    part,
};

fn need() -> Need {
    Need { networks: Vec::new(), ..Need::of(LinearResidual::EXPERIMENT, "") }
}

/// What a descent has to reach to count, as part of the loss at the start.
const REACHED: f64 = 1e-10;
/// Slopes of log norm against log depth that count as inverse proportion.
const SLOPES: (f64, f64) = (-1.1, -0.9);

/// The bound of the theorem on the largest norm: `2 (sqrt(pi) + sqrt(3 gamma))^2 / depth`.
fn bound(draw: &LinearDraw, depth: usize) -> f64 {
    let root = std::f64::consts::PI.sqrt() + (3.0 * draw.gamma).sqrt();
    2.0 * root * root / depth as f64
}

/// The least-squares slope of the log of the largest norm against the log of the depth.
fn slope(draw: &LinearDraw) -> Option<f64> {
    let points =
        draw.depths.iter().map(|at| (libm::log(at.depth as f64), libm::log(at.largest_norm)));
    let points: Vec<(f64, f64)> = points.collect();
    let n = points.len() as f64;
    let (x, y) = points.iter().fold((0.0, 0.0), |(x, y), point| (x + point.0 / n, y + point.1 / n));
    let (xx, xy) = points.iter().fold((0.0, 0.0), |(xx, xy), point| {
        (xx + (point.0 - x) * (point.0 - x), xy + (point.0 - x) * (point.1 - y))
    });
    (xx > 0.0 && xy.is_finite()).then(|| xy / xx)
}

/// Whether the law holds: every descent arrived, the slope is about -1, and all norms are
/// below the bound where the theorem gives one.
fn agrees(draw: &LinearDraw) -> bool {
    let holds = |at: &LinearDepth| {
        let has_bound = at.depth as f64 >= 3.0 * draw.gamma;
        at.relative_loss <= REACHED && (!has_bound || at.largest_norm <= bound(draw, at.depth))
    };
    let is_inverse = slope(draw).is_some_and(|slope| (SLOPES.0..=SLOPES.1).contains(&slope));
    is_inverse && draw.depths.iter().all(holds)
}

fn one(records: &[&Record]) -> Result<LinearResidual, ReportError> {
    match records {
        [record] => Ok(record.answer()?),
        _ => Err(ReportError::Lacking(format!("needs one record, not {}", records.len()))),
    }
}

/// Nothing about it is uncertain, so the interval is the value.
fn agreeing(records: &[&Record]) -> Result<Estimate, ReportError> {
    let value = one(records)?.draws.iter().filter(|draw| agrees(draw)).count() as f64;
    Ok(Estimate::exactly(value))
}

/// Depth times largest norm against depth, a line for each map.
fn draw(records: &[&Record]) -> Result<Figure, ReportError> {
    let LinearResidual { size, draws } = one(records)?;
    let product = |at: &LinearDepth| at.depth as f64 * at.largest_norm;
    let all = || draws.iter().flat_map(|draw| &draw.depths);
    let highest = all().map(product).fold(0.0, f64::max);
    let deepest = all().map(|at| at.depth).max().unwrap_or(1) as f64;
    let run = |draw: &LinearDraw| -> Vec<Point> {
        let point = |at: &LinearDepth| Point {
            x: at.depth as f64,
            y: product(at),
            interval: None,
            diamond: false,
        };
        draw.depths.iter().map(point).collect()
    };
    let mut depths: Vec<f64> = all().map(|at| at.depth as f64).collect();
    depths.sort_by(f64::total_cmp);
    depths.dedup();
    let lowest_bound = draws.iter().map(|draw| bound(draw, 1)).fold(f64::INFINITY, f64::min);
    Lines {
        title: "Linear residual networks near the identity with depth".into(),
        subtitle: format!("{}, {size} x {size}, f64", words::plural(draws.len(), "random map")),
        x: Axis { ticks: depths, ..Axis::new("depth l", 0.0, deepest + 2.0) },
        y: Axis::new("depth x largest norm of a block's A", 0.0, (1.1 * highest).ceil()),
        series: vec![Series {
            label: "a map, by gradient descent from zero".into(),
            runs: draws.iter().map(run).collect(),
            band: Vec::new(),
        }],
        levels: Vec::new(),
        keys: Vec::new(),
        caption: format!(
            "Networks (I + A_l) … (I + A_1) that are linear maps R = exp(0.7 G / 4), G standard \
             normal, of {size} x {size}. The largest spectral norm of an A_i times the depth l, where \
             gradient descent from zero has brought the loss to 1e-10 of what it was. The theorem \
             bounds it by 2 (sqrt(pi) + sqrt(3 gamma))^2, here {} or more.",
            words::decimal(lowest_bound, 1)
        ),
    }
    .draw("fig-linear-residual")
}

fn table(record: &Record) -> Result<String, ReportError> {
    let LinearResidual { size, draws } = record.answer()?;
    let mut text = format!(
        "linear-residual: {}, {size} x {size}\n\nmap   gamma  slope  largest norm at depth\n{:19}",
        words::plural(draws.len(), "map"),
        ""
    );
    for at in draws.iter().take(1).flat_map(|draw| &draw.depths) {
        text += &format!("  {:>6}", at.depth);
    }
    text += "\n";
    for (place, draw) in draws.iter().enumerate() {
        let slope = slope(draw).map_or("-".into(), |slope| format!("{slope:.2}"));
        text += &format!("{place:3}  {:6.3}  {slope:>5}", draw.gamma);
        for at in &draw.depths {
            text += &format!("  {:6.4}", at.largest_norm);
        }
        text += if agrees(draw) { "\n" } else { "  does not agree\n" };
    }
    Ok(text)
}

fn json(record: &Record) -> Result<String, ReportError> {
    let LinearResidual { size, draws } = record.answer()?;
    let draws = draws.iter().map(|draw| {
        let depths: Vec<_> = draw
            .depths
            .iter()
            .map(|at| {
                json!({
                    "depth": at.depth,
                    "steps": at.steps,
                    "relative_loss": at.relative_loss,
                    "largest_norm": at.largest_norm,
                    "bound": bound(draw, at.depth),
                })
            })
            .collect();
        json!({ "gamma": draw.gamma, "slope": slope(draw), "agrees": agrees(draw), "depths": depths })
    });
    Ok(json!({ "size": size, "draws": draws.collect::<Vec<_>>() }).to_string())
}

fn part(answers: &Answers) -> Result<Part, ReportError> {
    let Some(record) = answers.find(&need()) else { return Ok(Part::default()) };
    let LinearResidual { size, draws } = record.answer()?;
    let slopes: Vec<f64> = draws.iter().filter_map(slope).collect();
    let low = slopes.iter().copied().fold(f64::INFINITY, f64::min);
    let high = slopes.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let body = html! {
        p {
            "Hardt and Ma (2017) prove for linear residual networks that some optimum lies nearer the \
             identity the deeper the network is: the largest norm of a block falls as one over the \
             depth (theorem 2.1). Here it is looked for by gradient descent from zero, for "
            (words::plural(draws.len(), "random map")) " of " (size) " x " (size) ". The slope of the log \
             of the largest norm against the log of the depth, which the law puts at \u{2212}1, lies between "
            b { (words::decimal(low, 2)) } " and " b { (words::decimal(high, 2)) } "; "
            b { (draws.iter().filter(|draw| agrees(draw)).count()) } " of " (draws.len())
            " maps agree in slope and bound."
        }
    };
    let section =
        Section { id: "linear-residual", title: "Linear networks near the identity", body };
    Ok(Part { finding: None, section: Some(section) })
}
