//! Each unit deleted in turn.
//!
//! - **Claim:** deleting any one layer of a VGG network reduces it to chance; deleting
//!   any one block of a residual network changes its error little, most where a block
//!   changes the resolution.
//! - **Source:** Veit, Wilber and Belongie 2016, section 4.1, figure 3.
//! - **Protocol:** trained weights as they are, batch norm with its running
//!   statistics. For every unit that can be deleted, its route is `Skip` and all else
//!   intact; every image is classified. Answers are compared with the intact network's
//!   on the same images, so the difference is a paired one.
//! - **Expected shape:** for VGG near 90 % error everywhere; for ResNet a flat line near
//!   the intact error, with peaks at the boundary blocks.
//! - **Record:** [`record::DeleteOne`].
//!
//! A deletion shares everything before the deleted unit with the intact network, so a
//! [`PlanSweep`] takes half the passes of one evaluation for each plan.

use models::{EVAL_BATCH, Model, Plan, Predictions};
use record::{DeleteOne, Deletion, Score, UnitDeletion};
use serde_json::json;
use tensor::{Scalar, Tensor};

use super::{Experiment, Part, Progress};
use crate::sweep::{Advance, PlanSweep};
use crate::{LesionError, Subject};

/// The experiment's name.
pub const NAME: &str = "delete-one";
/// Raised when its numbers change.
pub const VERSION: u32 = 2;

pub(super) const EXPERIMENT: Experiment = Experiment {
    name: NAME,
    version: VERSION,
    summary: "the test error with each unit deleted in turn",
    plans: |model| json!({ "deleted": deletable(model).collect::<Vec<_>>() }),
    parts: |model, images| vec![Part { sweep: sweep(model), images }],
    measure: |subject, images, progress| {
        run(subject, images, progress).map(record::Outcome::DeleteOne)
    },
};

fn run(
    subject: &Subject,
    images: &data::Dataset,
    progress: Progress<'_>,
) -> Result<DeleteOne, LesionError> {
    let total = (sweep(&subject.model).cost(&subject.model) * images.len()).passes;
    let mut done = 0;
    measure(&subject.model, subject.batches(images, EVAL_BATCH), &mut |more| {
        done += more;
        progress(done, total);
    })
}

/// The intact network and every single deletion, in the order of the units.
pub fn sweep<T: Scalar>(model: &Model<T>) -> PlanSweep {
    let intact = Plan::intact(model);
    let delete = |id| intact.clone().delete(model, id).expect("only deletable units are deleted");
    let plans = std::iter::once(intact.clone()).chain(deletable(model).map(delete));
    PlanSweep::new(model, plans.collect()).expect("the plans are made for the model")
}

/// The outcome of the intact network and of every single deletion, over batches of
/// inputs `[n, h, w, 3]` with their labels. `advance` is told of each further pass of
/// an image through a unit.
///
/// # Errors
/// If there is no image, or a mean cross-entropy is no finite number.
pub fn measure<T: Scalar>(
    model: &Model<T>,
    batches: impl IntoIterator<Item = (Tensor<T>, Vec<u8>)>,
    advance: Advance<'_>,
) -> Result<DeleteOne, LesionError> {
    let mut outcomes = sweep(model).evaluate(model, batches, advance).into_iter();
    let intact = outcomes.next().expect("the first plan is the intact one");
    let mut deleted = vec![None; model.units.len()];
    for (id, outcome) in deletable(model).zip(outcomes) {
        deleted[id] = Some(outcome);
    }
    summary(model, &intact, deleted)
}

fn deletable<T: Scalar>(model: &Model<T>) -> impl Iterator<Item = usize> {
    (0..model.units.len()).filter(|&id| model.units[id].is_deletable())
}

fn summary<T: Scalar>(
    model: &Model<T>,
    intact: &Predictions,
    deleted: Vec<Option<Predictions>>,
) -> Result<DeleteOne, LesionError> {
    if intact.images() == 0 {
        return Err(LesionError::NoImages { experiment: NAME });
    }
    let score = |outcome: &Predictions, lesion: &dyn Fn() -> String| {
        let cross_entropy = outcome.cross_entropy();
        if cross_entropy.is_finite() {
            return Ok(Score { wrong: count(outcome.wrong()), cross_entropy });
        }
        let (model, lesion) = (model.name.clone(), lesion());
        Err(LesionError::NotFinite { model, lesion, cross_entropy })
    };
    let intact_score = score(intact, &|| "intact".to_owned())?;
    let mut units = Vec::new();
    for ((index, unit), deleted) in model.units.iter().enumerate().zip(deleted) {
        let deletion = |outcome: Predictions| {
            let lesion = || format!("unit {index} ({}) deleted", unit.name);
            let flips = |from: bool| {
                let pairs = intact.is_right.iter().zip(&outcome.is_right);
                count(pairs.filter(|&(&was, &is)| was == from && is != from).count())
            };
            Ok(Deletion {
                score: score(&outcome, &lesion)?,
                newly_wrong: flips(true),
                newly_right: flips(false),
            })
        };
        units.push(UnitDeletion {
            index,
            name: unit.name.clone(),
            stage: unit.stage,
            boundary: unit.is_boundary(),
            deleted: deleted.map(deletion).transpose()?,
        });
    }
    Ok(DeleteOne { images: intact.images(), intact: intact_score, units })
}

fn count(n: usize) -> u32 {
    u32::try_from(n).expect("a data set has fewer than 2^32 images")
}
