//! One record in the terminal, for people and for programs.

use record::stats::wilson;
use record::{DeleteOne, DeleteOneOptions, Record, Score, Term, UnitDeletion};
use serde::Serialize;

use super::deletions::{Deletions, Effect, how};
use crate::ReportError;

pub(super) fn table(record: &Record) -> Result<String, ReportError> {
    let deletions = Deletions::of(record)?;
    let Deletions { network, data, answer, .. } = &deletions;
    let (intact, images) = (&answer.intact, answer.images as u64);
    let interval = wilson(intact.wrong.into(), images);
    let sample = if data.sample { ", shipped sample" } else { "" };
    let mut text = format!(
        "{}{}: {} ({}), {images} images of {}{sample}\n\
         intact: {} wrong, error {:.2} % (95 % interval {:.2} to {:.2}), cross-entropy {:.4}\n\n\
         unit  {:14} {:8} {:>6} {:>8}  {:>10}  95 % interval (paired)\n",
        record.key.experiment,
        how(deletions.options),
        network.model.name,
        network.weights.source,
        data.name,
        intact.wrong,
        percent(intact.wrong.into(), images),
        100.0 * interval.low,
        100.0 * interval.high,
        intact.cross_entropy,
        "name",
        "",
        "wrong",
        "error %",
        "difference"
    );
    let effects = deletions.effects();
    for unit in &answer.units {
        let effect = effects.iter().find(|effect| effect.unit.index == unit.index);
        text += &row(unit, effect, deletions.options.term);
    }
    if let Some(batches) = answer.batches {
        text += &format!(
            "\nStatistics of the batch norms are re-estimated on {batches} batches of training \
             images under each\nlesion, and for the intact network.\n"
        );
    }
    text += "\nUnits count from 0; differences are in points against the intact network.\n";
    Ok(text)
}

fn row(unit: &UnitDeletion, effect: Option<&Effect>, term: Term) -> String {
    let UnitDeletion { index, name, .. } = unit;
    let mark = if unit.boundary { "boundary" } else { "" };
    let Some(Effect { score, change, .. }) = effect else {
        let why = if term == Term::Skip { "has no skip" } else { "cannot be deleted" };
        return format!("{index:4}  {name:14} {mark:8} {why}\n");
    };
    let interval = change.interval();
    let of_images = |number| percent(number, change.images);
    format!(
        "{index:4}  {name:14} {mark:8} {:6} {:8.2}  {:+10.2}  {:+.2} to {:+.2}\n",
        score.wrong,
        of_images(score.wrong.into()),
        of_images(change.newly_wrong) - of_images(change.newly_right),
        100.0 * interval.low,
        100.0 * interval.high
    )
}

fn percent(number: u64, images: u64) -> f64 {
    100.0 * number as f64 / images as f64
}

pub(super) fn json(record: &Record) -> Result<String, ReportError> {
    let Deletions { options, answer, .. } = Deletions::of(record)?;
    let DeleteOne { images, batches, intact, units } = answer;
    let other = (options != DeleteOneOptions::default()).then_some(options);
    let scores = || units.iter().map(|unit| unit.deleted.as_ref());
    let form = Json {
        images,
        names: units.iter().map(|unit| unit.name.as_str()).collect(),
        deletable: scores().map(|score| score.is_some()).collect(),
        intact_wrong: intact.wrong,
        intact_cross_entropy: intact.cross_entropy,
        deleted_wrong: scores().map(|score| Some(score?.wrong)).collect(),
        deleted_cross_entropy: scores()
            .map(|score: Option<&Score>| Some(score?.cross_entropy))
            .collect(),
        batches,
        other,
    };
    Ok(serde_json::to_string(&form).expect("numbers and names are plain data"))
}

/// The stable form that `--json` prints. Lists have one entry for each unit, `null`
/// where it cannot be deleted.
#[derive(Serialize)]
struct Json<'a> {
    images: usize,
    names: Vec<&'a str>,
    deletable: Vec<bool>,
    intact_wrong: u32,
    intact_cross_entropy: f64,
    deleted_wrong: Vec<Option<u32>>,
    deleted_cross_entropy: Vec<Option<f64>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    batches: Option<usize>,
    /// The options, where they are not the default.
    #[serde(flatten)]
    other: Option<DeleteOneOptions>,
}
