//! Every network that is left when blocks of one network are deleted, as an ensemble.
//!
//! - **Claim:** a residual network behaves like an ensemble of its paths.
//! - **Source:** Veit, Wilber and Belongie 2016, section 3; the test is ours. A path as such
//!   classifies nothing, but the sub-networks that keep some of the blocks do, and a network
//!   of n blocks has 2^n of them.
//! - **Protocol:** trained weights as they are, batch norm with its running statistics. Each
//!   unit that can be deleted is kept (all its terms) or deleted (its skip alone), in every
//!   combination, on every image: the sub-networks' errors, the majority vote and the mean
//!   softmax of all of them and of those that keep as many units, how much their errors
//!   correlate, and their ambiguity. The same numbers of separately trained networks are
//!   those of the experiment `ensemble`.
//! - **Expected shape:** the members of an ensemble are about as good as each other, and
//!   together better than each. If the network were one, a vote of its sub-networks would
//!   come near it; sub-networks with few units are expected to be near chance.
//! - **Record:** [`record::SubNetworks`].
//!
//! Sub-networks that agree on the first units share these: with 9 blocks 512 networks cost
//! 57 evaluations, not 512.

use models::{EVAL_GROUP, Model, Plan};
use record::{Answer as _, Bits, Committee};
use serde::{Deserialize, Serialize};

use super::{Experiment, Needs, Networks, OptionInfo};
use crate::committee::{Layout, Said, committee, probabilities, winner};
use crate::reading::{group, groups};
use crate::work::score;
use crate::{Done, Inputs, Lesion, LesionError, PrefixTree, Work};

/// Most units: each one doubles the number of sub-networks.
const MOST: usize = 12;

/// Every sub-network of one network.
#[derive(Debug)]
pub struct SubNetworks;

/// There is nothing to choose.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Options {}

impl Experiment for SubNetworks {
    type Options = Options;
    type Answer = record::SubNetworks;

    const VERSION: u32 = 1;
    const SUMMARY: &'static str = "every sub-network of a network with few blocks, as an ensemble";
    const OPTIONS: &'static [OptionInfo] = &[];

    fn needs(_: &Options) -> Needs {
        Needs { networks: Networks::One, test: true, training: false, log: false }
    }

    fn work(inputs: &Inputs, _: &Options) -> Result<Vec<Work>, LesionError> {
        let model = &inputs.network().model;
        if !(1..=MOST).contains(&units(model).len()) {
            let name = record::SubNetworks::EXPERIMENT;
            let needed = "1 to 12 units that can be deleted";
            return Err(LesionError::unsuited(name, &inputs.network().name, needed));
        }
        let (plans, images) = (plans(model), inputs.test().len());
        let networks = plans.len();
        let tree = PrefixTree::new(model, plans).expect("only deletable units are deleted");
        let macs = (tree.cost(model) * EVAL_GROUP).macs;
        let lesions = vec![Lesion::from(Plan::intact(model))];
        Ok(vec![
            Work::Lesions { network: 0, lesions, images: 0..images },
            Work::Items {
                label: format!("{networks} sub-networks, {EVAL_GROUP} images an item"),
                count: groups(inputs),
                macs,
                run: Box::new(move |inputs, item| say(inputs, &tree, item)),
            },
        ])
    }

    fn answer(
        inputs: &Inputs,
        _: &Options,
        done: Vec<Done>,
    ) -> Result<record::SubNetworks, LesionError> {
        let model = &inputs.network().model;
        let units = units(model);
        let mut done = done.into_iter();
        let mut next = || done.next().expect("both parts of the work are done");
        let intact = score(&next().into_lesions()[0], &model.name, || "intact".to_owned())?;
        let (said, right) = layout(units.len()).read(&next().into_items());
        let together = |said: &[Said], networks: &[usize], which: &str| {
            let right: Vec<&Bits> = networks.iter().map(|&network| &right[network]).collect();
            committee(said, right.into_iter()).ok_or_else(|| LesionError::NoProbabilities {
                experiment: record::SubNetworks::EXPERIMENT,
                networks: inputs.network().name.clone(),
                members: which.to_owned(),
            })
        };
        let every: Vec<usize> = (0..1 << units.len()).collect();
        let by_kept: Vec<Committee> = (0..=units.len())
            .map(|kept| {
                let which = format!("a sub-network that keeps {kept} units");
                together(&said[1 + kept], &keeping(units.len(), kept), &which)
            })
            .collect::<Result<_, _>>()?;
        Ok(record::SubNetworks {
            images: inputs.test().len(),
            intact,
            all: together(&said[0], &every, "a sub-network")?,
            by_kept,
            units,
        })
    }
}

/// The units that can be deleted, in the network's order.
fn units(model: &Model<f32>) -> Vec<usize> {
    (0..model.units.len()).filter(|&id| model.units[id].is_deletable()).collect()
}

/// Every sub-network, by its number: bit `i` says whether the `i`-th of these units is kept.
fn plans(model: &Model<f32>) -> Vec<Plan> {
    let (units, intact) = (units(model), Plan::intact(model));
    let plan = |network: usize| {
        let deleted = units.iter().enumerate().filter(|(i, _)| network >> i & 1 == 0);
        let deleted: Vec<usize> = deleted.map(|(_, &id)| id).collect();
        intact.clone().delete_all(model, &deleted).expect("only deletable units are deleted")
    };
    (0..1 << units.len()).map(plan).collect()
}

fn keeping(units: usize, kept: usize) -> Vec<usize> {
    record::SubNetworks::keeping(units, kept).collect()
}

/// Committees: all sub-networks, then those that keep 0, 1, … units.
fn layout(units: usize) -> Layout {
    Layout { committees: units + 2, classifiers: 1 << units }
}

/// What the sub-networks say of the images of an item.
fn say(inputs: &Inputs, tree: &PrefixTree, item: usize) -> Vec<f64> {
    let (subject, test) = (inputs.network(), inputs.test());
    let places = group(inputs, item);
    let mut batches = subject.batches_of(test, places.clone(), EVAL_GROUP);
    let (images, _) = batches.next().expect("an item has images");
    let each: Vec<_> = tree.logits(&subject.model, &images).iter().map(probabilities).collect();
    let units = units(&subject.model).len();
    let groups: Vec<Vec<usize>> = (0..=units).map(|kept| keeping(units, kept)).collect();
    let (layout, mut out) = (layout(units), Vec::new());
    for (place, image) in places.enumerate() {
        let members: Vec<&[f64]> = each.iter().map(|member| member[place].as_slice()).collect();
        let label = test.label(image).into();
        let of_group = |group: &Vec<usize>| {
            let members: Vec<&[f64]> = group.iter().map(|&network| members[network]).collect();
            Said::of(&members, label)
        };
        let said: Vec<Said> =
            [Said::of(&members, label)].into_iter().chain(groups.iter().map(of_group)).collect();
        let right: Vec<bool> = members.iter().map(|p| winner(p) == Some(label)).collect();
        layout.write(&mut out, &said, &right);
    }
    out
}
