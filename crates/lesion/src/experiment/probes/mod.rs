//! Linear classifier probes: how much of the class can a linear classifier tell from what
//! each unit hands on?
//!
//! - **Claim:** the error of linear probes falls monotonically with depth. Ours: inside a
//!   stage a residual network's probes fall off no cliff, those of a plain one do.
//! - **Source:** Alain and Bengio 2016, "Understanding intermediate layers using linear
//!   classifier probes", section 3 and the figure on ResNet-50; whether residual networks are
//!   different, and what lesions do, is a question of our own.
//! - **Protocol:** trained weights as they are, batch norm with its running statistics. Raw
//!   outputs of units, averaged to 1 x 1 or to a grid, standardised with the statistics of the
//!   training images of the fit. Multinomial logistic regression with a quadratic penalty on
//!   weights and biases (the classes are of equal size and the features centred, so the
//!   penalty on the biases matters little, and with it the loss is strongly convex). The
//!   strength, one of five from 1e-1 to 1e-5, is the one with the fewest errors on the last
//!   tenth of the training images (5,000 of 50,000), of equals the strongest; then the probe
//!   is fitted again on all of them, which is our choice. A fit ends when the gradient bounds the
//!   distance of the loss from its minimum by 1e-6 nats. The image itself, averaged in the
//!   same way, stands ahead of the units.
//! - **Lesions:** in each stage the deletable unit in the middle that is not a boundary is
//!   deleted, all else intact, and probes are fitted **anew** on what the lesioned network
//!   computes from there on: they tell whether the information is there in linear form, not
//!   whether what follows still reads it.
//! - **Control:** initial weights of a seed of their own, batch-norm statistics from 50
//!   batches of 128 unaugmented training images (all whole batches where there are fewer).
//! - **Expected shape:** a curve that falls, in steps at the boundaries, and ends near the
//!   network's own error; the control's falls little or rises.
//! - **Cost:** an item is a run of at most nine units, whose features are in memory at once
//!   (for `resnet110` at most 60,000 x 9 x 64 numbers of 4 bytes, 140 MB a thread), so the
//!   images go through the network as far as each run: 3.5 times through `resnet110`, 53e12
//!   multiplications. One evaluation of a loss is 2 x images x features x classes
//!   multiplications in f64, over all units 2e9; a probe takes some hundreds of them for each
//!   penalty. On two cores that is about 5 minutes for the features and 15 for the fits.
//! - **Record:** [`record::Probes`].

mod classifier;
mod features;
mod minimum;

use std::sync::Arc;

use models::{Model, Plan, Predictions, Unit};
use record::{Answer as _, Probe, ProbedNetwork, UnitProbe};
use serde::{Deserialize, Serialize};

use super::{Experiment, MostImages, Needs, Networks, OptionInfo};
use crate::control::{self, Control};
use crate::work::score;
use crate::{Done, Inputs, Lesion, LesionError, Work};
use classifier::{Chosen, PENALTIES, Rows, choose};
use features::{Features, features};

/// Linear probes on the outputs of units.
#[derive(Debug)]
pub struct Probes;

/// What is probed, and how closely.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Options {
    /// Which networks.
    pub of: Probed,
    /// Outputs are averaged to so many cells a side, or to their own size if that is smaller.
    pub pool: usize,
    /// Every so many units, and always the last one.
    pub every: usize,
    /// The seed of the control's initial weights.
    pub control_seed: u64,
    /// Batches of training images for its statistics, at most.
    pub control_batches: usize,
}

/// Which networks are probed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Probed {
    /// The network as it was trained.
    Trained,
    /// The same architecture with initial weights: the control.
    Initial,
    /// The trained network without the unit in the middle of each stage, one at a time.
    Middle,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            of: Probed::Trained,
            pool: 1,
            every: 1,
            control_seed: control::SEED,
            control_batches: control::BATCHES,
        }
    }
}

/// Most cells a side: features are in memory at once.
const MOST_CELLS: usize = 4;
/// Units of an item, at most.
const AT_ONCE: usize = 9;
/// Features of all units of an item, at most, except for one unit alone.
const MOST_FEATURES: usize = 1024;
/// The part of the training images that is held out.
const HELD_OUT: usize = 10;
/// Evaluations of the loss for a probe, times what one in f64 costs against the convolutions:
/// a guess.
const EVALUATIONS: u64 = 10_000;

impl Experiment for Probes {
    type Options = Options;
    type Answer = record::Probes;

    const VERSION: u32 = 1;
    const SUMMARY: &'static str = "linear classifiers on what each unit hands on";
    const OPTIONS: &'static [OptionInfo] = &[
        OptionInfo::new(
            "of",
            "WHAT",
            "what is probed: trained, initial (weights), or middle (of each stage deleted)",
        ),
        OptionInfo::new("pool", "N", "outputs are averaged to N x N cells, 1 to 4"),
        OptionInfo::new("every", "N", "probes on every N-th unit, and on the last one"),
        control::OPTIONS[0],
        control::OPTIONS[1],
    ];

    fn preview() -> Options {
        Options { every: 6, ..Options::default() }
    }

    fn preview_images(_: &Options) -> MostImages {
        MostImages::HALF_OF_SAMPLE
    }

    fn needs(_: &Options) -> Needs {
        Needs { networks: Networks::One, test: true, training: true, log: false }
    }

    fn work(inputs: &Inputs, options: &Options) -> Result<Vec<Work>, LesionError> {
        let (name, subject) = (record::Probes::EXPERIMENT, inputs.network());
        let model = &subject.model;
        let &Options { of, pool, every, control_seed, control_batches } = options;
        if !(1..=MOST_CELLS).contains(&pool) {
            return Err(LesionError::option(name, "pool", pool, "expected 1 to 4"));
        }
        if every == 0 {
            return Err(LesionError::option(name, "every", every, "expected at least 1"));
        }
        let images = inputs.training().len();
        if images < HELD_OUT {
            let (split, found, expected) = ("training", images, HELD_OUT);
            return Err(LesionError::TooFewImages { experiment: name, split, found, expected });
        }
        let deleted = deleted(model, of);
        if deleted.is_empty() {
            let needed = "a unit that is not a boundary and can be deleted";
            return Err(LesionError::unsuited(name, &subject.name, needed));
        }
        let control = match of {
            Probed::Initial => Some(Control::new(name, inputs, control_seed, control_batches)?),
            Probed::Trained | Probed::Middle => None,
        };
        let mut works = Vec::new();
        if control.is_none() {
            let lesions = deleted.iter().map(|&id| Lesion::from(plan(model, id))).collect();
            works.push(Work::Lesions { network: 0, lesions, images: 0..inputs.test().len() });
        }
        let control = control.map(Arc::new);
        for id in deleted {
            let parts = parts(model, id, every, pool);
            let making = control.as_ref().map_or(0, |control| control.macs(inputs));
            let count = parts.len();
            let macs = making + parts.iter().map(|part| part.macs(inputs, pool)).sum::<u64>();
            let (plan, control) = (plan(model, id), control.clone());
            let what = match (of, id) {
                (Probed::Initial, _) => ", initial weights".to_owned(),
                (_, Some(id)) => format!(", without unit {id}"),
                (_, None) => String::new(),
            };
            let units: Vec<&[usize]> = parts.iter().map(|part| &part.units[..]).collect();
            works.push(Work::Items {
                label: format!("probes of units {units:?}{what}"),
                count,
                macs: macs / count as u64,
                run: Box::new(move |inputs, item| {
                    let own = &inputs.network().model;
                    let model = control.as_ref().map_or(own, |control| control.model(inputs));
                    probe(inputs, model, &plan, &parts[item], pool)
                }),
            });
        }
        Ok(works)
    }

    fn answer(
        inputs: &Inputs,
        options: &Options,
        done: Vec<Done>,
    ) -> Result<record::Probes, LesionError> {
        let subject = inputs.network();
        let (model, images) = (&subject.model, inputs.test().len());
        let deleted = deleted(model, options.of);
        let mut done = done.into_iter();
        let mut next = || done.next().expect("there is an answer to each part of the work");
        let of_networks = (options.of != Probed::Initial).then(|| next().into_lesions());
        let mut networks = Vec::new();
        for (place, &id) in deleted.iter().enumerate() {
            let what = || id.map_or("intact".to_owned(), |id| format!("unit {id} deleted"));
            let own = of_networks.as_ref().map(|all| score(&all[place], &model.name, what));
            let mut image = None;
            let mut units = Vec::new();
            for (part, numbers) in
                parts(model, id, options.every, options.pool).iter().zip(next().into_items())
            {
                if numbers.is_empty() {
                    let needed = "activations that are finite";
                    let name = record::Probes::EXPERIMENT;
                    return Err(LesionError::unsuited(name, &subject.name, needed));
                }
                let mut probes = numbers.chunks_exact(numbers_of_probe(images));
                let mut next = || read(probes.next().expect("each place has a probe"), model);
                if part.has_image {
                    image = Some(next()?);
                }
                for &index in &part.units {
                    let Unit { name, stage, .. } = &model.units[index];
                    let (name, stage) = (name.clone(), *stage);
                    let boundary = model.units[index].is_boundary();
                    units.push(UnitProbe { index, name, stage, boundary, probe: next()? });
                }
            }
            networks.push(ProbedNetwork { deleted: id, own: own.transpose()?, image, units });
        }
        let training = inputs.training().len();
        Ok(record::Probes {
            images,
            training,
            held_out: training / HELD_OUT,
            penalties: PENALTIES.to_vec(),
            networks,
        })
    }
}

/// The unit that each probed network lacks.
fn deleted(model: &Model<f32>, of: Probed) -> Vec<Option<usize>> {
    if of != Probed::Middle {
        return vec![None];
    }
    let ids: Vec<usize> = (0..model.units.len()).collect();
    let stage = |id: usize| model.units[id].stage;
    let middle = |stage: &[usize]| {
        let can_go = |&&id: &&usize| {
            let unit = &model.units[id];
            unit.is_deletable() && !unit.is_boundary()
        };
        let inner: Vec<usize> = stage.iter().filter(can_go).copied().collect();
        inner.get(inner.len() / 2).copied()
    };
    ids.chunk_by(|&a, &b| stage(a) == stage(b)).filter_map(middle).map(Some).collect()
}

fn plan(model: &Model<f32>, deleted: Option<usize>) -> Plan {
    let intact = Plan::intact(model);
    match deleted {
        Some(id) => intact.delete(model, id).expect("it can be deleted"),
        None => intact,
    }
}

/// The places of one item.
struct Part {
    /// Whether the image has a probe.
    has_image: bool,
    /// The units that have one, in order; there is at least one.
    units: Vec<usize>,
}

/// The units with a probe, from the deleted one on, in runs.
fn parts(model: &Model<f32>, deleted: Option<usize>, every: usize, cells: usize) -> Vec<Part> {
    let n = model.units.len();
    let all: Vec<usize> =
        (deleted.unwrap_or(0)..n).filter(|id| (id + 1) % every == 0 || *id + 1 == n).collect();
    // At least two, for as many threads.
    let most = all.len().div_ceil(2).min(AT_ONCE);
    let mut runs: Vec<Vec<usize>> = Vec::new();
    let width = |id: usize| width(model, id, cells);
    for id in all {
        match runs.last_mut() {
            Some(run)
                if run.len() < most
                    && run.iter().map(|&id| width(id)).sum::<usize>() + width(id)
                        <= MOST_FEATURES =>
            {
                run.push(id);
            }
            _ => runs.push(vec![id]),
        }
    }
    let part = |(place, units)| Part { has_image: place == 0 && deleted.is_none(), units };
    runs.into_iter().enumerate().map(part).collect()
}

/// The features of a unit's output.
fn width(model: &Model<f32>, id: usize, cells: usize) -> usize {
    let output = model.units[id].output;
    features::count([output.h, output.w, output.c], cells)
}

impl Part {
    /// What it costs, roughly.
    fn macs(&self, inputs: &Inputs, cells: usize) -> u64 {
        let model = &inputs.network().model;
        let (training, test) = (inputs.training().len() as u64, inputs.test().len() as u64);
        let last = self.units.last().map_or(0, |&id| id + 1);
        let forward: u64 = model.units[..last].iter().map(Unit::macs).sum();
        let features: usize = self.units.iter().map(|&id| width(model, id, cells)).sum();
        let evaluation = 2 * training * (features * model.classes()) as u64;
        (training + test) * (model.stem_macs() + forward) + EVALUATIONS * evaluation
    }
}

/// Numbers of a probe: features, the place of its penalty, steps, excess, the errors on
/// held-out images; then of each test image whether it is right, and its loss.
fn numbers_of_probe(images: usize) -> usize {
    4 + PENALTIES.len() + 2 * images
}

/// The probes of a part, one after the other; nothing if a feature is not finite.
fn probe(inputs: &Inputs, model: &Model<f32>, plan: &Plan, part: &Part, cells: usize) -> Vec<f64> {
    let (subject, training, test) = (inputs.network(), inputs.training(), inputs.test());
    let of = |images| features(subject, model, plan, images, part, cells);
    let (Features { places: fitted }, Features { places: asked }) = (of(training), of(test));
    let mut numbers = Vec::new();
    for ((width, features), (_, of_test)) in fitted.iter().zip(&asked) {
        if !features.iter().chain(of_test).all(|v| v.is_finite()) {
            return Vec::new();
        }
        let rows = |features, labels| Rows { width: *width, features, labels };
        let held_out = training.len() / HELD_OUT;
        let Chosen { fit, penalty, held_out_wrong } =
            choose(rows(features, training.labels()), model.classes(), held_out);
        numbers.extend([*width as f64, penalty as f64, f64::from(fit.steps), fit.excess]);
        numbers.extend(held_out_wrong.map(|wrong| wrong as f64));
        let Predictions { is_right, losses } =
            fit.classifier.predictions(rows(of_test, test.labels()));
        numbers.extend(is_right.iter().map(|&right| f64::from(u8::from(right))));
        numbers.extend(losses);
    }
    numbers
}

/// A probe from its numbers.
fn read(numbers: &[f64], model: &Model<f32>) -> Result<Probe, LesionError> {
    let (head, of_images) = numbers.split_at(4 + PENALTIES.len());
    let half = of_images.len() / 2;
    let predictions = Predictions {
        is_right: of_images[..half].iter().map(|&right| right == 1.0).collect(),
        losses: of_images[half..].to_vec(),
    };
    Ok(Probe {
        features: head[0] as usize,
        penalty: PENALTIES[head[1] as usize],
        steps: head[2] as u32,
        excess: head[3],
        held_out_wrong: head[4..].iter().map(|&wrong| wrong as u32).collect(),
        score: score(&predictions, &model.name, || "a probe".to_owned())?,
    })
}
