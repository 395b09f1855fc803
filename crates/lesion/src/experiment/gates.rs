//! How far the gates of a highway network are open, before training and after.
//!
//! - **Claim:** the gates of a trained highway network favour the skip: most units hand
//!   on most of what they receive.
//! - **Source:** Veit, Wilber and Belongie 2016, on highway networks;
//!   Srivastava, Greff and Schmidhuber 2015, figure 2, for the gates themselves.
//! - **Protocol:** `y = T h + (1 - T) x`. For every gated unit and every test image the
//!   mean of T over positions and channels, and the norms of `T h` and of `(1 - T) x`;
//!   also a histogram of T over images, positions and channels. The norms stand beside T
//!   since the batch norm of h rescales it: a small T may let through much.
//!   The same of the network before its training: the initial weights that the seed of the
//!   weights' metadata draws, with batch-norm statistics from 50 batches of 128 unaugmented
//!   training images (all whole batches where there are fewer). Gates whose biases start at
//!   -2 are almost closed before anything is learned, so the claim is about those that
//!   start half open.
//! - **Expected shape:** T below its start in most units.
//! - **Record:** [`record::Gates`].

use std::sync::OnceLock;

use models::{EVAL_GROUP, Join, Model, Place, Plan, Site, Sites, Unit, Visit, recalibrated};
use nn::Var;
use record::{Answer as _, GateUse, MeanSd, UnitGate};
use serde::{Deserialize, Serialize};
use tensor::Tensor;

use super::{Experiment, MostImages, Needs, Networks, OptionInfo};
use crate::reading::{group, groups, images_of, read, sum};
use crate::{Done, Inputs, LesionError, RECALIBRATION_BATCH, Work};

/// How far the gates of a highway network are open, before training and after.
#[derive(Debug)]
pub struct Gates;

/// How the network before its training gets its statistics.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Options {
    /// Batches of [`RECALIBRATION_BATCH`] training images at most.
    pub batches: usize,
}

impl Default for Options {
    fn default() -> Self {
        Options { batches: 50 }
    }
}

/// Numbers of one unit and image: the mean of T, the norms of `T h` and `(1 - T) x`.
const NUMBERS: usize = 3;

impl Experiment for Gates {
    type Options = Options;
    type Answer = record::Gates;

    const VERSION: u32 = 1;
    const SUMMARY: &'static str = "how far gates are open, before training and after";
    const OPTIONS: &'static [OptionInfo] = &[OptionInfo::new(
        "batches",
        "N",
        "batches of 128 training images for the statistics of the network before its training",
    )];

    fn preview_images(_: &Options) -> MostImages {
        MostImages::HALF_OF_SAMPLE
    }

    fn needs(_: &Options) -> Needs {
        Needs { networks: Networks::One, test: true, training: true, log: false }
    }

    fn work(inputs: &Inputs, options: &Options) -> Result<Vec<Work>, LesionError> {
        let model = &inputs.network().model;
        if gated(model).is_empty() {
            return Err(unsuited(inputs, "units with a gate between one branch and the skip"));
        }
        let (count, macs) = (groups(inputs), EVAL_GROUP as u64 * model.macs());
        let after = Work::Items {
            label: "gates of each unit".to_owned(),
            count,
            macs,
            run: Box::new(|inputs, item| open(inputs, &inputs.network().model, item)),
        };
        let batches = batches(inputs, options)?;
        if batches == 0 {
            return Ok(vec![after]);
        }
        let images = batches * RECALIBRATION_BATCH;
        let initial = OnceLock::new();
        let before = Work::Items {
            label: format!("gates of each unit with initial weights, {batches} batches"),
            count,
            macs: macs + (images as u64 * model.macs()).div_ceil(count as u64),
            // The first item to run makes the network, the same whichever it is.
            run: Box::new(move |inputs, item| {
                open(inputs, initial.get_or_init(|| before_training(inputs, images)), item)
            }),
        };
        Ok(vec![after, before])
    }

    fn answer(
        inputs: &Inputs,
        options: &Options,
        done: Vec<Done>,
    ) -> Result<record::Gates, LesionError> {
        let model = &inputs.network().model;
        let gated = gated(model);
        let each: Vec<Vec<GateUse>> =
            done.into_iter().map(|done| uses(done.into_items(), gated.len())).collect();
        let is_finite = |gate: &GateUse| {
            let GateUse { gate, transformed, carried, ratio, .. } = gate;
            let mut numbers = [gate, transformed, carried, ratio].into_iter();
            numbers.all(|number| number.mean.is_finite() && number.sd.is_finite())
        };
        if !each.iter().flatten().all(is_finite) {
            return Err(unsuited(inputs, "activations that are finite, none of them all zero"));
        }
        let unit = |(place, &index): (usize, &usize)| UnitGate {
            index,
            name: model.units[index].name.clone(),
            stage: model.units[index].stage,
            after: each[0][place].clone(),
            before: each.get(1).map(|before| before[place].clone()),
        };
        Ok(record::Gates {
            images: inputs.test().len(),
            batches: batches(inputs, options)?,
            units: gated.iter().enumerate().map(unit).collect(),
        })
    }
}

/// How many batches the network before its training takes its statistics from; 0 where
/// the weights do not say which network that is.
fn batches(inputs: &Inputs, options: &Options) -> Result<usize, LesionError> {
    let at_hand = inputs.whole_batches(usize::MAX);
    if options.batches == 0 || at_hand == 0 {
        let reason = format!("expected at least 1; there are training images for {at_hand}");
        let name = record::Gates::EXPERIMENT;
        return Err(LesionError::option(name, "batches", options.batches, reason));
    }
    let is_known = inputs.network().has_initial();
    Ok(if is_known { options.batches.min(at_hand) } else { 0 })
}

/// The network before its training, its statistics from the first training images.
fn before_training(inputs: &Inputs, images: usize) -> Model<f32> {
    let subject = inputs.network();
    let model = subject.initial().expect("the initial weights are known");
    let batches = subject.batches_of(inputs.training(), 0..images, RECALIBRATION_BATCH);
    recalibrated(&model, &Plan::intact(&model), batches.map(|(images, _)| images))
}

/// The units with a gate between one branch and the skip.
fn gated(model: &Model<f32>) -> Vec<usize> {
    let is_gated = |unit: &Unit| {
        matches!(unit.join, Join::Gate(_)) && unit.branches.len() == 1 && unit.merge.is_empty()
    };
    (0..model.units.len()).filter(|&id| is_gated(&model.units[id])).collect()
}

fn unsuited(inputs: &Inputs, needed: &'static str) -> LesionError {
    LesionError::unsuited(record::Gates::EXPERIMENT, &inputs.network().name, needed)
}

/// The numbers of one group of images, image by image and unit by unit, and after them the
/// histogram of each unit.
fn open(inputs: &Inputs, model: &Model<f32>, item: usize) -> Vec<f64> {
    let (units, images) = (gated(model), group(inputs, item));
    let mut seen = Seen {
        model,
        first: images.start,
        numbers: vec![f64::NAN; NUMBERS * units.len() * images.len()],
        histograms: vec![0.0; GateUse::BINS * units.len()],
        units,
        skip: None,
        branch: None,
    };
    read(inputs, inputs.network(), model, item, &mut seen);
    [seen.numbers, seen.histograms].concat()
}

/// Of each unit, from the numbers of all groups.
fn uses(items: Vec<Vec<f64>>, units: usize) -> Vec<GateUse> {
    let mut histograms = vec![vec![0; GateUse::BINS]; units];
    let mut rows = Vec::new();
    for item in items {
        let (numbers, bins) = item.split_at(item.len() - GateUse::BINS * units);
        rows.extend_from_slice(numbers);
        let bins = histograms.iter_mut().flatten().zip(bins);
        bins.for_each(|(sum, &count)| *sum += count as u64);
    }
    let each = histograms.into_iter().enumerate();
    each.map(|(unit, histogram)| {
        let rows = || rows.chunks_exact(NUMBERS).skip(unit).step_by(units);
        let column = |place: usize| MeanSd::of(rows().map(move |row| row[place]));
        GateUse {
            gate: column(0),
            histogram,
            transformed: column(1),
            carried: column(2),
            ratio: MeanSd::of(rows().map(|row| row[1] / row[2])),
        }
    })
    .collect()
}

/// Looks at the gates of some images in passing.
struct Seen<'a> {
    model: &'a Model<f32>,
    /// The gated units.
    units: Vec<usize>,
    /// The place of the first image.
    first: usize,
    numbers: Vec<f64>,
    histograms: Vec<f64>,
    /// The terms of the unit under way.
    skip: Option<Tensor<f32>>,
    branch: Option<Tensor<f32>>,
}

impl Sites<f32> for Seen<'_> {
    fn wants(&self, Site { unit, place }: Site) -> bool {
        matches!(place, Place::Skip | Place::Branch(0) | Place::Gate) && self.units.contains(&unit)
    }

    fn at(
        &mut self,
        Site { unit, place }: Site,
        visit: &Visit<'_>,
        value: &Var<f32>,
    ) -> Option<Tensor<f32>> {
        let gate = value.value();
        match place {
            Place::Skip => self.skip = Some(gate.clone()),
            Place::Branch(_) => self.branch = Some(gate.clone()),
            _ => {
                let (skip, branch) = (self.skip.take(), self.branch.take());
                let both = "skip and branch come before the gate";
                self.keep(unit, visit, gate, &skip.expect(both), &branch.expect(both));
            }
        }
        None
    }
}

impl Seen<'_> {
    fn keep(
        &mut self,
        unit: usize,
        visit: &Visit<'_>,
        gate: &Tensor<f32>,
        skip: &Tensor<f32>,
        branch: &Tensor<f32>,
    ) {
        let place = self.units.iter().position(|&id| id == unit).expect("it is wanted");
        let scale = self.model.branch_scale[unit].abs();
        let terms = images_of(gate).zip(images_of(branch)).zip(images_of(skip));
        for (image, ((t, h), x)) in visit.images.clone().zip(terms) {
            let mean = sum(t.iter().map(|&t| f64::from(t))) / t.len() as f64;
            let norm = |of: fn(f64) -> f64, by: &[f32]| {
                let each = t.iter().zip(by).map(|(&t, &v)| of(f64::from(t)) * f64::from(v));
                sum(each.map(|v| v * v)).sqrt()
            };
            let numbers = [mean, scale * norm(|t| t, h), norm(|t| 1.0 - t, x)];
            let start = NUMBERS * (self.units.len() * (image - self.first) + place);
            self.numbers[start..start + NUMBERS].copy_from_slice(&numbers);
            let histogram = &mut self.histograms[GateUse::BINS * place..][..GateUse::BINS];
            for &t in t {
                // A NaN goes to the first part; the means tell of it.
                let bin = (f64::from(t) * GateUse::BINS as f64) as usize;
                histogram[bin.min(GateUse::BINS - 1)] += 1.0;
            }
        }
    }
}
