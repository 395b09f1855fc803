//! Does one pass with scaled weights stand for the average over random masks?
//!
//! - **Claim:** a network trained with random masks, of units (dropout) or of blocks
//!   (stochastic depth), is an ensemble of thinned networks, and the pass in which all parts
//!   run, scaled by their chance to survive, approximates the average of them.
//! - **Source:** Srivastava et al. 2014, "Dropout", section 7.5, for units; Huang et al. 2016,
//!   "Deep Networks with Stochastic Depth", section 3, for blocks.
//! - **Protocol:** trained weights as they are, batch norm with its running statistics. Of
//!   blocks: mask m runs each block with the chance that the network scales its branch by,
//!   in full if it runs, and is the same for all images. Of units: what dropout leaves, as in
//!   training, another mask for each image and number m. Errors of single masks, of the mean
//!   softmax of the first 1, 2, 5, … masks, and of the scaled network.
//! - **Expected shape:** the mean softmax improves with the number of masks and levels off
//!   near the error of the scaled network.
//! - **Record:** [`record::Masks`].

use models::{EVAL_GROUP, Layer, Layers, Model, Plan, Route, Skip, Unit};
use nn::Pass;
use record::{Answer as _, Bits, MaskCount};
use serde::{Deserialize, Serialize};
use tensor::Tensor;
use tensor::random::Stream;

use super::options::check_lesions;
use super::{Experiment, MostImages, Needs, Networks, OptionInfo};
use crate::committee::{Layout, Said, committee, probabilities, winner};
use crate::reading::{group, groups};
use crate::work::score;
use crate::{Done, Inputs, Lesion, LesionError, PrefixTree, Work};

/// Random masks against the scaled network.
#[derive(Debug)]
pub struct Masks;

/// What is masked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Options {
    /// What a mask leaves out.
    pub of: Masked,
    /// Random masks.
    pub masks: usize,
    /// The seed of the masks.
    pub seed: u64,
}

/// What a mask leaves out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Masked {
    /// Units of layers, by dropout.
    Units,
    /// Blocks of a network trained with random blocks.
    Blocks,
}

impl Default for Options {
    fn default() -> Self {
        Options { of: Masked::Blocks, masks: 100, seed: 0 }
    }
}

/// Numbers of masks that are averaged, as far as there are so many; all of them come last.
const SIZES: [usize; 7] = [1, 2, 5, 10, 20, 50, 100];

impl Experiment for Masks {
    type Options = Options;
    type Answer = record::Masks;

    const VERSION: u32 = 1;
    const SUMMARY: &'static str = "the average over random masks against the scaled network";
    const OPTIONS: &'static [OptionInfo] = &[
        OptionInfo::new("of", "WHAT", "what masks leave out: units (dropout) or blocks"),
        OptionInfo::new("masks", "N", "random masks"),
        OptionInfo::new("seed", "S", "decides the masks"),
    ];

    fn preview() -> Options {
        Options { masks: 20, ..Options::default() }
    }

    fn preview_images(_: &Options) -> MostImages {
        MostImages { test: 400, ..MostImages::ALL }
    }

    fn needs(_: &Options) -> Needs {
        Needs { networks: Networks::One, test: true, training: false, log: false }
    }

    fn work(inputs: &Inputs, options: &Options) -> Result<Vec<Work>, LesionError> {
        let (name, masks) = (record::Masks::EXPERIMENT, options.masks);
        if masks == 0 {
            return Err(LesionError::option(name, "masks", 0, "expected at least 1"));
        }
        check_lesions(name, "masks", masks, masks)?;
        let (subject, seed) = (inputs.network(), options.seed);
        let model = &subject.model;
        let layout = Layout { committees: sizes(masks).len(), classifiers: masks };
        let (label, macs, run): (&str, u64, crate::ItemFn) = match options.of {
            Masked::Units => {
                let Some(first) = first_dropout(model) else {
                    return Err(LesionError::unsuited(name, &subject.name, "dropout"));
                };
                let run = move |inputs: &Inputs, item: usize| -> Vec<f64> {
                    say(inputs, item, layout, thinned(inputs, item, first, masks, seed))
                };
                ("dropout masks", model.macs(), Box::new(run))
            }
            Masked::Blocks => {
                let rates = &model.branch_scale;
                if rates.iter().all(|&rate| rate == 1.0)
                    || !rates.iter().all(|&rate| rate > 0.0 && rate <= 1.0)
                    || !model.units.iter().all(|unit| unit.skip != Skip::None)
                {
                    let needed = "branches scaled by their chance to survive, as training with \
                                  random blocks leaves them";
                    return Err(LesionError::unsuited(name, &subject.name, needed));
                }
                let tree = PrefixTree::new(model, survivors(model, masks, seed))
                    .expect("a mask takes branches away and leaves the skip");
                let mut unscaled = model.clone();
                unscaled.branch_scale.fill(1.0);
                let macs = tree.cost(model).macs;
                let run = move |inputs: &Inputs, item: usize| -> Vec<f64> {
                    let images = batch(inputs, item);
                    let logits = tree.logits(&unscaled, &images);
                    say(inputs, item, layout, logits.iter().map(probabilities).collect())
                };
                ("block masks", macs, Box::new(run))
            }
        };
        let (images, lesions) = (inputs.test().len(), vec![Lesion::from(Plan::intact(model))]);
        Ok(vec![
            Work::Lesions { network: 0, lesions, images: 0..images },
            Work::Items {
                label: format!("{masks} {label}, {EVAL_GROUP} images an item"),
                count: groups(inputs),
                macs: macs * EVAL_GROUP as u64,
                run,
            },
        ])
    }

    fn answer(
        inputs: &Inputs,
        options: &Options,
        done: Vec<Done>,
    ) -> Result<record::Masks, LesionError> {
        let subject = inputs.network();
        let (sizes, images) = (sizes(options.masks), inputs.test().len());
        let mut done = done.into_iter();
        let mut next = || done.next().expect("both parts of the work are done");
        let scaled = score(&next().into_lesions()[0], &subject.name, || "scaled".to_owned())?;
        let layout = Layout { committees: sizes.len(), classifiers: options.masks };
        let (said, right) = layout.read(&next().into_items());
        let averages = sizes.iter().zip(said).map(|(&masks, said)| {
            let members: Vec<&Bits> = right[..masks].iter().collect();
            let together = committee(&said, members.into_iter());
            let together = together.ok_or_else(|| LesionError::NoProbabilities {
                experiment: record::Masks::EXPERIMENT,
                networks: subject.name.clone(),
                members: "a mask".to_owned(),
            })?;
            Ok(MaskCount { masks, together })
        });
        let averages: Vec<MaskCount> = averages.collect::<Result<_, LesionError>>()?;
        let wrong = |image: usize| right.iter().filter(|mask| !mask.get(image)).count() as u32;
        Ok(record::Masks {
            images,
            scaled,
            averages,
            wrong_masks: (0..images).map(wrong).collect(),
        })
    }
}

/// How many masks are averaged.
fn sizes(masks: usize) -> Vec<usize> {
    SIZES.into_iter().filter(|&size| size < masks).chain([masks]).collect()
}

/// The images of an item.
fn batch(inputs: &Inputs, item: usize) -> Tensor<f32> {
    let places = group(inputs, item);
    let mut batches = inputs.network().batches_of(inputs.test(), places, EVAL_GROUP);
    batches.next().expect("an item has images").0
}

/// The plan of each mask: block l runs with the chance `branch_scale[l]`.
fn survivors(model: &Model<f32>, masks: usize, seed: u64) -> Vec<Plan> {
    let stream = Stream::new(seed, "masks");
    let plan = |mask: usize| {
        let (mut plan, mut random) = (Plan::intact(model), stream.at(mask as u64, 0));
        for (route, &rate) in plan.routes.iter_mut().zip(&model.branch_scale) {
            if random.uniform() >= rate {
                *route = Route::SKIP;
            }
        }
        plan
    };
    (0..masks).map(plan).collect()
}

/// The first unit with a layer that drops; all of them come before a head that does. `None`
/// if no layer drops.
fn first_dropout(model: &Model<f32>) -> Option<usize> {
    let drops = |layers: &Layers| layers.0.iter().any(|layer| matches!(layer, Layer::Dropout(_)));
    let in_unit = |unit: &Unit| {
        drops(&unit.pre)
            || unit.branches.iter().any(drops)
            || drops(&unit.merge)
            || drops(&unit.post)
    };
    let first = model.units.iter().position(in_unit);
    first.or_else(|| drops(&model.head).then_some(model.units.len()))
}

/// The probabilities of each mask for each image of an item: what comes before the first
/// dropout runs once, and the rest for each image on as many copies as there are masks.
fn thinned(
    inputs: &Inputs,
    item: usize,
    first: usize,
    masks: usize,
    seed: u64,
) -> Vec<Vec<Vec<f64>>> {
    let (model, stream) = (&inputs.network().model, Stream::new(seed, "masks"));
    let plan = Plan::intact(model);
    let mut pass = Pass::eval(&model.params);
    let x = pass.tape.constant(batch(inputs, item));
    let stem = model.forward_stem(&mut pass, &x);
    let features = model.eval_units(&mut pass, stem, &plan.order[..first], &plan);
    let mut each = vec![Vec::new(); masks];
    for (row, place) in group(inputs, item).enumerate() {
        let one = features.value().rows(row, row + 1);
        let copies = Tensor::concat(&vec![one; masks]);
        let mut pass = Pass::eval(&model.params);
        pass.dropout = Some(stream.at(place as u64, 0));
        let mut h = pass.tape.constant(copies);
        for &id in &plan.order[first..] {
            h = model.forward_unit(&mut pass, &h, id, &plan);
        }
        let logits = model.forward_head(&mut pass, &h);
        for (mask, said) in each.iter_mut().zip(probabilities(logits.value())) {
            mask.push(said);
        }
    }
    each
}

/// What the masks say of the images of an item, from the probabilities of each mask and image.
fn say(inputs: &Inputs, item: usize, layout: Layout, each: Vec<Vec<Vec<f64>>>) -> Vec<f64> {
    let (test, sizes) = (inputs.test(), sizes(layout.classifiers));
    let mut out = Vec::new();
    for (row, place) in group(inputs, item).enumerate() {
        let members: Vec<&[f64]> = each.iter().map(|mask| mask[row].as_slice()).collect();
        let label = test.label(place).into();
        let said: Vec<Said> = sizes.iter().map(|&size| Said::of(&members[..size], label)).collect();
        let right: Vec<bool> = members.iter().map(|p| winner(p) == Some(label)).collect();
        layout.write(&mut out, &said, &right);
    }
    out
}
