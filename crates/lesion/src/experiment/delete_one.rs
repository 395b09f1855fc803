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
//! A deletion shares everything before the deleted unit with the intact network. The
//! sweep keeps that activation and runs only what follows it, which takes half the
//! passes and yields the same bits as one evaluation for each plan.

use models::{Model, Outcome, Plan, score};
use nn::Pass;
use record::{DeleteOne, Deletion, Score, UnitDeletion};
use serde_json::json;
use tensor::{Scalar, Tensor};

use super::{Experiment, Progress};
use crate::{LesionError, Subject};

/// The experiment's name.
pub const NAME: &str = "delete-one";
/// Raised when its numbers change.
pub const VERSION: u32 = 1;

pub(super) const EXPERIMENT: Experiment = Experiment {
    name: NAME,
    version: VERSION,
    figure: "fig3",
    claim: "Deleting any layer of VGG reduces it to chance; deleting any block of a residual \
            network, but for those that change the resolution, has no noticeable effect.",
    summary: "the test error with each unit deleted in turn",
    plans: |model| json!({ "deleted": deletable(model).collect::<Vec<_>>() }),
    measure: |subject, images, progress| {
        run(subject, images, progress).map(record::Outcome::DeleteOne)
    },
};

fn run(
    subject: &Subject,
    images: &data::Dataset,
    progress: Progress<'_>,
) -> Result<DeleteOne, LesionError> {
    let total = images.len() as u64 * passes(&subject.model);
    let mut done = 0;
    measure(&subject.model, subject.batches(images), &mut |more| {
        done += more;
        progress(done, total);
    })
}

/// The outcome of the intact network and of every single deletion, over batches of
/// inputs `[n, h, w, 3]` with their labels. `advance` is told of each further pass of
/// an image through a unit, [`passes`] for each image in all.
///
/// # Errors
/// If there is no image, or a mean cross-entropy is no finite number.
pub fn measure<T: Scalar>(
    model: &Model<T>,
    batches: impl IntoIterator<Item = (Tensor<T>, Vec<u8>)>,
    advance: &mut dyn FnMut(u64),
) -> Result<DeleteOne, LesionError> {
    let plan = Plan::intact(model);
    let mut intact = Outcome::default();
    let mut deleted: Vec<Option<(Plan, Outcome)>> = vec![None; model.units.len()];
    for id in deletable(model) {
        let plan = plan.clone().delete(model, id).expect("only deletable units are deleted");
        deleted[id] = Some((plan, Outcome::default()));
    }
    for (images, labels) in batches {
        let n = labels.len() as u64;
        let mut pass = Pass::eval(&model.params);
        let x = pass.tape.constant(images);
        let mut h = model.forward_stem(&mut pass, &x);
        for (id, deleted) in deleted.iter_mut().enumerate() {
            if let Some((plan, outcome)) = deleted {
                let mut y = h.clone();
                for later in id..model.units.len() {
                    y = model.forward_unit(&mut pass, &y, later, plan);
                    advance(n);
                }
                let logits = model.forward_head(&mut pass, &y);
                outcome.extend(score(logits.value(), &labels));
            }
            h = model.forward_unit(&mut pass, &h, id, &plan);
            advance(n);
        }
        let logits = model.forward_head(&mut pass, &h);
        intact.extend(score(logits.value(), &labels));
    }
    summary(model, &intact, deleted)
}

/// Passes of an image through units that [`measure`] takes: `n` for the intact network
/// of `n` units, and `n - i` for the deletion of unit `i`.
pub fn passes<T: Scalar>(model: &Model<T>) -> u64 {
    let n = model.units.len();
    deletable(model).map(|id| n - id).sum::<usize>() as u64 + n as u64
}

fn deletable<T: Scalar>(model: &Model<T>) -> impl Iterator<Item = usize> {
    (0..model.units.len()).filter(|&id| model.units[id].is_deletable())
}

fn summary<T: Scalar>(
    model: &Model<T>,
    intact: &Outcome,
    deleted: Vec<Option<(Plan, Outcome)>>,
) -> Result<DeleteOne, LesionError> {
    if intact.images() == 0 {
        return Err(LesionError::NoImages { experiment: NAME });
    }
    let score = |outcome: &Outcome, lesion: &dyn Fn() -> String| {
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
        let deletion = |(_, outcome): (Plan, Outcome)| {
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
