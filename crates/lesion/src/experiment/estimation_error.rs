//! How far each block's output is, on average, from that of the last block of its stage.
//!
//! - **Claim:** the blocks of a stage refine one estimate: each channel means the same all
//!   along a stage, so the mean of `y_k - y_last` is near 0.
//! - **Source:** Greff, Srivastava and Schmidhuber 2017, "Highway and residual networks learn
//!   unrolled iterative estimation", equation 2 and figure 3 (a ResNet-50 on ImageNet).
//! - **Protocol:** trained weights as they are, the intact network, raw outputs `y_k` of the
//!   residual units. Of every stage the units that are not boundaries, except for the last
//!   unit, whose output is `y_last`. For every channel the mean over the test images and
//!   positions of `y_k - y_last`, and its standard deviation over both, each over the standard
//!   deviation over both of `y_last`. A channel of a last unit that does not vary is left out
//!   and counted. The standard error of a mean is that over images of the means of images, with
//!   the deviation of `y_last` taken as known.
//!   The control is the same with initial weights of a seed of their own, batch-norm
//!   statistics from 50 batches of 128 unaugmented training images (all whole batches where
//!   there are fewer).
//! - **Expected shape:** means near 0 from the first block of a stage on; deviations that fall
//!   along the stage. These fall for any sum that ends in `y_last`, so they decide nothing.
//! - **Record:** [`record::EstimationError`].

use std::sync::Arc;

use models::{EVAL_GROUP, Model, Place, Site, Sites, UnitShape, Visit};
use nn::Var;
use record::{Answer as _, ChannelErrors, StageErrors, UnitErrors};
use tensor::Tensor;

use super::{Experiment, MostImages, Needs, Networks, OptionInfo};
use crate::control::{self, Control, ControlOptions};
use crate::reading::{group, groups, images_of, read};
use crate::{Done, Inputs, LesionError, Work};

/// How far each block's output is from that of the last block of its stage.
#[derive(Debug)]
pub struct EstimationError;

impl Experiment for EstimationError {
    type Options = ControlOptions;
    type Answer = record::EstimationError;

    const VERSION: u32 = 1;
    const SUMMARY: &'static str = "the distance of each unit's output from the end of its stage";
    const OPTIONS: &'static [OptionInfo] = &control::OPTIONS;

    fn preview_images(_: &ControlOptions) -> MostImages {
        MostImages::HALF_OF_SAMPLE
    }

    fn needs(_: &ControlOptions) -> Needs {
        Needs { networks: Networks::One, test: true, training: true, log: false }
    }

    fn work(inputs: &Inputs, options: &ControlOptions) -> Result<Vec<Work>, LesionError> {
        let model = &inputs.network().model;
        if stages(model).is_empty() {
            return Err(unsuited(inputs, "a stage with two residual units of one shape"));
        }
        let control = Arc::new(control(inputs, options)?);
        let (count, macs) = (groups(inputs), EVAL_GROUP as u64 * model.macs());
        let making = control.macs(inputs).div_ceil(count as u64);
        Ok(vec![
            Work::Items {
                label: "sums of the outputs of each unit".to_owned(),
                count,
                macs,
                run: Box::new(|inputs, item| sums(inputs, &inputs.network().model, item)),
            },
            Work::Items {
                label: "sums of the outputs of each unit, initial weights".to_owned(),
                count,
                macs: macs + making,
                run: Box::new(move |inputs, item| sums(inputs, control.model(inputs), item)),
            },
        ])
    }

    fn answer(
        inputs: &Inputs,
        options: &ControlOptions,
        done: Vec<Done>,
    ) -> Result<record::EstimationError, LesionError> {
        let model = &inputs.network().model;
        let totals: Vec<Vec<f64>> = done.into_iter().map(|done| total(done.into_items())).collect();
        if !totals.iter().flatten().all(|sum| sum.is_finite()) {
            return Err(unsuited(inputs, "activations that are finite"));
        }
        let images = inputs.test().len() as f64;
        let mut start = 0;
        let mut stage = |stage: &Stage| {
            let c = stage.shape.c;
            let end = start + c * (OF_LAST + OF_UNIT * stage.units.len());
            let each: Vec<Vec<ChannelErrors>> =
                totals.iter().map(|all| stage.errors(&all[start..end], images)).collect();
            start = end;
            let unit = |(place, &index): (usize, &usize)| UnitErrors {
                index,
                name: model.units[index].name.clone(),
                trained: each[0][place].clone(),
                initial: each[1][place].clone(),
            };
            StageErrors {
                stage: stage.stage,
                last: stage.last,
                channels: c,
                units: stage.units.iter().enumerate().map(unit).collect(),
            }
        };
        Ok(record::EstimationError {
            images: inputs.test().len(),
            batches: control(inputs, options)?.batches(),
            stages: stages(model).iter().map(&mut stage).collect(),
        })
    }
}

fn control(inputs: &Inputs, options: &ControlOptions) -> Result<Control, LesionError> {
    let ControlOptions { control_seed, control_batches } = *options;
    Control::new(record::EstimationError::EXPERIMENT, inputs, control_seed, control_batches)
}

fn unsuited(inputs: &Inputs, needed: &'static str) -> LesionError {
    LesionError::unsuited(record::EstimationError::EXPERIMENT, &inputs.network().name, needed)
}

/// The units of a stage that are compared with its last one.
struct Stage {
    stage: usize,
    units: Vec<usize>,
    last: usize,
    shape: UnitShape,
}

/// The stages with residual units that are not boundaries, ahead of the last unit and of its
/// shape.
fn stages(model: &Model<f32>) -> Vec<Stage> {
    let ids: Vec<usize> = (0..model.units.len()).collect();
    let of_stage = |ids: &[usize]| {
        let (&last, before) = ids.split_last()?;
        let shape = model.units[last].output;
        let belongs = |&id: &usize| {
            let unit = &model.units[id];
            unit.has_skip() && !unit.is_boundary() && unit.output == shape
        };
        let units: Vec<usize> = before.iter().copied().filter(belongs).collect();
        let is_one = model.units[last].has_skip() && !units.is_empty();
        is_one.then(|| Stage { stage: model.units[last].stage, units, last, shape })
    };
    let stage = |id: usize| model.units[id].stage;
    ids.chunk_by(|&a, &b| stage(a) == stage(b)).filter_map(of_stage).collect()
}

/// Sums over images for each channel of a last unit: of the mean over positions of `y`, of
/// that of `y^2`.
const OF_LAST: usize = 2;
/// For each channel of another unit, with `d = y_k - y_last` and its mean over positions `m`:
/// of `m`, of `m^2`, of the mean over positions of `d^2`.
const OF_UNIT: usize = 3;

/// A variance that is no larger a part of the mean square is rounding.
const ROUNDING: f64 = 1e-12;

impl Stage {
    /// Of each unit, from the sums over all images.
    fn errors(&self, sums: &[f64], images: f64) -> Vec<ChannelErrors> {
        let c = self.shape.c;
        let (last, rest) = sums.split_at(OF_LAST * c);
        let deviation = |mean: f64, square: f64| (square - mean * mean).max(0.0).sqrt();
        let scale = |k: usize| {
            let (mean, square) = (last[k] / images, last[c + k] / images);
            let deviation = deviation(mean, square);
            // Below the rounding of `f32` there is nothing to divide by.
            if deviation * deviation > ROUNDING * square { deviation } else { 0.0 }
        };
        let scale: Vec<f64> = (0..c).map(scale).collect();
        let unit = |sums: &[f64]| {
            let mut errors = ChannelErrors::default();
            for (k, &scale) in scale.iter().enumerate() {
                if scale == 0.0 {
                    errors.constant += 1;
                    continue;
                }
                let [mean, squares, square] = [0, 1, 2].map(|column| sums[column * c + k] / images);
                let between = deviation(mean, squares) * (images / (images - 1.0).max(1.0)).sqrt();
                errors.mean.push(mean / scale);
                errors.error.push(between / images.sqrt() / scale);
                errors.spread.push(deviation(mean, square) / scale);
            }
            errors
        };
        rest.chunks_exact(OF_UNIT * c).map(unit).collect()
    }

    /// The sums over some images, whose outputs of the units and of the last one these are.
    fn sums(&self, units: &[Vec<Tensor<f32>>], last: &[Tensor<f32>]) -> Vec<f64> {
        let c = self.shape.c;
        let mut of_last = vec![0.0; OF_LAST * c];
        let each = |parts: &[Tensor<f32>]| -> Vec<Vec<f32>> {
            parts.iter().flat_map(|part| images_of(part).map(<[f32]>::to_vec)).collect()
        };
        let last = each(last);
        for image in &last {
            let positions = (image.len() / c) as f64;
            for (k, &v) in image.iter().enumerate() {
                let v = f64::from(v);
                of_last[k % c] += v / positions;
                of_last[c + k % c] += v * v / positions;
            }
        }
        let mut all = of_last;
        for unit in units {
            let mut sums = vec![0.0; OF_UNIT * c];
            for (image, last) in each(unit).iter().zip(&last) {
                let positions = (image.len() / c) as f64;
                let mut of_image = vec![0.0; OF_LAST * c];
                for (k, (&y, &last)) in image.iter().zip(last).enumerate() {
                    let d = f64::from(y) - f64::from(last);
                    of_image[k % c] += d;
                    of_image[c + k % c] += d * d;
                }
                for k in 0..c {
                    let mean = of_image[k] / positions;
                    sums[k] += mean;
                    sums[c + k] += mean * mean;
                    sums[2 * c + k] += of_image[c + k] / positions;
                }
            }
            all.extend(sums);
        }
        all
    }
}

/// The sums over a group of images: of each stage its last unit's, then those of its units.
fn sums(inputs: &Inputs, model: &Model<f32>, item: usize) -> Vec<f64> {
    let stages = stages(model);
    let mut outputs = Outputs {
        wanted: stages.iter().flat_map(|s| s.units.iter().copied().chain([s.last])).collect(),
        seen: vec![Vec::new(); model.units.len()],
    };
    read(inputs, inputs.network(), model, item, &mut outputs);
    let n = group(inputs, item).len();
    let mut of_stage = |stage: &Stage| {
        let units: Vec<_> =
            stage.units.iter().map(|&id| std::mem::take(&mut outputs.seen[id])).collect();
        let images = |parts: &[Tensor<f32>]| parts.iter().map(|part| part.dims()[0]).sum::<usize>();
        let last = &outputs.seen[stage.last];
        assert!(
            images(last) == n && units.iter().all(|unit| images(unit) == n),
            "a unit has not seen all {n} images"
        );
        stage.sums(&units, last)
    };
    stages.iter().flat_map(&mut of_stage).collect()
}

/// The sums over all groups, in their order.
fn total(items: Vec<Vec<f64>>) -> Vec<f64> {
    let mut items = items.into_iter();
    let mut total = items.next().unwrap_or_default();
    for item in items {
        total.iter_mut().zip(item).for_each(|(total, sum)| *total += sum);
    }
    total
}

/// Keeps the outputs of some units, the images of each in order.
struct Outputs {
    wanted: Vec<usize>,
    seen: Vec<Vec<Tensor<f32>>>,
}

impl Sites<f32> for Outputs {
    fn wants(&self, Site { unit, place }: Site) -> bool {
        place == Place::Output && self.wanted.contains(&unit)
    }

    fn at(&mut self, site: Site, _: &Visit<'_>, value: &Var<f32>) -> Option<Tensor<f32>> {
        self.seen[site.unit].push(value.value().clone());
        None
    }
}
