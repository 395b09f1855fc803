//! What one piece computes.

use std::borrow::Cow;
use std::ops::Range;

use models::{EVAL_GROUP, Model, Plan, recalibrated};

use super::meter::Meter;
use super::piece::{Part, Piece};
use crate::replacement;
use crate::sorted::{Sorted, one_by_one, same_settings};
use crate::work::Predictions;
use crate::{
    Done, Inputs, Lesion, PrefixTree, Question, RECALIBRATION_BATCH, Statistics, Subject, Work,
};

/// Computes a piece on this thread.
pub(super) fn piece(question: &Question, piece: &Piece, meter: &Meter<'_, '_>) -> Done {
    let inputs = question.inputs();
    match (&question.work()[piece.work], &piece.part) {
        (Work::Lesions { network, lesions, images: all }, Part::Lesions { run, images }) => {
            let subject = &inputs.networks[*network];
            let lesions = &Sorted::new(lesions).distinct[run.clone()];
            let same = same_settings(lesions);
            let done = same.flat_map(|same| match same {
                [lesion] if !lesion.replacements.is_empty() => {
                    vec![replaced(inputs, subject, lesion, (images, all), meter)]
                }
                _ => together(inputs, subject, same, images, meter),
            });
            Done::Lesions(done.collect())
        }
        (Work::Items { macs, run, .. }, Part::Items(items)) => {
            let item = |item| {
                let values = run(inputs, item);
                meter.advance(*macs);
                values
            };
            Done::Items(items.clone().map(item).collect())
        }
        (work, part) => unreachable!("{part:?} is not a part of {work:?}"),
    }
}

/// Lesions that share the network's settings, on some images.
fn together(
    inputs: &Inputs,
    subject: &Subject,
    lesions: &[&Lesion],
    images: &Range<usize>,
    meter: &Meter<'_, '_>,
) -> Vec<Predictions> {
    let model = under(inputs, subject, lesions[0], meter);
    let plans: Vec<Plan> = lesions.iter().map(|lesion| lesion.plan.clone()).collect();
    let tree = PrefixTree::new(&model, plans).expect("a question has checked its plans");
    let batches = subject.batches_of(inputs.test(), images.clone(), EVAL_GROUP);
    tree.evaluate(&model, batches, &mut |macs| meter.advance(macs))
}

/// A lesion that replaces values inside units, on some of the images of its work.
fn replaced(
    inputs: &Inputs,
    subject: &Subject,
    lesion: &Lesion,
    (images, all): (&Range<usize>, &Range<usize>),
    meter: &Meter<'_, '_>,
) -> Predictions {
    let model = under(inputs, subject, lesion, meter);
    let batch = |images, places: Range<usize>| {
        let size = places.len();
        subject.batches_of(images, places, size).next().expect("there are images")
    };
    let test = |places| batch(inputs.test(), places);
    let training = |places| batch(inputs.training(), places).0;
    let found = replacement::predictions(&model, lesion, (images, all), &test, &training);
    let (_, of_each) = lesion.passes();
    meter.advance(subject.model.macs_under(&lesion.plan) * (of_each * images.len()) as u64);
    found
}

/// The network with the branch scales and the statistics of a lesion.
fn under<'a>(
    inputs: &Inputs,
    subject: &'a Subject,
    lesion: &Lesion,
    meter: &Meter<'_, '_>,
) -> Cow<'a, Model<f32>> {
    let mut model = Cow::Borrowed(&subject.model);
    if let Some(scale) = &lesion.branch_scale {
        model.to_mut().branch_scale.clone_from(scale);
    }
    if lesion.statistics != Statistics::Running {
        let images = 0..lesion.statistics.training_images();
        let batches = subject.batches_of(inputs.training(), images, RECALIBRATION_BATCH);
        let batches = batches.map(|(images, _)| images);
        model = Cow::Owned(recalibrated(&model, &lesion.plan, batches));
    }
    // All that the lesion costs on no test image.
    let macs = one_by_one(subject, lesion, 0);
    if macs > 0 {
        meter.advance(macs);
    }
    model
}
