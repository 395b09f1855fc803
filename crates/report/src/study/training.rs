//! How networks were trained: losses and errors, epoch by epoch.

use maud::{Markup, html};
use record::{Answer, EpochLog, LogId, Record, TrainingLog};
use serde_json::json;

use super::{Form, Part, Section, Study, StudyFigure};
use crate::figure::{Axis, Figure, Lines, Series};
use crate::{Answers, Need, ReportError, words};

/// The trainings of the figure.
const SHOWN: [&str; 2] = ["resnet110", "vgg15"];

/// The learning curves of trainings.
pub(super) const STUDY: Study = Study {
    name: "training",
    needs: |trainings| trainings.iter().map(|training| need(training)).collect(),
    quantities: &[],
    figures: &[StudyFigure {
        name: "fig-training",
        needs: || SHOWN.map(need).into(),
        draw: fig_training,
        see: "Where the curve for test images lies far above that for training images at the end, \
              the network has learnt images by heart.",
        deviations: "Not a figure of the paper. Its trainings take 64,000 steps; the recipe here is \
                     shorter.",
    }],
    form: Some(Form { experiment: TrainingLog::EXPERIMENT, table, json }),
    part,
};

fn need(training: &str) -> Need {
    Need::of(TrainingLog::EXPERIMENT, training)
}

/// Error while training and on test images against the epoch, two curves for each training.
fn fig_training(records: &[&Record]) -> Result<Figure, ReportError> {
    let (mut series, mut last, mut ends) = (Vec::new(), 1, Vec::new());
    for record in records {
        let (id, log) = read(record)?;
        for (of, error) in CURVES {
            let points = log.epochs.iter().filter_map(|e| Some((f64::from(e.epoch), error(e)?)));
            let points: Vec<(f64, f64)> = points.map(|(x, y)| (x, 100.0 * y)).collect();
            if !points.is_empty() {
                series.push(Series::new(format!("{}, {of}", id.name), points));
            }
        }
        last = last.max(log.epochs.len());
        ends.push(end_in_words(id, log.last()));
    }
    Lines {
        title: "Error after each epoch of training".into(),
        subtitle: "training images as augmented, the mean over the epoch; test images afterwards"
            .into(),
        x: epochs(last),
        y: Axis::new("error (%)", 0.0, 100.0),
        series,
        levels: Vec::new(),
        keys: Vec::new(),
        caption: format!(
            "The part of the images put into a wrong class, epoch by epoch. Training errors are \
             counted while the weights change and on augmented images, so they can lie above \
             test errors. At the end: {}. No choice was made by test errors.",
            ends.join("; ")
        ),
    }
    .draw("fig-training-curves")
}

/// An error of an epoch, as a fraction, where it was measured.
type ErrorOf = fn(&EpochLog) -> Option<f64>;

/// What is drawn of each training: images, and their error.
const CURVES: [(&str, ErrorOf); 3] = [
    ("training", |epoch| Some(epoch.train_error)),
    ("test", |epoch| epoch.test_error),
    ("validation", |epoch| epoch.validation_error),
];

/// Counts epochs, with at most a dozen ticks.
fn epochs(last: usize) -> Axis {
    let mut x = Axis::counting("epoch", last);
    let step = last.div_ceil(12).next_multiple_of(if last > 12 { 5 } else { 1 });
    x.ticks.retain(|tick| *tick == 1.0 || tick % step as f64 == 0.0);
    x
}

/// For instance `resnet20 8.63 % of the test images`.
fn end_in_words(id: &LogId, last: &EpochLog) -> String {
    let (images, error) = match (last.test_error, last.validation_error) {
        (Some(error), _) => ("test images", error),
        (None, Some(error)) => ("held-out images", error),
        (None, None) => ("training images", last.train_error),
    };
    format!("{} {} of the {images}", id.name, percent(error))
}

/// Two decimals: a whole test set tells errors of so many digits apart.
fn percent(fraction: f64) -> String {
    words::decimal(100.0 * fraction, 2) + " %"
}

fn read(record: &Record) -> Result<(&LogId, TrainingLog), ReportError> {
    let log = record.answer::<TrainingLog>()?;
    let lacking = || ReportError::Unfit {
        name: record.name.clone(),
        what: "no log in its key, expected one".into(),
    };
    Ok((record.key.log.as_ref().ok_or_else(lacking)?, log))
}

fn table(record: &Record) -> Result<String, ReportError> {
    let (id, log) = read(record)?;
    let mut text = format!(
        "training-log: {}, {}\n\nepoch      rate  training loss    error      test loss    error\n",
        id.name,
        words::plural(log.epochs.len(), "epoch")
    );
    for epoch in &log.epochs {
        let (loss, error) = measured(epoch);
        text += &format!(
            "{:5}  {:8.5}  {:13.4}  {:>7}  {:>13}  {:>7}\n",
            epoch.epoch,
            epoch.rate,
            epoch.train_loss,
            percent(epoch.train_error),
            loss.map_or("-".into(), |loss| format!("{loss:.4}")),
            error.map_or("-".into(), percent)
        );
    }
    if log.epochs.iter().any(|epoch| epoch.validation_error.is_some()) {
        text += "\n\"test\": held-out training images, where the log has no test images\n";
    }
    Ok(text)
}

/// Loss and error of the images that were not trained on.
fn measured(epoch: &EpochLog) -> (Option<f64>, Option<f64>) {
    (epoch.test_loss.or(epoch.validation_loss), epoch.test_error.or(epoch.validation_error))
}

fn json(record: &Record) -> Result<String, ReportError> {
    let (id, log) = read(record)?;
    Ok(json!({ "training": id.name, "epochs": log.epochs }).to_string())
}

fn part(answers: &Answers) -> Result<Part, ReportError> {
    let mut logs = Vec::new();
    for record in answers.of(TrainingLog::EXPERIMENT) {
        let (id, log) = read(record)?;
        logs.push((id, log));
    }
    if logs.is_empty() {
        return Ok(Part::default());
    }
    let (title, body) = ("How the networks were trained", section(&logs));
    Ok(Part { finding: None, section: Some(Section { id: "training-log", title, body }) })
}

fn section(logs: &[(&LogId, TrainingLog)]) -> Markup {
    html! {
        p { "Loss (in nats) and error in the last epoch: on the training images as augmented, while the \
             weights change, and on the test images after it." }
        div.scroll {
            table.units {
                thead {
                    tr {
                        th { "Training" } th.num { "Epochs" } th.num { "Training loss" }
                        th.num { "Training error" } th.num { "Test error" }
                    }
                }
                tbody {
                    @for (id, log) in logs {
                        @let last = log.last();
                        tr {
                            td { (id.name) }
                            td.num { (log.epochs.len()) }
                            td.num { (words::decimal(last.train_loss, 3)) }
                            td.num { (percent(last.train_error)) }
                            td.num { (last.test_error.map_or("not measured".into(), percent)) }
                        }
                    }
                }
            }
        }
    }
}
