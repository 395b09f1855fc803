//! An ensemble of networks that loses members.

use serde::{Deserialize, Serialize};

use super::Answer;
use crate::check::expect;
use crate::{Bits, Committee, Key};

/// Separately trained networks, the members, and the mean softmax of every subset of them.
///
/// A subset is a number from 1 on: bit `m` says whether member `m` belongs to it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ensemble {
    /// Number of images.
    pub images: usize,
    /// For each member, in the key's order, the images that it gets right.
    pub members: Vec<Bits>,
    /// All members together.
    pub all: Committee,
    /// Number of images misclassified by the mean softmax of each subset; subset 1 is at
    /// place 0.
    pub subset_wrong: Vec<u32>,
    /// How many images have how many wrong subsets of each size: each image counts in one
    /// profile. This is what intervals over images need of the answers to single images.
    pub profiles: Vec<Profile>,
}

/// Images that as many subsets of each size get wrong.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// How many subsets of 1, 2, … members misclassify such an image.
    pub wrong: Vec<u32>,
    /// How many images these are.
    pub images: u32,
}

impl Ensemble {
    /// How many subsets have so many members.
    pub fn subsets(&self, size: usize) -> usize {
        self.sized(size).count()
    }

    /// The error of a subset of so many members, mean over all of them.
    ///
    /// # Panics
    /// If there is no such subset.
    #[track_caller]
    pub fn error(&self, size: usize) -> f64 {
        let subsets = self.subsets(size);
        assert!(subsets > 0, "ensemble: {size} of {} members", self.members.len());
        self.wrong(size) as f64 / (subsets * self.images) as f64
    }

    /// Images misclassified, summed over the subsets of so many members.
    fn wrong(&self, size: usize) -> u64 {
        self.sized(size).map(u64::from).sum()
    }

    /// Wrong answers of each subset of so many members.
    fn sized(&self, size: usize) -> impl Iterator<Item = u32> + '_ {
        let subsets = self.subset_wrong.iter().zip(1_usize..);
        subsets.filter(move |(_, set)| set.count_ones() as usize == size).map(|(wrong, _)| *wrong)
    }
}

impl Answer for Ensemble {
    const EXPERIMENT: &'static str = "ensemble";

    fn check(&self, key: &Key) -> Result<(), String> {
        let Ensemble { images, members, all, subset_wrong, .. } = self;
        let asked = key.images.first().map_or(0, |images| images.images);
        expect(*images == asked, || {
            format!("answer.images is {images}, expected that of key.images[0], {asked}")
        })?;
        let count = key.networks.len();
        expect(members.len() == count && (1..32).contains(&count), || {
            format!("answer.members has {}, expected one for each of {count}", members.len())
        })?;
        all.check("answer.all", count, *images)?;
        let subsets = (1 << count) - 1;
        expect(subset_wrong.len() == subsets, || {
            format!("answer.subset_wrong has {}, expected {subsets}", subset_wrong.len())
        })?;
        for (member, right) in members.iter().enumerate() {
            let wrong = images.checked_sub(right.count_ones()).filter(|_| right.len() == *images);
            let single = subset_wrong[(1 << member) - 1];
            let found = (wrong, single, all.member_wrong[member]);
            expect(wrong == Some(single as usize) && found.1 == found.2, || {
                format!("answer: of member {member} bits, subset and committee say {found:?} wrong")
            })?;
        }
        let (whole, mean) = (subset_wrong[subsets - 1], images - all.mean.count_ones());
        expect(whole as usize == mean, || {
            format!("answer.subset_wrong of all members is {whole}, expected {mean} by answer.all")
        })?;
        check_profiles(self, count)
    }
}

/// Whether the profiles are those of all images, each once, and add up to the subsets.
fn check_profiles(answer: &Ensemble, members: usize) -> Result<(), String> {
    let Ensemble { images, profiles, .. } = answer;
    let counted: u64 = profiles.iter().map(|profile| u64::from(profile.images)).sum();
    expect(counted == *images as u64, || {
        format!("answer.profiles count {counted} images, expected {images}")
    })?;
    let ascend = profiles.windows(2).all(|pair| pair[0].wrong < pair[1].wrong);
    let are_long = profiles.iter().all(|profile| profile.wrong.len() == members);
    expect(ascend && are_long, || {
        format!("answer.profiles are not {members} numbers each, ascending")
    })?;
    for size in 1..=members {
        let product = |p: &Profile| u64::from(p.images) * u64::from(p.wrong[size - 1]);
        let (found, expected) = (profiles.iter().map(product).sum::<u64>(), answer.wrong(size));
        expect(found == expected, || {
            format!(
                "answer.profiles add up to {found} wrong answers of subsets of {size}, expected \
                 {expected} by answer.subset_wrong"
            )
        })?;
    }
    Ok(())
}
