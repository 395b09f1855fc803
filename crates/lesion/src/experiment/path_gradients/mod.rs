//! Gradients along single paths, and of all paths of one length.
//!
//! - **Claim:** the gradient of a path decays exponentially with its length, so almost all
//!   gradient comes from short paths: those of 5 to 17 of 54 blocks.
//! - **Source:** Veit, Wilber and Belongie 2016, section 3, figures 6b and 6c. The batch,
//!   the mode of batch norm and the number of batches are not stated.
//! - **Protocol:** trained weights, mean cross-entropy, batches of the training images
//!   with the training's augmentation. One forward pass through the whole network; then for
//!   each length k random sets of k units, each as likely as the others. At these the
//!   gradient goes back through the branch alone, at the others through the skip alone, and
//!   its Frobenius norm over the batch is taken at the normalised images and at the
//!   stem's output. The same batches for every k. Where there are no more paths of a
//!   length than are asked for, each is taken once. Batch norm uses the statistics of the
//!   batch, as in training; its running ones are a second arm, the initial weights of the
//!   training a third.
//!   Norms ignore that paths cancel. So there is the total gradient g_k of all paths of
//!   length k beside them, computed exactly: its norm and its product with the whole
//!   gradient g. The shares <g_k, g> / |g|^2 sum to 1.
//! - **Expected shape:** log norms fall along a line in k; the number of paths times the
//!   mean norm has its peak far below n / 2.
//! - **Record:** [`record::PathGradients`].
//!
//! Every branch on a path attenuates, so norms are kept as [`models::Scaled`] numbers: a
//! norm of 0 is a path on which nothing comes back, not one that was too small for `f32`.

mod batches;
mod choices;

use std::borrow::Cow;

use models::{BackwardPlan, Model, Plan, Recording, Route};
use record::{Answer as _, LengthBatch, PathBatch, PathNorms};
use serde::{Deserialize, Serialize};

use super::{Experiment, Needs, Networks, OptionInfo};
use crate::{Done, Inputs, LesionError, Subject, Work};
use batches::Batches;
use choices::Choices;

/// A multiplication of a sweep takes as long as so many of an evaluation: a branch is gone
/// back through op by op, and its norms with batch statistics wait for memory.
const SLOWER: u64 = 3;

/// Gradients along single paths, and of all paths of one length.
#[derive(Debug)]
pub struct PathGradients;

/// What is drawn and measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Options {
    /// Batches with paths one by one.
    pub batches: usize,
    /// Images of a batch.
    pub batch_size: usize,
    /// Which paths.
    pub choice: Choice,
    /// Of random paths: how many of each length up to n / 2 on each batch.
    pub paths: usize,
    /// Of random paths: how many of each longer length on each batch.
    pub long_paths: usize,
    /// Batches with the total gradient of each length: the same ones, and more of them.
    pub exact_batches: usize,
    /// Which statistics batch norm uses.
    pub mode: Mode,
    /// Which weights.
    pub state: State,
    /// The seed of the batches, their augmentation, and the paths.
    pub seed: u64,
}

/// Which paths of a length are tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Choice {
    /// Random ones, or each once if there are no more than are asked for.
    Random,
    /// Each once, of a network with few units.
    All,
}

/// The statistics of the batch norms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Those of the batch, as in training.
    Train,
    /// The running ones, as in evaluation.
    Eval,
}

/// Before or after its training.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// With the weights given.
    Trained,
    /// With those that its training started from, drawn from the seed that the weights
    /// state. Its batch norms have no running statistics yet.
    Initial,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            batches: 25,
            batch_size: 128,
            choice: Choice::Random,
            paths: 40,
            long_paths: 8,
            exact_batches: 50,
            mode: Mode::Train,
            state: State::Trained,
            seed: 0,
        }
    }
}

impl Experiment for PathGradients {
    type Options = Options;
    type Answer = record::PathGradients;

    const VERSION: u32 = 1;
    const SUMMARY: &'static str = "the gradient along single paths, and of all paths of a length";
    const OPTIONS: &'static [OptionInfo] = &[
        OptionInfo::new("batches", "N", "batches with paths one by one"),
        OptionInfo::new("batch-size", "N", "images of a batch"),
        OptionInfo::new("choice", "CHOICE", "which paths: random or all"),
        OptionInfo::new("paths", "N", "random paths of each length up to n / 2 on a batch"),
        OptionInfo::new("long-paths", "N", "random paths of each longer length on a batch"),
        OptionInfo::new("exact-batches", "N", "batches with the total gradient of each length"),
        OptionInfo::new("mode", "MODE", "statistics of batch norm: train (of the batch) or eval"),
        OptionInfo::new("state", "STATE", "trained, or initial: as its training found it"),
        OptionInfo::new("seed", "S", "decides the random draws"),
    ];

    fn preview() -> Options {
        let (batches, batch_size, exact_batches) = (8, 16, 8);
        let (paths, long_paths) = (8, 3);
        Options { batches, batch_size, paths, long_paths, exact_batches, ..Options::default() }
    }

    fn needs(_: &Options) -> Needs {
        Needs { networks: Networks::One, test: false, training: true, log: false }
    }

    fn work(inputs: &Inputs, options: &Options) -> Result<Vec<Work>, LesionError> {
        check_state(inputs.network(), options)?;
        let model = &inputs.network().model;
        let units = open_units(model)?;
        let choices = Choices::new(options, &units)?;
        let batches = Batches::new(inputs, options)?;
        let (n, images) = (units.len() as u64, options.batch_size as u64);
        let forward = images * model.macs();
        // A branch has as many multiplications in a sweep as in the forward pass.
        let branch = |id: usize| model.units[id].macs_along(Route::BRANCH);
        let mut work = vec![Work::Items {
            label: "the norm of the gradient along each path".to_owned(),
            count: options.batches,
            macs: forward + SLOWER * images * choices.macs(branch),
            run: Box::new({
                let of = options.clone();
                move |inputs, batch| norms(inputs, &of, &choices, batches, batch)
            }),
        }];
        if options.exact_batches > 0 {
            let of = options.clone();
            work.push(Work::Items {
                label: "the total gradient of the paths of each length".to_owned(),
                count: options.exact_batches,
                macs: forward + SLOWER * forward * (2 + n).div_ceil(2),
                run: Box::new(move |inputs, batch| totals(inputs, &of, batches, batch)),
            });
        }
        Ok(work)
    }

    fn answer(
        inputs: &Inputs,
        options: &Options,
        done: Vec<Done>,
    ) -> Result<record::PathGradients, LesionError> {
        let model = &inputs.network().model;
        let units = open_units(model)?;
        let choices = Choices::new(options, &units)?;
        let mut done = done.into_iter().map(Done::into_items);
        let finite = |values: &Vec<f64>| match values.iter().find(|value| !value.is_finite()) {
            Some(&cross_entropy) => {
                let (model, lesion) = (model.name.clone(), "a gradient along paths".to_owned());
                Err(LesionError::NotFinite { model, lesion, cross_entropy })
            }
            None => Ok(()),
        };
        let paths = done.next().unwrap_or_default();
        let exact = done.next().unwrap_or_default();
        paths.iter().chain(&exact).try_for_each(finite)?;
        Ok(record::PathGradients {
            batch: options.batch_size,
            paths: paths.iter().map(|values| path_batch(values, &choices)).collect(),
            exact: exact.iter().map(|values| length_batch(values, units.len() + 1)).collect(),
            units,
        })
    }
}

/// Checks that there is a network in the state asked for.
fn check_state(subject: &Subject, options: &Options) -> Result<(), LesionError> {
    if options.state == State::Trained {
        return Ok(());
    }
    let name = record::PathGradients::EXPERIMENT;
    if !subject.has_initial() {
        let needed = "weights that state the seed of their training, for --state initial";
        return Err(LesionError::unsuited(name, &subject.name, needed));
    }
    if options.mode == Mode::Eval {
        let reason = "batch norm has no running statistics before a training; use the mode train";
        return Err(LesionError::option(name, "mode", "eval", reason));
    }
    Ok(())
}

/// The units whose skip and branch are both taken.
fn open_units(model: &Model<f32>) -> Result<Vec<usize>, LesionError> {
    let routes = Plan::intact(model).routes;
    let has_one_branch = |route: &Route| route.branches.count_ones() == 1;
    let units: Vec<usize> = (0..routes.len()).filter(|&id| routes[id] == Route::BOTH).collect();
    if units.is_empty() || !routes.iter().all(has_one_branch) {
        let (name, needed) =
            (record::PathGradients::EXPERIMENT, "units with a skip and one branch");
        return Err(LesionError::unsuited(name, &model.name, needed));
    }
    Ok(units)
}

/// The loss of a batch and its gradients.
fn recording(inputs: &Inputs, options: &Options, batches: Batches, batch: usize) -> Recording<f32> {
    let subject = inputs.network();
    let model = match options.state {
        State::Trained => Cow::Borrowed(&subject.model),
        State::Initial => Cow::Owned(subject.initial().expect("the state is checked")),
    };
    let (images, labels) = batches.batch(inputs, batch);
    let mode = match options.mode {
        Mode::Train => nn::Mode::Train,
        Mode::Eval => nn::Mode::Eval,
    };
    Recording::new(&model, &Plan::intact(&model), mode, images, &labels)
}

/// The loss, then of each path of each length the norms at the images and at the stem.
fn norms(
    inputs: &Inputs,
    options: &Options,
    choices: &Choices,
    batches: Batches,
    batch: usize,
) -> Vec<f64> {
    let recording = recording(inputs, options, batches, batch);
    let forward = Plan::intact(&inputs.network().model);
    let path = |branches: Vec<usize>| {
        BackwardPlan::path(&forward, &branches).expect("these units have both terms")
    };
    let plans: Vec<BackwardPlan> = choices.all_paths(batch).map(path).collect();
    let mut values = vec![0.0; 1 + 2 * plans.len()];
    values[0] = recording.loss();
    recording.gradients(&plans, &mut |place, gradient| {
        values[1 + 2 * place] = gradient.at_images.norm();
        values[2 + 2 * place] = gradient.at_stem.norm();
    });
    values
}

/// What [`norms`] gave.
fn path_batch(values: &[f64], choices: &Choices) -> PathBatch {
    let (loss, mut rest) = values.split_first().expect("the loss is first");
    let of_length = |k| {
        let (these, others) = rest.split_at(2 * choices.number(k));
        rest = others;
        let (pairs, _) = these.as_chunks::<2>();
        PathNorms {
            all: choices.takes_all(k),
            at_images: pairs.iter().map(|pair| pair[0]).collect(),
            at_stem: pairs.iter().map(|pair| pair[1]).collect(),
        }
    };
    PathBatch { loss: *loss, lengths: choices.lengths().map(of_length).collect() }
}

/// Of each length the product with the whole gradient, then the norms, then the square of
/// the whole.
fn totals(inputs: &Inputs, options: &Options, batches: Batches, batch: usize) -> Vec<f64> {
    let recording = recording(inputs, options, batches, batch);
    let ordinary = BackwardPlan::ordinary(&Plan::intact(&inputs.network().model));
    let whole = recording.gradient(&ordinary).at_images;
    let by_length = recording.by_length();
    let products = by_length.iter().map(|gradient| gradient.dot(&whole));
    let norms = by_length.iter().map(|gradient| gradient.norm());
    products.chain(norms).chain([whole.dot(&whole)]).collect()
}

/// What [`totals`] gave.
fn length_batch(values: &[f64], lengths: usize) -> LengthBatch {
    let (products, rest) = values.split_at(lengths);
    let (norms, squared) = rest.split_at(lengths);
    LengthBatch { products: products.to_vec(), norms: norms.to_vec(), squared: squared[0] }
}
