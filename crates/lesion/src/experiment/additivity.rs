//! Do neighbouring blocks add up in the logits?
//!
//! - **Claim:** blocks are not additive, so 2^n paths are not 2^n models: a block computes a
//!   function of a sum, and that is not the sum of its functions of the terms.
//! - **Source:** Wu, Shen and van den Hengel 2016, "Wider or Deeper", section 3. They argue
//!   it and measure nothing; the index is ours.
//! - **Protocol:** trained weights as they are, batch norm with its running statistics, on
//!   the first 1,000 test images, or all where there are fewer. Of the units that can be
//!   deleted and are not boundaries, every two neighbours i and j = i + 1. With `z` the logits
//!   less their mean over the classes, of the intact network and with units deleted, the
//!   index of an image is `|z - z_-i - z_-j + z_-ij|` over the geometric mean of
//!   `|z - z_-i|` and `|z - z_-j|`. The median over the images, then over the pairs. An image
//!   whose denominator is 0 has no index: it is left out of the median, and counted.
//!   The control is the same with initial weights of a seed of their own, batch-norm
//!   statistics from 50 batches of 128 unaugmented training images (all whole batches where
//!   there are fewer).
//! - **Expected shape:** 0 everywhere if the logits were a sum over paths of models that do
//!   not depend on each other; 1 where the second-order term is as large as the effect of one
//!   block.
//! - **Record:** [`record::Additivity`].

use std::sync::Arc;

use models::{EVAL_GROUP, Model, Plan};
use record::{Answer as _, Median, NeighbourPair, PairIndex};
use serde::{Deserialize, Serialize};
use tensor::Tensor;

use super::{Experiment, Needs, Networks, OptionInfo};
use crate::control::{self, BATCHES, Control, SEED};
use crate::reading::sum;
use crate::{Done, Inputs, LesionError, PrefixTree, Work};

/// Do neighbouring blocks add up in the logits?
#[derive(Debug)]
pub struct Additivity;

/// How much is tried, and against what.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Options {
    /// How many test images, the first ones; fewer where there are fewer.
    pub pair_images: usize,
    /// The seed of the control's initial weights.
    pub control_seed: u64,
    /// Batches of training images for its statistics, at most.
    pub control_batches: usize,
}

impl Default for Options {
    fn default() -> Self {
        Options { pair_images: 1_000, control_seed: SEED, control_batches: BATCHES }
    }
}

impl Experiment for Additivity {
    type Options = Options;
    type Answer = record::Additivity;

    const VERSION: u32 = 1;
    const SUMMARY: &'static str = "whether the effects of neighbouring units on the logits add up";
    const OPTIONS: &'static [OptionInfo] = &[
        OptionInfo::new("pair-images", "N", "test images, the first ones"),
        control::OPTIONS[0],
        control::OPTIONS[1],
    ];

    fn preview() -> Options {
        Options { pair_images: 64, ..Options::default() }
    }

    fn needs(_: &Options) -> Needs {
        Needs { networks: Networks::One, test: true, training: true, log: false }
    }

    fn work(inputs: &Inputs, options: &Options) -> Result<Vec<Work>, LesionError> {
        let (name, model) = (record::Additivity::EXPERIMENT, &inputs.network().model);
        if options.pair_images == 0 {
            return Err(LesionError::option(name, "pair-images", 0, "expected at least 1"));
        }
        if Pairs::of(model).pairs.is_empty() {
            let needed = "two neighbouring units that can be deleted and are not boundaries";
            return Err(LesionError::unsuited(name, &inputs.network().name, needed));
        }
        let control = control(inputs, options)?;
        let images = images(inputs, options);
        let count = images.div_ceil(EVAL_GROUP);
        let macs = EVAL_GROUP as u64 * Pairs::of(model).tree(model).cost(model).macs;
        let making = control.macs(inputs).div_ceil(count as u64);
        let control = Arc::new(control);
        Ok(vec![
            Work::Items {
                label: format!("effects on the logits, {images} images"),
                count,
                macs,
                run: Box::new(move |inputs, item| {
                    effects(inputs, &inputs.network().model, images, item)
                }),
            },
            Work::Items {
                label: format!("effects on the logits, initial weights, {images} images"),
                count,
                macs: macs + making,
                run: Box::new(move |inputs, item| {
                    effects(inputs, control.model(inputs), images, item)
                }),
            },
        ])
    }

    fn answer(
        inputs: &Inputs,
        options: &Options,
        done: Vec<Done>,
    ) -> Result<record::Additivity, LesionError> {
        let model = &inputs.network().model;
        let pairs = Pairs::of(model);
        let each: Vec<Vec<f64>> = done.into_iter().map(|done| done.into_items().concat()).collect();
        if !each.iter().flatten().all(|norm| norm.is_finite()) {
            let (name, needed) = (record::Additivity::EXPERIMENT, "logits that are finite");
            return Err(LesionError::unsuited(name, &inputs.network().name, needed));
        }
        let pair = |(place, &(first, second)): (usize, &(usize, usize))| NeighbourPair {
            first,
            second,
            stage: model.units[first].stage,
            trained: pairs.index(&each[0], place),
            initial: pairs.index(&each[1], place),
        };
        Ok(record::Additivity {
            images: images(inputs, options),
            batches: control(inputs, options)?.batches(),
            pairs: pairs.pairs.iter().enumerate().map(pair).collect(),
        })
    }
}

fn control(inputs: &Inputs, options: &Options) -> Result<Control, LesionError> {
    let Options { control_seed, control_batches, .. } = *options;
    Control::new(record::Additivity::EXPERIMENT, inputs, control_seed, control_batches)
}

fn images(inputs: &Inputs, options: &Options) -> usize {
    options.pair_images.min(inputs.test().len())
}

/// What is deleted: units by themselves, and two neighbours at once.
struct Pairs {
    units: Vec<usize>,
    pairs: Vec<(usize, usize)>,
}

impl Pairs {
    /// The units that can be deleted, are not boundaries and have such a neighbour.
    fn of(model: &Model<f32>) -> Pairs {
        let belongs =
            |&id: &usize| model.units[id].is_deletable() && !model.units[id].is_boundary();
        let pool: Vec<usize> = (0..model.units.len()).filter(belongs).collect();
        let neighbours = |two: &[usize]| (two[0] + 1 == two[1]).then_some((two[0], two[1]));
        let pairs: Vec<_> = pool.windows(2).filter_map(neighbours).collect();
        let has_one = |id: &usize| pairs.iter().any(|&(i, j)| i == *id || j == *id);
        Pairs { units: pool.into_iter().filter(has_one).collect(), pairs }
    }

    /// The intact network, then each unit deleted, then each pair.
    fn tree(&self, model: &Model<f32>) -> PrefixTree {
        let delete = |ids: &[usize]| {
            let plan = Plan::intact(model).delete_all(model, ids);
            plan.expect("only deletable units are deleted")
        };
        let units = self.units.iter().map(|&id| delete(&[id]));
        let pairs = self.pairs.iter().map(|&(i, j)| delete(&[i, j]));
        let plans = [delete(&[])].into_iter().chain(units).chain(pairs).collect();
        PrefixTree::new(model, plans).expect("deletions fit their network")
    }

    /// Numbers of one image: [`effects`] has their order.
    fn width(&self) -> usize {
        1 + self.units.len() + self.pairs.len()
    }

    fn place(&self, id: usize) -> usize {
        self.units.iter().position(|&other| other == id).expect("pairs are of units")
    }

    /// The index of a pair, from the numbers of all images.
    fn index(&self, numbers: &[f64], pair: usize) -> PairIndex {
        let (i, j) = self.pairs[pair];
        let columns = [1 + self.place(i), 1 + self.place(j), 1 + self.units.len() + pair];
        let rows = numbers.chunks_exact(self.width());
        let terms = rows.map(|row| (row[0], columns.map(|column| row[column])));
        let (mut indices, mut effects, mut without) = (Vec::new(), Vec::new(), 0);
        for (whole, [first, second, both]) in terms {
            let effect = (first * second).sqrt();
            if whole > 0.0 {
                effects.push(effect / whole);
            }
            if effect > 0.0 {
                indices.push(both / effect);
            } else {
                without += 1;
            }
        }
        PairIndex { index: Median::of(&indices), without, effect: Median::of(&effects) }
    }
}

/// Of each image of a group, with class-centred logits `z`: `|z|`, then `|z - z_-i|` of each
/// unit, then `|z - z_-i - z_-j + z_-ij|` of each pair.
fn effects(inputs: &Inputs, model: &Model<f32>, images: usize, item: usize) -> Vec<f64> {
    let pairs = Pairs::of(model);
    let places = item * EVAL_GROUP..images.min((item + 1) * EVAL_GROUP);
    let (n, subject) = (places.len(), inputs.network());
    let (batch, _) =
        subject.batches_of(inputs.test(), places, n).next().expect("a group has images");
    let logits = pairs.tree(model).logits(model, &batch);
    let (intact, deleted) = logits.split_first().expect("the intact network is first");
    let (singles, of_pairs) = deleted.split_at(pairs.units.len());
    let mut numbers = Vec::with_capacity(n * pairs.width());
    for image in 0..n {
        let row = |logits: &Tensor<f32>| -> Vec<f64> {
            logits.rows(image, image + 1).as_slice().iter().map(|&v| f64::from(v)).collect()
        };
        let z = row(intact);
        numbers.push(centred_norm(z.iter().copied()));
        let singles: Vec<Vec<f64>> = singles.iter().map(row).collect();
        let effect = |without: &Vec<f64>| centred_norm(z.iter().zip(without).map(|(z, w)| z - w));
        numbers.extend(singles.iter().map(effect));
        for (&(i, j), both) in pairs.pairs.iter().zip(of_pairs) {
            let (i, j) = (&singles[pairs.place(i)], &singles[pairs.place(j)]);
            let both = row(both);
            let second_order = (0..z.len()).map(|k| (z[k] - i[k]) - (j[k] - both[k]));
            numbers.push(centred_norm(second_order));
        }
    }
    numbers
}

/// The norm of a vector less its mean.
fn centred_norm(values: impl ExactSizeIterator<Item = f64> + Clone) -> f64 {
    let mean = sum(values.clone()) / values.len() as f64;
    sum(values.map(|v| (v - mean) * (v - mean))).sqrt()
}
