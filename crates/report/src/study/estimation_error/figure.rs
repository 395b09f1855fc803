//! The mean errors and their spread along each stage.

use record::stats::{Interval, median, quantile};
use record::{ChannelErrors, Record, StageErrors, UnitErrors};

use super::{NEAR, initial, left_out, read, share, trained};
use crate::ReportError;
use crate::figure::{Axis, Dot, Figure, Key, Level, Plot, Scatter};
use crate::study::one_network;
use crate::words;

pub(super) const NAME: &str = "fig-estimation";

/// Stages that there is room for.
const STAGES: usize = 3;

/// Above, the mean errors of the channels of each block: their median and the middle 80 %;
/// below, the median of their spreads. One column for each stage.
pub(super) fn draw(records: &[&Record]) -> Result<Figure, ReportError> {
    let answer = read(records)?;
    let network = one_network(records[0])?;
    if answer.stages.is_empty() || answer.stages.len() > STAGES {
        let what = format!("{} stages, expected 1 to {STAGES}", answer.stages.len());
        return Err(ReportError::Unfit { name: records[0].name.clone(), what });
    }
    let word = &network.model.unit;
    let means = |errors: &ChannelErrors| {
        let at = |p| quantile(&errors.mean, p);
        Some((at(0.5)?, Some(Interval { low: at(0.1)?, high: at(0.9)? })))
    };
    let spread = |errors: &ChannelErrors| Some((median(&errors.spread)?, None));
    type Of<'a> = &'a dyn Fn(&ChannelErrors) -> Option<(f64, Option<Interval>)>;
    let dots = |stage: &StageErrors, of: Of| -> Vec<Dot> {
        let arm = |series: usize, side: fn(&UnitErrors) -> &ChannelErrors| {
            let each = stage.units.iter().filter_map(move |unit| {
                let (y, interval) = of(side(unit))?;
                let x = unit.index as f64
                    + 1.0
                    + if interval.is_some() { 0.25 * series as f64 } else { 0.0 };
                Some(Dot { series, x, y, interval, diamond: false, label: String::new() })
            });
            each.collect::<Vec<_>>()
        };
        [arm(0, trained), arm(1, initial)].concat()
    };
    let row = |title: &str, name: &str, of: Of, limits: &[f64]| -> Vec<Plot> {
        let all: Vec<Vec<Dot>> = answer.stages.iter().map(|stage| dots(stage, of)).collect();
        let ends = all.iter().flatten().flat_map(|dot| {
            let Interval { low, high } =
                dot.interval.unwrap_or(Interval { low: dot.y, high: dot.y });
            [low, high]
        });
        let y = Axis::around(name, ends.chain(limits.iter().copied()).chain([0.0]));
        let level = |&y: &f64| Level { y, label: String::new(), series: None };
        let plot = |(stage, dots): (&StageErrors, Vec<Dot>)| {
            let first = stage.units.first().map_or(0, |unit| unit.index) as f64;
            let x = Axis::new(format!("{word} (1-based)"), first + 0.4, stage.last as f64 + 1.4);
            Plot {
                title: format!("stage {}: {title}", stage.stage + 1),
                x,
                y: y.clone(),
                dots,
                levels: limits.iter().map(level).collect(),
                joined: false,
            }
        };
        answer.stages.iter().zip(all).map(plot).collect()
    };
    let above = row("mean", "mean error (deviations)", &means, &[-NEAR, NEAR]);
    let below = row("spread", "spread (deviations)", &spread, &[]);
    let percent = |of| {
        share(&answer, of).map_or("none".to_owned(), |share| words::percent(share.value / 100.0))
    };
    let (ours, control) = (percent(trained), percent(initial));
    let n = words::count(answer.images as u64);
    let [out, out_of_control] = left_out(&answer);
    Scatter {
        title: format!("Do the {word}s of a stage refine one estimate? {}", network.name),
        subtitle: format!("n = {n} test images; mean errors within the dotted lines: trained {ours}, control {control}"),
        series: vec!["trained".into(), "initial weights".into()],
        plots: above.into_iter().chain(below).collect(),
        keys: vec![
            (Key::Interval, "middle 80 % of channels".into()),
            (Key::Level, format!("{NEAR} deviations")),
        ],
        caption: format!(
            "Output of each non-boundary {word} of {} less that of the last {word} of its stage, over \
             the standard deviation of the latter, channel by channel, over {n} test images and all \
             positions. Above: the mean (Greff's estimation error), median and middle 80 % over \
             the channels. Below: the standard deviation, median over the channels; it falls for \
             any sum. Means of at most {NEAR}: {ours} of all ({word}, channel) of the trained network, \
             {control} of the control, which has initial weights of a seed of its own and \
             batch-norm statistics from {} batches of 128 training images. Channels left out because \
             the last output does not vary: {out} trained, {out_of_control} control.",
            network.name, answer.batches
        ),
    }
    .draw(NAME)
}
