//! Values inside units, and what takes their place.

use std::ops::Range;

use models::{EVAL_GROUP, Model, Place, Predictions, Site, Sites, Visit, score};
use nn::{Pass, Var};
use serde::{Deserialize, Serialize};
use tensor::Tensor;

use crate::{Lesion, RECALIBRATION_BATCH, Subject};

/// A value inside a unit that something else takes the place of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Replacement {
    /// The unit.
    pub unit: usize,
    /// Which of its values: `"input"`, `"skip"`, `{"branch": 0}`, `"gate"`, `"output"`.
    pub place: Place,
    /// What takes its place.
    pub with: Substitute,
}

/// What takes the place of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Substitute {
    /// Zeros.
    Zero,
    /// The mean of each channel over training images, with the lesion's plan and nothing
    /// replaced.
    ChannelMean {
        /// Batches of [`RECALIBRATION_BATCH`] images, the first ones, unaugmented.
        batches: usize,
    },
    /// The value of the next of the images asked about, of the last one that of the first,
    /// with the lesion's plan and nothing replaced.
    OtherImage,
}

impl Replacement {
    pub(crate) fn site(&self) -> Site {
        Site { unit: self.unit, place: self.place }
    }

    /// How many training images are needed.
    pub(crate) fn training_images(&self) -> usize {
        match self.with {
            Substitute::ChannelMean { batches } => batches.saturating_mul(RECALIBRATION_BATCH),
            Substitute::Zero | Substitute::OtherImage => 0,
        }
    }
}

/// What a network says to some of the images `all` with the replacements of a lesion, a
/// group of images at a time.
///
/// `test` makes the inputs and labels of test images at some places, `training` the inputs
/// of training images.
pub(crate) fn predictions(
    model: &Model<f32>,
    lesion: &Lesion,
    (images, all): (&Range<usize>, &Range<usize>),
    test: &dyn Fn(Range<usize>) -> (Tensor<f32>, Vec<u8>),
    training: &dyn Fn(Range<usize>) -> Tensor<f32>,
) -> Predictions {
    let means: Vec<Option<Vec<f32>>> = lesion
        .replacements
        .iter()
        .map(|replacement| {
            let images = replacement.training_images();
            (images > 0).then(|| channel_means(model, lesion, replacement.site(), images, training))
        })
        .collect();
    let has_donors = lesion.replacements.iter().any(|r| r.with == Substitute::OtherImage);
    let mut predictions = Predictions::default();
    for start in images.clone().step_by(EVAL_GROUP) {
        let group = start..images.end.min(start + EVAL_GROUP);
        let mut donors = Seen::default();
        if has_donors {
            donors.sites = lesion.replacements.iter().map(Replacement::site).collect();
            run(model, lesion, next_images(&group, all, test), &mut donors);
        }
        let (inputs, labels) = test(group);
        let replacements = &lesion.replacements;
        let mut replacing = Replacing { replacements, means: &means, donors: &donors };
        predictions.extend(score(&run(model, lesion, inputs, &mut replacing), &labels));
    }
    predictions
}

/// The logits along the lesion's plan.
fn run(
    model: &Model<f32>,
    lesion: &Lesion,
    inputs: Tensor<f32>,
    sites: &mut dyn Sites<f32>,
) -> Tensor<f32> {
    let mut pass = Pass::eval(&model.params);
    let x = pass.tape.constant(inputs);
    model.forward_at(&mut pass, &x, &lesion.plan, sites).into_value()
}

/// The inputs that follow those of a group.
fn next_images(
    group: &Range<usize>,
    all: &Range<usize>,
    test: &dyn Fn(Range<usize>) -> (Tensor<f32>, Vec<u8>),
) -> Tensor<f32> {
    let inside = group.start + 1..all.end.min(group.end + 1);
    let wraps = (group.end == all.end).then(|| test(all.start..all.start + 1).0);
    let parts = (!inside.is_empty()).then(|| test(inside).0).into_iter().chain(wraps);
    Tensor::concat(&parts.collect::<Vec<_>>())
}

/// The mean of each channel at a site over the first training images, summed in their
/// order.
fn channel_means(
    model: &Model<f32>,
    lesion: &Lesion,
    site: Site,
    images: usize,
    training: &dyn Fn(Range<usize>) -> Tensor<f32>,
) -> Vec<f32> {
    let (mut sums, mut count) = (Vec::new(), 0);
    for start in (0..images).step_by(EVAL_GROUP) {
        let inputs = training(start..images.min(start + EVAL_GROUP));
        let mut seen = Seen { sites: vec![site], values: Vec::new() };
        run(model, lesion, inputs, &mut seen);
        let value = seen.of(site).expect("a checked lesion passes its sites");
        let channels = value.shape().channels();
        sums.resize(channels, 0.0);
        for pixel in value.as_slice().chunks_exact(channels) {
            sums.iter_mut().zip(pixel).for_each(|(sum, &v): (&mut f64, _)| *sum += f64::from(v));
            count += 1;
        }
    }
    sums.into_iter().map(|sum| (sum / f64::from(count)) as f32).collect()
}

/// Keeps the values at some sites.
#[derive(Default)]
struct Seen {
    sites: Vec<Site>,
    values: Vec<(Site, Tensor<f32>)>,
}

impl Seen {
    fn of(&self, site: Site) -> Option<&Tensor<f32>> {
        self.values.iter().find(|(seen, _)| *seen == site).map(|(_, value)| value)
    }
}

impl Sites<f32> for Seen {
    fn wants(&self, site: Site) -> bool {
        self.sites.contains(&site)
    }

    fn at(&mut self, site: Site, _: &Visit<'_>, value: &Var<f32>) -> Option<Tensor<f32>> {
        self.values.push((site, value.value().clone()));
        None
    }
}

/// Puts the substitutes of a group of images in place.
struct Replacing<'a> {
    replacements: &'a [Replacement],
    /// Of each replacement by a channel's mean, the means.
    means: &'a [Option<Vec<f32>>],
    donors: &'a Seen,
}

impl Sites<f32> for Replacing<'_> {
    fn wants(&self, site: Site) -> bool {
        self.replacements.iter().any(|replacement| replacement.site() == site)
    }

    fn at(&mut self, site: Site, _: &Visit<'_>, value: &Var<f32>) -> Option<Tensor<f32>> {
        let place = self.replacements.iter().position(|replacement| replacement.site() == site)?;
        let shape = value.value().shape();
        let mut new = Tensor::zeros(shape);
        match (self.replacements[place].with, &self.means[place]) {
            (Substitute::ChannelMean { .. }, Some(means)) => {
                let pixels = new.as_mut_slice().chunks_exact_mut(means.len());
                pixels.for_each(|pixel| pixel.copy_from_slice(means));
            }
            (Substitute::OtherImage, _) => new = self.donors.of(site)?.clone(),
            _ => {}
        }
        Some(new)
    }
}

/// Whether the plan takes a route on which the network has the site of a replacement.
pub(crate) fn has_site(subject: &Subject, lesion: &Lesion, replacement: &Replacement) -> bool {
    let Replacement { unit: id, place, .. } = *replacement;
    let Some(unit) = subject.model.units.get(id) else { return false };
    let route = lesion.plan.routes[id];
    let is_run = lesion.plan.order.contains(&id);
    is_run
        && match place {
            Place::Input | Place::Output => true,
            Place::Skip => route.skip,
            Place::Branch(i) => i < unit.branches.len() && route.branches().any(|b| b == i),
            Place::Gate => {
                matches!(unit.join, models::Join::Gate(_)) && route.skip && route.has_branch()
            }
        }
}
