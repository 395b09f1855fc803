//! Does each block's branch point downhill?
//!
//! - **Claim:** residuals point downhill: what a block adds has a negative cosine with the
//!   gradient of the loss where it is added, more so in higher blocks.
//! - **Source:** Jastrzebski et al. 2018, "Residual connections encourage iterative
//!   inference", section 4.1. They write the cosine with the gradient in the block's input,
//!   as here.
//! - **Protocol:** trained weights as they are, evaluation mode, the intact network. For each
//!   test image alone the cross-entropy with its true label, its gradient in the input
//!   `y_(i-1)` of every residual unit that is not a boundary, and the cosine of it with what
//!   the unit adds, `f_i`; then the mean over the images. An image whose gradient or branch is
//!   0 has no cosine there: it is left out, and counted. Beside it the same with the label
//!   that the network itself gives (the first of its largest logits), and with true labels in
//!   the control: initial weights of a seed of their own, batch-norm statistics from 50 batches
//!   of 128 unaugmented training images (all whole batches where there are fewer).
//! - **Expected shape:** below 0 in most blocks, most in the last stage; near 0 with initial
//!   weights.
//! - **Record:** [`record::ResidualCosine`].
//!
//! The gradient in the logits, `p - 1` at the label and `p` elsewhere, is computed in `f64`,
//! with `p - 1` as minus the sum of the others, and brought to norm 1 for each image, which
//! no cosine depends on: many images are so certain that `p - 1` is 0 in `f32`.

use std::sync::Arc;

use models::{EVAL_GROUP, Join, Model, Place, Plan, Site, Sites, Unit, Visit};
use nn::{Mode, Pass, Sweep, Tape, Var};
use record::{Answer as _, MeanCosine, UnitCosine};
use tensor::Tensor;

use super::{Experiment, MostImages, Needs, Networks, OptionInfo};
use crate::control::{self, Control, ControlOptions};
use crate::reading::{group, groups, images_of, sum};
use crate::{Done, Inputs, LesionError, Work};

/// Test images of a preview: each costs three passes back.
const PREVIEW: MostImages = MostImages { test: 400, ..MostImages::ALL };

/// A multiplication of a sweep takes as long as so many of an evaluation.
const SLOWER: u64 = 3;

/// Does each block's branch point downhill?
#[derive(Debug)]
pub struct ResidualCosine;

impl Experiment for ResidualCosine {
    type Options = ControlOptions;
    type Answer = record::ResidualCosine;

    const VERSION: u32 = 1;
    const SUMMARY: &'static str = "the cosine of each unit's branch with the gradient of the loss";
    const OPTIONS: &'static [OptionInfo] = &control::OPTIONS;

    fn preview_images(_: &ControlOptions) -> MostImages {
        PREVIEW
    }

    fn needs(_: &ControlOptions) -> Needs {
        Needs { networks: Networks::One, test: true, training: true, log: false }
    }

    fn work(inputs: &Inputs, options: &ControlOptions) -> Result<Vec<Work>, LesionError> {
        let model = &inputs.network().model;
        if units(model).is_empty() {
            let needed = "units that add one branch to a skip and are not boundaries";
            return Err(unsuited(inputs, needed));
        }
        let control = Arc::new(control(inputs, options)?);
        let (count, forward) = (groups(inputs), EVAL_GROUP as u64 * model.macs());
        let making = control.macs(inputs).div_ceil(count as u64);
        Ok(vec![
            Work::Items {
                label: "cosines with the gradient, true and predicted labels".to_owned(),
                count,
                macs: forward * (1 + 2 * SLOWER),
                run: Box::new(|inputs, item| {
                    let labels = [Label::True, Label::Predicted];
                    cosines(inputs, &inputs.network().model, &labels, item)
                }),
            },
            Work::Items {
                label: "cosines with the gradient, initial weights".to_owned(),
                count,
                macs: forward * (1 + SLOWER) + making,
                run: Box::new(move |inputs, item| {
                    cosines(inputs, control.model(inputs), &[Label::True], item)
                }),
            },
        ])
    }

    fn answer(
        inputs: &Inputs,
        options: &ControlOptions,
        done: Vec<Done>,
    ) -> Result<record::ResidualCosine, LesionError> {
        let model = &inputs.network().model;
        let units = units(model);
        let each: Vec<Vec<f64>> = done.into_iter().map(|d| d.into_items().concat()).collect();
        if each.iter().flatten().any(|&cosine| cosine.is_nan()) {
            return Err(unsuited(inputs, "activations and gradients that are finite"));
        }
        // Of an image the numbers of all units for the first label, then for the second.
        let of = |arm: usize, labels: usize, label: usize, place: usize| {
            let rows = each[arm].chunks_exact(labels * units.len());
            let column: Vec<f64> = rows.map(|row| row[label * units.len() + place]).collect();
            MeanCosine::of(&column)
        };
        let unit = |(place, &index): (usize, &usize)| UnitCosine {
            index,
            name: model.units[index].name.clone(),
            stage: model.units[index].stage,
            trained: of(0, 2, 0, place),
            predicted: of(0, 2, 1, place),
            initial: of(1, 1, 0, place),
        };
        Ok(record::ResidualCosine {
            images: inputs.test().len(),
            batches: control(inputs, options)?.batches(),
            units: units.iter().enumerate().map(unit).collect(),
        })
    }
}

fn control(inputs: &Inputs, options: &ControlOptions) -> Result<Control, LesionError> {
    let ControlOptions { control_seed, control_batches } = *options;
    Control::new(record::ResidualCosine::EXPERIMENT, inputs, control_seed, control_batches)
}

fn unsuited(inputs: &Inputs, needed: &'static str) -> LesionError {
    LesionError::unsuited(record::ResidualCosine::EXPERIMENT, &inputs.network().name, needed)
}

/// The units that are the plain sum of their input's skip and one branch, and change no shape.
fn units(model: &Model<f32>) -> Vec<usize> {
    let belongs = |unit: &Unit| {
        let is_sum = unit.join == Join::Sum && unit.merge.is_empty() && unit.branches.len() == 1;
        is_sum && unit.has_skip() && !unit.is_boundary()
    };
    (0..model.units.len()).filter(|&id| belongs(&model.units[id])).collect()
}

/// Which label the loss is about.
#[derive(Clone, Copy)]
enum Label {
    True,
    /// The first of the network's largest logits.
    Predicted,
}

/// Of each image of a group, label by label, the cosine in each unit; infinite where there is
/// none because one of the two is 0, NaN where one of them is not finite.
fn cosines(inputs: &Inputs, model: &Model<f32>, labels: &[Label], item: usize) -> Vec<f64> {
    let images = group(inputs, item);
    let n = images.len();
    let mut batches = inputs.network().batches_of(inputs.test(), images, n);
    let (batch, truth) = batches.next().expect("a group has images");
    let ids = units(model);
    let mut pass = Pass::new(Tape::recording(), Mode::Eval, &model.params);
    let x = pass.tape.input(batch);
    let mut seen = Seen { units: &ids, inputs: Vec::new(), branches: Vec::new() };
    let logits = model.forward_at(&mut pass, &x, &Plan::intact(model), &mut seen);
    let Seen { inputs, branches, .. } = seen;
    inputs.iter().for_each(|input| pass.tape.watch(input));
    let mut numbers = vec![0.0; n * labels.len() * ids.len()];
    for (place, label) in labels.iter().enumerate() {
        let dz = downhill(logits.value(), &truth, *label);
        let grads = pass.tape.vjp(&logits, dz, &Sweep::along(Vec::new()));
        for (unit, (input, branch)) in inputs.iter().zip(&branches).enumerate() {
            let gradient = grads.of(input);
            for (image, f) in images_of(branch).enumerate() {
                let g = gradient.map(|gradient| &gradient.as_slice()[image * f.len()..][..f.len()]);
                let scale = model.branch_scale[ids[unit]];
                let cosine = g.map_or(f64::INFINITY, |g| scale.signum() * cosine(f, g));
                let cosine = if scale == 0.0 { f64::INFINITY } else { cosine };
                numbers[(image * labels.len() + place) * ids.len() + unit] = cosine;
            }
        }
    }
    numbers
}

/// The cosine of two vectors; infinite where one is 0.
fn cosine(a: &[f32], b: &[f32]) -> f64 {
    let dot =
        |a: &[f32], b: &[f32]| sum(a.iter().zip(b).map(|(&a, &b)| f64::from(a) * f64::from(b)));
    let norms = (dot(a, a) * dot(b, b)).sqrt();
    if norms == 0.0 { f64::INFINITY } else { dot(a, b) / norms }
}

/// The gradient in the logits `[n, classes]` of each image's cross-entropy, brought to norm 1.
fn downhill(logits: &Tensor<f32>, truth: &[u8], label: Label) -> Tensor<f32> {
    let classes = logits.shape().channels();
    let mut all = Vec::with_capacity(logits.len());
    for (row, &truth) in logits.as_slice().chunks_exact(classes).zip(truth) {
        let largest = row.iter().fold(f64::NEG_INFINITY, |m, &v| m.max(f64::from(v)));
        let is_largest = |v: &f32| f64::from(*v) == largest;
        let label = match label {
            Label::True => usize::from(truth),
            // A row that is not a number has no label, and its gradient is none either.
            Label::Predicted => row.iter().position(is_largest).unwrap_or(0),
        };
        let weights: Vec<f64> = row.iter().map(|&v| libm::exp(f64::from(v) - largest)).collect();
        let others = weights.iter().enumerate().filter(|(class, _)| *class != label);
        let others: f64 = others.map(|(_, weight)| weight).sum();
        // Up to a factor, which the norm takes away.
        let dz = |class: usize| if class == label { -others } else { weights[class] };
        let norm = (0..classes).map(|class| dz(class) * dz(class)).sum::<f64>().sqrt();
        let norm = if norm == 0.0 { 1.0 } else { norm };
        all.extend((0..classes).map(|class| (dz(class) / norm) as f32));
    }
    Tensor::from_vec([truth.len(), classes], all)
}

/// Keeps the inputs and the branches of some units, in the order in which they run.
struct Seen<'a> {
    units: &'a [usize],
    inputs: Vec<Var<f32>>,
    branches: Vec<Tensor<f32>>,
}

impl Sites<f32> for Seen<'_> {
    fn wants(&self, Site { unit, place }: Site) -> bool {
        matches!(place, Place::Input | Place::Branch(0)) && self.units.contains(&unit)
    }

    fn at(&mut self, site: Site, _: &Visit<'_>, value: &Var<f32>) -> Option<Tensor<f32>> {
        match site.place {
            Place::Input => self.inputs.push(value.clone()),
            _ => self.branches.push(value.value().clone()),
        }
        None
    }
}
