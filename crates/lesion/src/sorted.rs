//! Lesions in the order in which they are run, and what runs of them cost.

use models::Plan;

use crate::prefix_tree::{Way, way};
use crate::{Lesion, PrefixTree, Subject};

/// The lesions of a list that differ, sorted so that neighbours share the most work:
/// first those that share the network's settings, then by what runs at each place.
///
/// The order follows from the lesions alone, so that a run of it means the same in every
/// process.
#[derive(Debug)]
pub(crate) struct Sorted<'a> {
    /// The lesions that differ.
    pub(crate) distinct: Vec<&'a Lesion>,
    /// For each lesion of the list its place among them.
    pub(crate) places: Vec<usize>,
}

/// Equal where two lesions are one.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct SortKey {
    training_images: usize,
    replacements: String,
    branch_scale: Option<Vec<u64>>,
    ways: Vec<Way>,
}

impl SortKey {
    fn of(lesion: &Lesion) -> SortKey {
        let places = 0..lesion.plan.order.len();
        SortKey {
            training_images: lesion.training_images(),
            replacements: serde_json::to_string(&lesion.replacements).expect("plain data"),
            branch_scale: scale_bits(lesion),
            ways: places.map(|place| way(&lesion.plan, place)).collect(),
        }
    }
}

fn scale_bits(lesion: &Lesion) -> Option<Vec<u64>> {
    let scale = lesion.branch_scale.as_ref()?;
    Some(scale.iter().map(|factor| factor.to_bits()).collect())
}

impl<'a> Sorted<'a> {
    pub(crate) fn new(lesions: &'a [Lesion]) -> Sorted<'a> {
        let mut keyed: Vec<_> = lesions
            .iter()
            .enumerate()
            .map(|(place, lesion)| (SortKey::of(lesion), place))
            .collect();
        keyed.sort();
        let (mut distinct, mut places) = (Vec::new(), vec![0; lesions.len()]);
        for equal in keyed.chunk_by(|(a, _), (b, _)| a == b) {
            equal.iter().for_each(|&(_, place)| places[place] = distinct.len());
            distinct.push(&lesions[equal[0].1]);
        }
        Sorted { distinct, places }
    }
}

/// Sorted lesions, cut where the settings of the network change. A lesion with re-estimated
/// statistics or replacements is alone: they are those of its own plan.
pub(crate) fn same_settings<'s, 'a>(
    run: &'s [&'a Lesion],
) -> impl Iterator<Item = &'s [&'a Lesion]> {
    run.chunk_by(|a, b| {
        let is_plain =
            |lesion: &Lesion| lesion.training_images() == 0 && lesion.replacements.is_empty();
        is_plain(a) && is_plain(b) && scale_bits(a) == scale_bits(b)
    })
}

/// Multiplications of a run of sorted lesions on so many images, prefixes shared.
pub(crate) fn macs(subject: &Subject, run: &[&Lesion], images: usize) -> u64 {
    let model = &subject.model;
    let settings = same_settings(run).map(|lesions| match lesions {
        [lesion] => one_by_one(subject, lesion, images),
        _ => {
            let plans: Vec<Plan> = lesions.iter().map(|lesion| lesion.plan.clone()).collect();
            let tree = PrefixTree::new(model, plans).expect("a question has checked its plans");
            (tree.cost(model) * images).macs
        }
    });
    settings.sum()
}

/// Multiplications of a lesion by itself, with those of its statistics.
pub(crate) fn one_by_one(subject: &Subject, lesion: &Lesion, images: usize) -> u64 {
    let (training, of_each) = lesion.passes();
    let images = training + of_each * images;
    subject.model.macs_under(&lesion.plan) * images as u64
}
