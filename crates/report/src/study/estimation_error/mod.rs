//! Do the blocks of a stage refine one estimate? (Greff, Srivastava and Schmidhuber 2017.)

mod figure;
mod page;

use record::stats::median;
use record::{Answer, ChannelErrors, EstimationError, Record, UnitErrors};
use serde_json::json;

use super::{Estimate, Form, Quantity, Study, StudyFigure, one_network};
use crate::{Need, ReportError};

/// The network of the figure.
const SHOWN: &str = "resnet110";
/// A mean up to here, in deviations of the stage's last output, is near 0.
const NEAR: f64 = 0.1;

/// The estimation errors of the blocks.
pub(super) const STUDY: Study = Study {
    name: "estimation-error",
    needs: |networks| networks.iter().map(|network| need(network)).collect(),
    quantities: &[
        Quantity {
            name: "share near zero",
            unit: "%",
            measure: |records| share(&read(records)?, trained),
        },
        Quantity { name: "share above the control", unit: "points", measure: above_the_control },
    ],
    figures: &[StudyFigure {
        name: figure::NAME,
        needs: || vec![need(SHOWN)],
        draw: figure::draw,
        see: "If the blocks of a stage refine one estimate, the mean errors lie between the dotted \
              lines from the start of the stage, and those of the control do not. The spread falls \
              along the stage for any sum of blocks, so it says little.",
        deviations: "Greff, Srivastava and Schmidhuber (2017) show a ResNet-50 on ImageNet, without a \
                     control. Taken over the deviation of the last output, the limit of 0.1 and \
                     the control are ours.",
    }],
    form: Some(Form { experiment: EstimationError::EXPERIMENT, table, json }),
    part: page::part,
};

fn need(network: &str) -> Need {
    Need::of(EstimationError::EXPERIMENT, network)
}

fn trained(unit: &UnitErrors) -> &ChannelErrors {
    &unit.trained
}

fn initial(unit: &UnitErrors) -> &ChannelErrors {
    &unit.initial
}

fn read(records: &[&Record]) -> Result<EstimationError, ReportError> {
    let &[record] = records else {
        return Err(ReportError::Networks { expected: "one network", given: records.len() });
    };
    one_network(record)?;
    Ok(record.answer()?)
}

/// The means of all channels of all blocks, each with its standard error.
fn channels(
    answer: &EstimationError,
    of: fn(&UnitErrors) -> &ChannelErrors,
) -> impl Iterator<Item = (f64, f64)> {
    let units = answer.stages.iter().flat_map(|stage| &stage.units).map(of);
    units.flat_map(|unit| unit.mean.iter().copied().zip(unit.error.iter().copied()))
}

/// The part of the means near 0, in percent. Lower end: those whose 95 % interval lies within
/// the limits; upper end: those whose interval meets them.
fn share(
    answer: &EstimationError,
    of: fn(&UnitErrors) -> &ChannelErrors,
) -> Result<Estimate, ReportError> {
    let all = channels(answer, of).count();
    if all == 0 {
        return Err(ReportError::Lacking("no channel varies".to_owned()));
    }
    let part = |by: f64| {
        let near = channels(answer, of).filter(|(mean, error)| mean.abs() + by * error <= NEAR);
        100.0 * near.count() as f64 / all as f64
    };
    Ok(Estimate { value: part(0.0), low: part(1.96), high: part(-1.96) })
}

fn above_the_control(records: &[&Record]) -> Result<Estimate, ReportError> {
    let answer = read(records)?;
    let (ours, control) = (share(&answer, trained)?, share(&answer, initial)?);
    Ok(Estimate {
        value: ours.value - control.value,
        low: ours.low - control.high,
        high: ours.high - control.low,
    })
}

/// Of one block: the median over channels of the absolute means, the part near 0, the median
/// spread; `None` where no channel varies.
fn summary(errors: &ChannelErrors) -> Option<[f64; 3]> {
    let sizes: Vec<f64> = errors.mean.iter().map(|mean| mean.abs()).collect();
    let near = sizes.iter().filter(|size| **size <= NEAR).count() as f64;
    Some([median(&sizes)?, near / sizes.len() as f64, median(&errors.spread)?])
}

/// Channels left out, of the trained network and of the control, counted once a stage.
fn left_out(answer: &EstimationError) -> [usize; 2] {
    let count = |of: fn(&UnitErrors) -> &ChannelErrors| {
        let first = answer.stages.iter().filter_map(|stage| stage.units.first());
        first.map(|unit| of(unit).constant).sum()
    };
    [count(trained), count(initial)]
}

fn table(record: &Record) -> Result<String, ReportError> {
    let (network, answer) = (one_network(record)?, read(&[record])?);
    let mut text = format!(
        "estimation-error: {}, {} images; control from {} batches of training images\n\n\
         unit  {:14} {:>9} {:>8} {:>8} {:>12} {:>8} {:>8}\n",
        network.name,
        answer.images,
        answer.batches,
        "name",
        "|mean|",
        "near 0",
        "spread",
        "control: |m|",
        "near 0",
        "spread"
    );
    for stage in &answer.stages {
        for UnitErrors { index, name, trained, initial } in &stage.units {
            let numbers = |errors| match summary(errors) {
                Some([size, near, spread]) => {
                    [format!("{size:.3}"), format!("{near:.2}"), format!("{spread:.3}")]
                }
                None => ["-"; 3].map(str::to_owned),
            };
            let ([a, b, c], [d, e, f]) = (numbers(trained), numbers(initial));
            text += &format!("{index:4}  {name:14} {a:>9} {b:>8} {c:>8} {d:>12} {e:>8} {f:>8}\n");
        }
    }
    let all = |of: fn(&UnitErrors) -> &ChannelErrors| match share(&answer, of) {
        Ok(Estimate { value, low, high }) => format!("{value:.1} % ({low:.1} to {high:.1})"),
        Err(_) => "none".to_owned(),
    };
    text += &format!(
        "\nMeans of at most {NEAR} deviations: {}; control {}.\n\
         Units count from 0. Differences from the stage's last output, over its deviation, by\n\
         channel: |mean| and spread are medians over channels. Channels left out: {:?}.\n",
        all(trained),
        all(initial),
        left_out(&answer)
    );
    Ok(text)
}

fn json(record: &Record) -> Result<String, ReportError> {
    let answer = read(&[record])?;
    let units = || answer.stages.iter().flat_map(|stage| &stage.units);
    let each = |of: fn(&UnitErrors) -> &Vec<f64>| units().map(of).collect::<Vec<_>>();
    let form = json!({
        "images": answer.images,
        "batches": answer.batches,
        "units": units().map(|unit| unit.index).collect::<Vec<_>>(),
        "names": units().map(|unit| unit.name.as_str()).collect::<Vec<_>>(),
        "mean": each(|unit| &unit.trained.mean),
        "mean_initial": each(|unit| &unit.initial.mean),
        "spread": each(|unit| &unit.trained.spread),
        "spread_initial": each(|unit| &unit.initial.spread),
    });
    Ok(form.to_string())
}
