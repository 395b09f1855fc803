//! Six things to do to the middle blocks of a stage.
//!
//! - **Claim:** none is judged. In transformers middle layers share a space: skipping,
//!   shuffling and averaging them costs little, repeating one of them much.
//! - **Source:** Sun, Pickett, Nain and Jones 2025, "Transformer layers as painters".
//! - **Protocol:** trained weights as they are, batch norm with its running statistics, on
//!   the first 2,000 test images, or all where there are fewer. One stage at a time: of its
//!   units that can change places (those that are not boundaries) the first and the last `a`
//!   run as they are, a = 1, 3, 5 and so on while at least four lie between them. These M
//!   are
//!   - *skipped*;
//!   - *repeated*: the centre one, number M / 2 from 0, runs M times in their place;
//!   - *reversed*;
//!   - in *random* order, drawn anew for each draw;
//!   - *parallel*: each gets the input of the first, and the mean of their outputs goes on;
//!   - *looped*: the parallel step three times, each on the mean of the one before.
//! - **Expected shape:** the source finds, from the worst: repeated, skipped, parallel,
//!   reversed, random.
//! - **Record:** [`record::MiddleBlocks`].
//!
//! The source changes the middle of a whole transformer, whose layers have one shape; here a
//! stage takes its place. Three rounds of the looped step, and the kept ends, are our choice.

use models::{EVAL_GROUP, Model, Plan, Predictions, Unit, score};
use nn::{Pass, Var};
use record::{Answer as _, MiddleOrder, MiddleWay};
use serde::{Deserialize, Serialize};
use tensor::Tensor;
use tensor::random::Stream;

use super::{Experiment, Needs, Networks, OptionInfo};
use crate::work::score as scored;
use crate::{Done, Inputs, Lesion, LesionError, Work};

/// Rounds of a looped step.
const ROUNDS: usize = 3;
/// Fewest units in the middle.
const FEWEST: usize = 4;

/// Six things to do to the middle blocks of a stage.
#[derive(Debug)]
pub struct MiddleBlocks;

/// How much is tried.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Options {
    /// How many test images, the first ones; fewer where there are fewer.
    pub order_images: usize,
    /// By how much the number of units kept at both ends grows, from 1.
    pub step: usize,
    /// Random orders of each middle.
    pub draws: usize,
    /// Their seed.
    pub seed: u64,
}

impl Default for Options {
    fn default() -> Self {
        Options { order_images: 2_000, step: 2, draws: 5, seed: 0 }
    }
}

impl Experiment for MiddleBlocks {
    type Options = Options;
    type Answer = record::MiddleBlocks;

    const VERSION: u32 = 1;
    const SUMMARY: &'static str =
        "the middle units of a stage skipped, repeated, moved or averaged";
    const OPTIONS: &'static [OptionInfo] = &[
        OptionInfo::new("order-images", "N", "test images, the first ones"),
        OptionInfo::new("step", "N", "growth of the number of units kept at both ends, from 1"),
        OptionInfo::new("draws", "N", "random orders of each middle"),
        OptionInfo::new("seed", "S", "decides the random orders"),
    ];

    fn preview() -> Options {
        Options { order_images: 160, step: 4, draws: 2, ..Options::default() }
    }

    fn needs(_: &Options) -> Needs {
        Needs { networks: Networks::One, test: true, training: false, log: false }
    }

    fn work(inputs: &Inputs, options: &Options) -> Result<Vec<Work>, LesionError> {
        let (name, model) = (record::MiddleBlocks::EXPERIMENT, &inputs.network().model);
        let Options { order_images, step, draws, .. } = *options;
        for (option, value) in [("order-images", order_images), ("step", step), ("draws", draws)] {
            if value == 0 || value > 100_000 {
                return Err(LesionError::option(name, option, value, "expected 1 to 100000"));
            }
        }
        let middles = middles(model, options);
        if middles.is_empty() {
            let needed = "a stage with six units in a row that can change places";
            return Err(LesionError::unsuited(name, &inputs.network().name, needed));
        }
        let plans = middles.iter().flat_map(|middle| middle.plans(model, options));
        let plans = plans.map(|(_, _, plan)| plan);
        let lesions = [Plan::intact(model)].into_iter().chain(plans).map(Lesion::from).collect();
        let images = images(inputs, options);
        let of = options.clone();
        Ok(vec![
            Work::Lesions { network: 0, lesions, images: 0..images },
            Work::Items {
                label: format!("parallel and looped middles, {images} images"),
                count: images.div_ceil(EVAL_GROUP),
                // About: the way to the middle, four times the middle, and twice the rest.
                macs: EVAL_GROUP as u64 * 3 * middles.len() as u64 * model.macs(),
                run: Box::new(move |inputs, item| averaged(inputs, &of, item)),
            },
        ])
    }

    fn answer(
        inputs: &Inputs,
        options: &Options,
        done: Vec<Done>,
    ) -> Result<record::MiddleBlocks, LesionError> {
        let model = &inputs.network().model;
        let middles = middles(model, options);
        let [lesions, items]: [Done; 2] = done.try_into().expect("there are two kinds of work");
        let mut lesions = lesions.into_lesions().into_iter();
        let checked = |way: MiddleWay, predictions: &Predictions| {
            scored(predictions, &model.name, || format!("middle blocks {way:?}"))
        };
        let intact = lesions.next().expect("the intact network is first");
        // Of an image right or wrong and the loss, for each middle once parallel, once looped.
        let numbers = items.into_items().concat();
        let row = 2 * 2 * middles.len();
        let mut orders = Vec::new();
        for (place, middle) in middles.iter().enumerate() {
            let mut add = |way, order: Vec<usize>, predictions: &Predictions| {
                let score = checked(way, predictions)?;
                orders.push(MiddleOrder {
                    stage: model.units[middle.units[0]].stage,
                    units: middle.units.clone(),
                    way,
                    order,
                    wrong: score.wrong,
                    cross_entropy: score.cross_entropy,
                });
                Ok::<(), LesionError>(())
            };
            for (way, order, _) in middle.plans(model, options) {
                let predictions = lesions.next().expect("each plan has predictions");
                add(way, order, &predictions)?;
            }
            for (which, way) in [MiddleWay::Parallel, MiddleWay::Looped].into_iter().enumerate() {
                let column = 2 * (2 * place + which);
                let rows = || numbers.chunks_exact(row);
                let predictions = Predictions {
                    is_right: rows().map(|row| row[column] == 1.0).collect(),
                    losses: rows().map(|row| row[column + 1]).collect(),
                };
                add(way, middle.units.clone(), &predictions)?;
            }
        }
        Ok(record::MiddleBlocks {
            images: images(inputs, options),
            intact: scored(&intact, &model.name, || "intact".to_owned())?,
            orders,
        })
    }
}

fn images(inputs: &Inputs, options: &Options) -> usize {
    options.order_images.min(inputs.test().len())
}

/// Units in a row between those that are kept at both ends of a stage.
struct Middle {
    units: Vec<usize>,
}

/// Of each stage, with fewer and fewer units.
fn middles(model: &Model<f32>, options: &Options) -> Vec<Middle> {
    let is_residual = |&id: &usize| Unit::has_skip(&model.units[id]);
    let is_row = |ids: &Vec<usize>| {
        ids.windows(2).all(|two| two[0] + 1 == two[1]) && ids.iter().all(is_residual)
    };
    let cut = |ids: Vec<usize>| {
        let ends = (1..).step_by(options.step).take_while(|a| ids.len() >= 2 * a + FEWEST);
        ends.map(|a| Middle { units: ids[a..ids.len() - a].to_vec() }).collect::<Vec<_>>()
    };
    model.interchangeable().into_iter().filter(is_row).flat_map(cut).collect()
}

impl Middle {
    /// What can be said as a plan: the way, what runs in the place of the units, the plan.
    fn plans(&self, model: &Model<f32>, options: &Options) -> Vec<(MiddleWay, Vec<usize>, Plan)> {
        let units = &self.units;
        let (first, n) = (units[0], units.len());
        let intact = Plan::intact(model);
        let in_order = |middle: &[usize]| {
            let mut order = intact.order.clone();
            order[first..first + n].copy_from_slice(middle);
            intact.clone().in_order(model, order).expect("units of one shape fit each other")
        };
        let skipped = intact.clone().delete_all(model, units).expect("residual units");
        let repeated = vec![units[n / 2]; n];
        let reversed: Vec<usize> = units.iter().rev().copied().collect();
        let mut all = vec![
            (MiddleWay::Skipped, Vec::new(), skipped),
            (MiddleWay::Repeated, repeated.clone(), in_order(&repeated)),
            (MiddleWay::Reversed, reversed.clone(), in_order(&reversed)),
        ];
        let stream = Stream::new(options.seed, record::MiddleBlocks::EXPERIMENT);
        for draw in 0..options.draws {
            let mut rng = stream.at(((first as u64) << 32) | n as u64, draw as u64);
            let order = data::shuffled_indices(n, &mut rng);
            let order: Vec<usize> = order.iter().map(|&place| units[place as usize]).collect();
            all.push((MiddleWay::Random, order.clone(), in_order(&order)));
        }
        all
    }
}

/// Of each image of a group, for each middle: right or wrong and the loss with its units in
/// parallel, then with the parallel step looped.
fn averaged(inputs: &Inputs, options: &Options, item: usize) -> Vec<f64> {
    let (subject, model) = (inputs.network(), &inputs.network().model);
    let places = item * EVAL_GROUP..images(inputs, options).min((item + 1) * EVAL_GROUP);
    let n = places.len();
    let mut batches = subject.batches_of(inputs.test(), places, n);
    let (batch, labels) = batches.next().expect("a group has images");
    let plan = Plan::intact(model);
    let mut pass = Pass::eval(&model.params);
    let x = pass.tape.constant(batch);
    let stem = model.forward_stem(&mut pass, &x);
    let mut columns = Vec::new();
    for Middle { units } in middles(model, options) {
        let (first, last) = (units[0], units[units.len() - 1]);
        let before: Vec<usize> = (0..first).collect();
        let after: Vec<usize> = (last + 1..model.units.len()).collect();
        let mut h = model.eval_units(&mut pass, stem.clone(), &before, &plan);
        for round in 1..=ROUNDS {
            h = mean_output(&mut pass, model, &h, &units, &plan);
            if round == 1 || round == ROUNDS {
                let y = model.eval_units(&mut pass, h.clone(), &after, &plan);
                let logits = model.forward_head(&mut pass, &y);
                columns.push(score(logits.value(), &labels));
            }
        }
    }
    let row = |image: usize| {
        let each = columns.iter();
        each.flat_map(move |c| [f64::from(u8::from(c.is_right[image])), c.losses[image]])
    };
    (0..n).flat_map(row).collect()
}

/// The mean of the outputs of some units on one input.
fn mean_output(
    pass: &mut Pass<'_, f32>,
    model: &Model<f32>,
    x: &Var<f32>,
    units: &[usize],
    plan: &Plan,
) -> Var<f32> {
    let mut sum = vec![0.0_f64; x.value().len()];
    for &id in units {
        let y = model.forward_unit(pass, x, id, plan);
        sum.iter_mut().zip(y.value().as_slice()).for_each(|(sum, &y)| *sum += f64::from(y));
    }
    let mean = sum.iter().map(|sum| (sum / units.len() as f64) as f32).collect();
    pass.tape.constant(Tensor::from_vec(x.value().shape(), mean))
}
