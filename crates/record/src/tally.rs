//! Random lesions, each tried on one fold of the test images.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::check::expect;

/// The places of the images of one fold, if so many images are cut into so many folds of
/// neighbours: fold `i` of `n` begins at `i images / n`, rounded down.
///
/// Many draws on a few images each say more of a distribution over draws than a few on
/// many; the folds see to it that no image counts more than the others.
pub fn fold(images: usize, folds: usize, fold: usize) -> Range<usize> {
    fold * images / folds..(fold + 1) * images / folds
}

/// How a network does under one random lesion, on the images of one fold. Draws are the
/// unit of its statistics, so that the answers to single images are not kept.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tally {
    /// The fold, 0-based.
    pub fold: usize,
    /// Number of images in it.
    pub images: usize,
    /// Number of them misclassified.
    pub wrong: u32,
    /// Mean cross-entropy over them, in nats.
    pub cross_entropy: f64,
}

impl Tally {
    /// Part of the images misclassified.
    pub fn error(&self) -> f64 {
        f64::from(self.wrong) / self.images as f64
    }

    /// Whether the numbers agree with each other and with the folds of all images.
    ///
    /// # Errors
    /// What does not; `field` names the tally.
    pub fn check(&self, field: &str, images: usize, folds: usize) -> Result<(), String> {
        expect(self.fold < folds, || format!("{field}.fold is {} of {folds}", self.fold))?;
        let expected = fold(images, folds, self.fold).len();
        expect(self.images == expected && expected > 0, || {
            format!("{field}.images is {}, expected {expected}, at least 1", self.images)
        })?;
        expect(self.wrong as usize <= self.images, || {
            format!("{field}.wrong is {}, expected at most {} images", self.wrong, self.images)
        })?;
        expect(self.cross_entropy.is_finite() && self.cross_entropy >= 0.0, || {
            format!("{field}.cross_entropy is {}, expected a number >= 0", self.cross_entropy)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn folds_follow_each_other_and_hold_every_image_once(
            images in 1_usize..20_000, folds in 1_usize..20,
        ) {
            let all: Vec<_> = (0..folds).map(|i| fold(images, folds, i)).collect();
            prop_assert_eq!((all[0].start, all[folds - 1].end), (0, images));
            prop_assert!(all.windows(2).all(|pair| pair[0].end == pair[1].start));
            let sizes = all.iter().map(|fold| fold.len());
            prop_assert!(sizes.clone().max().unwrap() - sizes.min().unwrap() <= 1);
        }
    }

    #[test]
    fn a_tally_that_contradicts_itself_is_refused() {
        let good = Tally { fold: 4, images: 2_000, wrong: 300, cross_entropy: 0.5 };
        good.check("it", 10_000, 5).unwrap();
        let cases = [
            (Tally { fold: 5, ..good }, "it.fold is 5 of 5"),
            (Tally { images: 1_999, ..good }, "it.images is 1999, expected 2000"),
            (Tally { wrong: 2_001, ..good }, "it.wrong is 2001"),
            (Tally { cross_entropy: f64::NAN, ..good }, "it.cross_entropy is NaN"),
        ];
        for (tally, expected) in cases {
            let message = tally.check("it", 10_000, 5).unwrap_err();
            assert!(message.contains(expected), "{message}");
        }
        assert!(Tally { images: 0, wrong: 0, fold: 0, ..good }.check("it", 3, 5).is_err());
    }
}
