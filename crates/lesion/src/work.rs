//! What an experiment has done, and what comes back.

use std::fmt;
use std::ops::Range;

use record::{Bits, Score, sha256_hex};
use serde_json::json;

use crate::sorted::{Sorted, macs, one_by_one};
use crate::{Cost, Inputs, Lesion, LesionError};

/// What a network says to each of some images.
pub use models::Predictions;

/// The numbers of an item, from the inputs and the item's number.
pub type ItemFn = Box<dyn Fn(&Inputs, usize) -> Vec<f64> + Send + Sync>;

/// A part of an experiment's work, as data where it can be.
///
/// Whatever is not an evaluation under lesions is a list of numbered items: a path
/// gradient or a probe is an item whose function runs a batch of images, a toy problem
/// one that runs no network at all.
pub enum Work {
    /// A network evaluated under each lesion on the same test images.
    Lesions {
        /// The place of the network among the [`Inputs`].
        network: usize,
        /// The lesions, in any order; equal ones are run once.
        lesions: Vec<Lesion>,
        /// Which test images.
        images: Range<usize>,
    },
    /// A function of the item's number.
    Items {
        /// What is computed; with `count` it stands for the work in the record's key, so
        /// it names everything that inputs and options do not decide.
        label: String,
        /// How many items there are.
        count: usize,
        /// What one item costs, in multiplications of an evaluation, for progress and
        /// forecasts; an estimate will do.
        macs: u64,
        /// The numbers of an item. They depend on the arguments and the options alone,
        /// not on threads or on other items.
        run: ItemFn,
    },
}

/// What a [`Work`] gave.
#[derive(Debug, Clone, PartialEq)]
pub enum Done {
    /// Right or wrong and the loss of each image, in the order of the images, for each
    /// lesion in the order given.
    Lesions(Vec<Predictions>),
    /// The numbers of each item.
    Items(Vec<Vec<f64>>),
}

impl Work {
    /// What it costs: lesions as one [`PrefixTree`](crate::PrefixTree) for each setting of the network, on
    /// all images. Cut into pieces it may cost a little more.
    pub fn cost(&self, inputs: &Inputs) -> Cost {
        match self {
            Work::Lesions { network, lesions, images } => {
                let subject = &inputs.networks[*network];
                let distinct = Sorted::new(lesions).distinct;
                let one_by_one = |lesion| one_by_one(subject, lesion, images.len());
                Cost {
                    macs: macs(subject, &distinct, images.len()),
                    macs_one_by_one: lesions.iter().map(one_by_one).sum(),
                }
            }
            Work::Items { count, macs, .. } => {
                let macs = *macs * *count as u64;
                Cost { macs, macs_one_by_one: macs }
            }
        }
    }
}

/// sha-256 of all work: every lesion with its images, items by label and count.
pub(crate) fn sha256(works: &[Work]) -> String {
    let parts = works.iter().map(|work| match work {
        Work::Lesions { network, lesions, images } => {
            json!({ "network": network, "lesions": lesions, "images": [images.start, images.end] })
        }
        Work::Items { label, count, .. } => json!({ "items": label, "count": count }),
    });
    sha256_hex(&serde_json::to_vec(&parts.collect::<Vec<_>>()).expect("work is plain data"))
}

/// The score of these answers; its mean is the sum in the order of images over their number.
///
/// # Errors
/// If the mean cross-entropy is not finite: `model` and `lesion` say of what.
pub fn score(
    predictions: &Predictions,
    model: &str,
    lesion: impl FnOnce() -> String,
) -> Result<Score, LesionError> {
    let cross_entropy = predictions.cross_entropy();
    if !cross_entropy.is_finite() {
        let (model, lesion) = (model.to_owned(), lesion());
        return Err(LesionError::NotFinite { model, lesion, cross_entropy });
    }
    let right: Bits = predictions.is_right.iter().copied().collect();
    Ok(Score::new(right, cross_entropy))
}

impl Done {
    /// The predictions under each lesion.
    ///
    /// # Panics
    /// If the work had items instead.
    #[track_caller]
    pub fn into_lesions(self) -> Vec<Predictions> {
        match self {
            Done::Lesions(predictions) => predictions,
            Done::Items(items) => panic!("done: {} items, expected lesions", items.len()),
        }
    }

    /// The numbers of each item.
    ///
    /// # Panics
    /// If the work had lesions instead.
    #[track_caller]
    pub fn into_items(self) -> Vec<Vec<f64>> {
        match self {
            Done::Items(items) => items,
            Done::Lesions(lesions) => panic!("done: {} lesions, expected items", lesions.len()),
        }
    }
}

impl fmt::Debug for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Work::Lesions { network, lesions, images } => {
                write!(f, "{} lesions of network {network} on images {images:?}", lesions.len())
            }
            Work::Items { label, count, .. } => write!(f, "{count} items of {label:?}"),
        }
    }
}
