//! Separately trained networks, and every subset of them as an ensemble.
//!
//! - **Claim:** deleting blocks of a residual network resembles an ensemble that loses
//!   members.
//! - **Source:** Veit, Wilber and Belongie 2016, section 4.2, which has no explicit ensemble
//!   to compare with. This one is ours: small networks that differ in their seed alone.
//! - **Protocol:** trained weights as they are. An ensemble's answer is the class with the
//!   largest mean softmax over its members; every non-empty subset of the networks is one,
//!   so 255 of eight. Beside it the majority vote of all, how much the members' errors
//!   correlate, and their ambiguity.
//! - **Expected shape:** error grows slowly as members are lost and ends at that of a single
//!   member, never at chance: this is where it must differ from a network that loses blocks.
//! - **Record:** [`record::Ensemble`].

use std::collections::BTreeMap;

use models::{EVAL_GROUP, Plan};
use record::{Answer as _, Bits, Profile};
use serde::{Deserialize, Serialize};

use super::{Experiment, Needs, Networks, OptionInfo};
use crate::committee::{Layout, Said, committee, mean, probabilities, winner};
use crate::reading::{group, groups};
use crate::{Done, Inputs, LesionError, Subject, Work};

/// Most members: each one doubles the number of subsets.
const MOST: usize = 12;

/// Separately trained networks as an ensemble.
#[derive(Debug)]
pub struct Ensemble;

/// There is nothing to choose.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Options {}

impl Experiment for Ensemble {
    type Options = Options;
    type Answer = record::Ensemble;

    const VERSION: u32 = 1;
    const SUMMARY: &'static str = "the mean softmax of every subset of several networks";
    const OPTIONS: &'static [OptionInfo] = &[];

    fn needs(_: &Options) -> Needs {
        Needs { networks: Networks::UpTo(MOST), test: true, training: false, log: false }
    }

    fn work(inputs: &Inputs, _: &Options) -> Result<Vec<Work>, LesionError> {
        let macs = inputs.networks.iter().map(|subject| subject.model.macs()).sum::<u64>();
        Ok(vec![Work::Items {
            label: format!("every subset of the networks, {EVAL_GROUP} images an item"),
            count: groups(inputs),
            macs: macs * EVAL_GROUP as u64,
            run: Box::new(say),
        }])
    }

    fn answer(
        inputs: &Inputs,
        _: &Options,
        done: Vec<Done>,
    ) -> Result<record::Ensemble, LesionError> {
        let items: Vec<_> = done.into_iter().flat_map(Done::into_items).collect();
        let count = inputs.networks.len();
        let (said, right) = layout(count).read(&items);
        let members: Vec<Bits> = (0..count).map(|m| right[(1 << m) - 1].clone()).collect();
        let all = committee(&said[0], members.iter()).ok_or_else(|| {
            let names: Vec<_> = inputs.networks.iter().map(|subject| &*subject.name).collect();
            LesionError::NoProbabilities {
                experiment: record::Ensemble::EXPERIMENT,
                networks: names.join(", "),
                members: "a member".to_owned(),
            }
        })?;
        let images = inputs.test().len();
        let wrong = |bits: &Bits| (images - bits.count_ones()) as u32;
        Ok(record::Ensemble {
            images,
            members,
            all,
            subset_wrong: right.iter().map(wrong).collect(),
            profiles: profiles(&right, count, images),
        })
    }
}

/// One committee of all members; the classifiers are the subsets 1, 2, …
fn layout(members: usize) -> Layout {
    Layout { committees: 1, classifiers: (1 << members) - 1 }
}

/// What the members and their subsets say of the images of an item.
fn say(inputs: &Inputs, item: usize) -> Vec<f64> {
    let test = inputs.test();
    let places = group(inputs, item);
    let probabilities = |subject: &Subject| {
        let mut batches = subject.batches_of(test, places.clone(), EVAL_GROUP);
        let (images, _) = batches.next().expect("an item has images");
        probabilities(&subject.model.logits(images, &Plan::intact(&subject.model)))
    };
    let each: Vec<Vec<Vec<f64>>> = inputs.networks.iter().map(probabilities).collect();
    let (layout, mut out) = (layout(each.len()), Vec::new());
    for (place, image) in places.clone().enumerate() {
        let members: Vec<&[f64]> = each.iter().map(|member| member[place].as_slice()).collect();
        let label = test.label(image).into();
        let is_right = |subset: usize| {
            let chosen = members.iter().enumerate().filter(|(m, _)| subset >> m & 1 == 1);
            let chosen: Vec<&[f64]> = chosen.map(|(_, p)| *p).collect();
            winner(&mean(&chosen)) == Some(label)
        };
        let right: Vec<bool> = (1..=layout.classifiers).map(is_right).collect();
        layout.write(&mut out, &[Said::of(&members, label)], &right);
    }
    out
}

/// Images by how many subsets of each size get them wrong.
fn profiles(right: &[Bits], members: usize, images: usize) -> Vec<Profile> {
    let mut counts: BTreeMap<Vec<u32>, u32> = BTreeMap::new();
    for image in 0..images {
        let mut wrong = vec![0; members];
        for (right, subset) in right.iter().zip(1_usize..) {
            wrong[subset.count_ones() as usize - 1] += u32::from(!right.get(image));
        }
        *counts.entry(wrong).or_default() += 1;
    }
    counts.into_iter().map(|(wrong, images)| Profile { wrong, images }).collect()
}
