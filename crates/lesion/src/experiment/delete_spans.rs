//! Spans of blocks in a row deleted, chosen by the angle that they turn the activation by.
//!
//! - **Claim:** none is judged. In language models a long span of late layers can be deleted at
//!   little cost where what it receives and what it hands on point the same way.
//! - **Source:** Gromov, Tirumala, Shapourian, Glorioso and Roberts 2024, "The unreasonable
//!   ineffectiveness of the deeper layers", section 3.
//! - **Protocol:** trained weights as they are, batch norm with its running statistics. For every
//!   span of n units in a row, of one stage and none of them a boundary, the angular distance
//!   `d = arccos(cos(x_l, x_(l+n))) / pi` of what it receives and what it hands on, flattened,
//!   mean over the first 1,000 training images. Every span is deleted, and the error
//!   taken on the first 2,000 test images; so the span of least d can be put beside all
//!   others of its length, whose mean is that of random spans. Beside them as many units of
//!   least single cost (rise of the cross-entropy on the same training images, ties by
//!   number), and `draws` random sets, both of all units that are in a span, of any stage.
//! - **Expected shape:** as in the source, if the reading carries over: the span of least d
//!   costs less than a random one, up to some length.
//! - **Record:** [`record::DeleteSpans`].
//!
//! Departures: the source takes the last token of a text, which has seen all others; an image
//! has no such position, and the head averages over all of them, so whole activations are
//! compared. A span over a boundary has no such angle, since its ends differ in shape. The
//! source trains a little after the deletion ("healing"); here nothing is trained. Training
//! images choose, so that no choice sees the images that judge it. Single costs are rises of
//! the cross-entropy, since on training images hardly an error changes.

use std::sync::{Arc, OnceLock};

use models::{EVAL_BATCH, EVAL_GROUP, Model, Place, Plan, Predictions, Site, Sites, Unit, Visit};
use nn::{Pass, Var};
use record::{Answer as _, ChosenUnits, DeletedSpan, HowChosen, MeanSd};
use serde::{Deserialize, Serialize};
use tensor::Tensor;
use tensor::random::Stream;

use super::options::check_lesions;
use super::{Experiment, Needs, Networks, OptionInfo};
use crate::draw::subset;
use crate::reading::{images_of, sum};
use crate::work::score;
use crate::{Done, Inputs, Lesion, LesionError, PrefixTree, Work};

/// Images of an item of distances: the outputs of all units are kept.
const AT_ONCE: usize = 8;

/// Spans of units deleted.
#[derive(Debug)]
pub struct DeleteSpans;

/// How much is tried.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Options {
    /// How many test images, the first ones; fewer where there are fewer.
    pub span_images: usize,
    /// How many training images, the first ones; fewer where there are fewer.
    pub calibration_images: usize,
    /// By how much lengths grow, from 1.
    pub step: usize,
    /// Random sets of each length.
    pub draws: usize,
    /// Their seed.
    pub seed: u64,
}

impl Default for Options {
    fn default() -> Self {
        let (span_images, calibration_images) = (2_000, 1_000);
        Options { span_images, calibration_images, step: 1, draws: 10, seed: 0 }
    }
}

impl Experiment for DeleteSpans {
    type Options = Options;
    type Answer = record::DeleteSpans;

    const VERSION: u32 = 1;
    const SUMMARY: &'static str = "spans of units deleted, with the angle between their two ends";
    const OPTIONS: &'static [OptionInfo] = &[
        OptionInfo::new("span-images", "N", "test images, the first ones"),
        OptionInfo::new("calibration-images", "N", "training images for distances and costs"),
        OptionInfo::new("step", "N", "growth of the length of spans, from 1"),
        OptionInfo::new("draws", "N", "random sets of each length"),
        OptionInfo::new("seed", "S", "decides the random sets"),
    ];

    fn preview() -> Options {
        let (span_images, calibration_images) = (64, 48);
        Options { span_images, calibration_images, step: 4, draws: 2, ..Options::default() }
    }

    fn needs(_: &Options) -> Needs {
        Needs { networks: Networks::One, test: true, training: true, log: false }
    }

    fn work(inputs: &Inputs, options: &Options) -> Result<Vec<Work>, LesionError> {
        let (name, model) = (record::DeleteSpans::EXPERIMENT, &inputs.network().model);
        let Options { span_images, calibration_images, step, draws, .. } = *options;
        let given = [("span-images", span_images), ("calibration-images", calibration_images)];
        for (option, value) in given.into_iter().chain([("step", step), ("draws", draws)]) {
            if value == 0 || value > 100_000 {
                return Err(LesionError::option(name, option, value, "expected 1 to 100000"));
            }
        }
        let rows = rows(model);
        if rows.is_empty() {
            let needed = "a stage with two residual units in a row that can change places";
            return Err(LesionError::unsuited(name, &inputs.network().name, needed));
        }
        let (spans, random) = (spans(&rows, step), random(&rows, options));
        check_lesions(name, "draws", draws, spans.len() + random.len())?;
        let (images, training) = (images(inputs, options), calibration(inputs, options));
        let plans = spans.iter().chain(&random).map(|units| without(model, units));
        let intact = Plan::intact(model);
        let lesions = [intact].into_iter().chain(plans).map(Lesion::from).collect();
        let (lengths, macs) = (lengths(&rows, step).count(), model.macs());
        let items = images.div_ceil(EVAL_GROUP);
        let singles = rows.concat().len() * training;
        let order = Arc::new(OnceLock::new());
        let of = options.clone();
        Ok(vec![
            Work::Lesions { network: 0, lesions, images: 0..images },
            Work::Items {
                label: format!("angles of {} spans, {training} training images", spans.len()),
                count: training.div_ceil(AT_ONCE),
                macs: AT_ONCE as u64 * macs,
                run: Box::new(move |inputs, item| distances(inputs, training, step, item)),
            },
            Work::Items {
                label: format!("units of least cost, {training} training, {images} test images"),
                count: items,
                // About: half of a pass for each length, and a share of the single deletions.
                macs: (EVAL_GROUP * lengths + singles.div_ceil(items)) as u64 * macs / 2,
                run: Box::new(move |inputs, item| least(inputs, &of, &order, item)),
            },
        ])
    }

    fn answer(
        inputs: &Inputs,
        options: &Options,
        done: Vec<Done>,
    ) -> Result<record::DeleteSpans, LesionError> {
        let model = &inputs.network().model;
        let rows = rows(model);
        let (spans, random) = (spans(&rows, options.step), random(&rows, options));
        let [lesions, angles, least]: [Done; 3] = done.try_into().expect("three kinds of work");
        let mut lesions = lesions.into_lesions().into_iter();
        let mut next = || lesions.next().expect("each plan has predictions");
        let checked = |units: &[usize], predictions: &Predictions| {
            score(predictions, &model.name, || format!("units {units:?} deleted"))
        };
        let intact = checked(&[], &next())?;
        let angles = angles.into_items().concat();
        let deleted = spans.iter().enumerate().map(|(place, units)| {
            let column = angles.iter().skip(place).step_by(spans.len()).copied();
            let distance = MeanSd::of(column);
            if !distance.mean.is_finite() {
                let needed = "activations that are finite, none of them all zero";
                let name = record::DeleteSpans::EXPERIMENT;
                return Err(LesionError::unsuited(name, &inputs.network().name, needed));
            }
            let found = checked(units, &next())?;
            Ok(DeletedSpan {
                stage: model.units[units[0]].stage,
                units: units.clone(),
                distance,
                wrong: found.wrong,
                cross_entropy: found.cross_entropy,
            })
        });
        let deleted = deleted.collect::<Result<Vec<_>, _>>()?;
        let chosen = |how: HowChosen, units: Vec<usize>, predictions: &Predictions| {
            let found = checked(&units, predictions)?;
            let (wrong, cross_entropy) = (found.wrong, found.cross_entropy);
            Ok::<_, LesionError>(ChosenUnits { how, units, wrong, cross_entropy })
        };
        let of_least = least_sets(&rows, options, least.into_items());
        let mut sets = Vec::new();
        for (units, predictions) in of_least {
            sets.push(chosen(HowChosen::Least, units, &predictions)?);
        }
        for units in random {
            sets.push(chosen(HowChosen::Random, units, &next())?);
        }
        let (images, calibration) = (images(inputs, options), calibration(inputs, options));
        Ok(record::DeleteSpans { images, calibration, intact, spans: deleted, sets })
    }
}

fn images(inputs: &Inputs, options: &Options) -> usize {
    options.span_images.min(inputs.test().len())
}

fn calibration(inputs: &Inputs, options: &Options) -> usize {
    options.calibration_images.min(inputs.training().len())
}

/// The residual units of each stage that change no shape, where they lie in a row.
fn rows(model: &Model<f32>) -> Vec<Vec<usize>> {
    let is_row = |ids: &Vec<usize>| {
        let is_residual = ids.iter().all(|&id| Unit::has_skip(&model.units[id]));
        is_residual && ids.windows(2).all(|two| two[0] + 1 == two[1])
    };
    model.interchangeable().into_iter().filter(is_row).collect()
}

/// The lengths of spans, up to that of the longest row.
fn lengths(rows: &[Vec<usize>], step: usize) -> impl Iterator<Item = usize> {
    let longest = rows.iter().map(Vec::len).max().unwrap_or(0);
    (1..=longest).step_by(step)
}

/// All spans of these lengths, by row, first unit and length.
fn spans(rows: &[Vec<usize>], step: usize) -> Vec<Vec<usize>> {
    let of_row = |row: &Vec<usize>| {
        let from = |first: usize| {
            let lengths = lengths(rows, step).take_while(move |n| first + n <= row.len());
            lengths.map(move |n| row[first..first + n].to_vec())
        };
        (0..row.len()).flat_map(from).collect::<Vec<_>>()
    };
    rows.iter().flat_map(of_row).collect()
}

/// Random sets of units of all rows, by length and draw.
fn random(rows: &[Vec<usize>], options: &Options) -> Vec<Vec<usize>> {
    let (pool, stream) = (rows.concat(), Stream::new(options.seed, "delete-spans"));
    let of_length = |n: usize| {
        let draw = |draw: usize| subset(&pool, n, &mut stream.at(n as u64, draw as u64));
        (0..options.draws).map(draw).collect::<Vec<_>>()
    };
    lengths(rows, options.step).flat_map(of_length).collect()
}

fn without(model: &Model<f32>, units: &[usize]) -> Plan {
    Plan::intact(model).delete_all(model, units).expect("residual units can be deleted")
}

/// Of each training image of an item the distance of each span.
fn distances(inputs: &Inputs, training: usize, step: usize, item: usize) -> Vec<f64> {
    let (subject, model) = (inputs.network(), &inputs.network().model);
    let places = item * AT_ONCE..training.min((item + 1) * AT_ONCE);
    let n = places.len();
    let mut batches = subject.batches_of(inputs.training(), places, n);
    let (batch, _) = batches.next().expect("an item has images");
    let rows = rows(model);
    let mut ends = Ends { rows: &rows, seen: vec![Vec::new(); model.units.len() + 1] };
    let (plan, visit) = (Plan::intact(model), Visit { images: 0..n, plans: &[0] });
    let mut pass = Pass::eval(&model.params);
    let x = pass.tape.constant(batch);
    let h = model.forward_stem(&mut pass, &x);
    model.eval_units_at(&mut pass, h, &plan.order, &plan, &mut ends, &visit);
    let values: Vec<Vec<&[f32]>> =
        ends.seen.iter().map(|parts| parts.iter().flat_map(images_of).collect()).collect();
    let spans = spans(&rows, step);
    let of_image = |image: usize| {
        let values = &values;
        spans.iter().map(move |units| {
            let (first, last) = (units[0], units[units.len() - 1]);
            angle(values[first][image], values[last + 1][image])
        })
    };
    (0..n).flat_map(of_image).collect()
}

/// The angle between two activations over pi; not a number where one of them is 0.
fn angle(a: &[f32], b: &[f32]) -> f64 {
    let dot =
        |a: &[f32], b: &[f32]| sum(a.iter().zip(b).map(|(&a, &b)| f64::from(a) * f64::from(b)));
    let cos = dot(a, b) / (dot(a, a) * dot(b, b)).sqrt();
    libm::acos(cos.clamp(-1.0, 1.0)) / std::f64::consts::PI
}

/// Keeps what the units of rows receive and hand on: `seen[l]` is the input of unit l, and
/// the output of the one before it.
struct Ends<'a> {
    rows: &'a [Vec<usize>],
    seen: Vec<Vec<Tensor<f32>>>,
}

impl Sites<f32> for Ends<'_> {
    fn wants(&self, Site { unit, place }: Site) -> bool {
        self.rows.iter().any(|row| match place {
            Place::Input => row[0] == unit,
            Place::Output => row.contains(&unit),
            Place::Skip | Place::Branch(_) | Place::Gate => false,
        })
    }

    fn at(&mut self, site: Site, _: &Visit<'_>, value: &Var<f32>) -> Option<Tensor<f32>> {
        let place = site.unit + usize::from(site.place == Place::Output);
        self.seen[place].push(value.value().clone());
        None
    }
}

/// The units of all rows, those first whose deletion raises the cross-entropy least.
fn by_cost(inputs: &Inputs, options: &Options) -> Vec<usize> {
    let (subject, model) = (inputs.network(), &inputs.network().model);
    let pool = rows(model).concat();
    let plans = pool.iter().map(|&id| without(model, &[id])).collect();
    let tree = PrefixTree::new(model, plans).expect("the plans are made for the model");
    let places = 0..calibration(inputs, options);
    let batches = subject.batches_of(inputs.training(), places, EVAL_BATCH);
    let found = tree.evaluate(model, batches, &mut |_| ());
    let mut costs: Vec<(f64, usize)> =
        found.iter().map(Predictions::cross_entropy).zip(pool).collect();
    costs.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    costs.into_iter().map(|(_, id)| id).collect()
}

/// The first `n` of these units, ascending.
fn first(order: &[usize], n: usize) -> Vec<usize> {
    let mut units = order[..n].to_vec();
    units.sort_unstable();
    units
}

/// The units by their cost, then of each test image of an item right or wrong and the loss
/// without the first of them, length by length.
fn least(
    inputs: &Inputs,
    options: &Options,
    order: &OnceLock<Vec<usize>>,
    item: usize,
) -> Vec<f64> {
    let (subject, model) = (inputs.network(), &inputs.network().model);
    let order = order.get_or_init(|| by_cost(inputs, options));
    let rows = rows(model);
    let lengths = lengths(&rows, options.step);
    let plans = lengths.map(|n| without(model, &first(order, n))).collect();
    let tree = PrefixTree::new(model, plans).expect("the plans are made for the model");
    let places = item * EVAL_GROUP..images(inputs, options).min((item + 1) * EVAL_GROUP);
    let n = places.len();
    let batches = subject.batches_of(inputs.test(), places, n);
    let found = tree.evaluate(model, batches, &mut |_| ());
    let numbers = |image: usize| {
        let each = found.iter();
        each.flat_map(move |p| [f64::from(u8::from(p.is_right[image])), p.losses[image]])
    };
    order.iter().map(|&id| id as f64).chain((0..n).flat_map(numbers)).collect()
}

/// For each length the units of least cost, with the predictions of all images.
fn least_sets(
    rows: &[Vec<usize>],
    options: &Options,
    items: Vec<Vec<f64>>,
) -> Vec<(Vec<usize>, Predictions)> {
    let units = rows.concat().len();
    let order: Vec<usize> = items[0][..units].iter().map(|&id| id as usize).collect();
    let lengths: Vec<usize> = lengths(rows, options.step).collect();
    let width = 2 * lengths.len();
    let set = |(place, &n): (usize, &usize)| {
        let rows = || items.iter().flat_map(|item| item[units..].chunks_exact(width));
        let predictions = Predictions {
            is_right: rows().map(|row| row[2 * place] == 1.0).collect(),
            losses: rows().map(|row| row[2 * place + 1]).collect(),
        };
        (first(&order, n), predictions)
    };
    lengths.iter().enumerate().map(set).collect()
}
