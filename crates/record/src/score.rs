//! How a network does on some images, answer by answer.

use serde::{Deserialize, Serialize};

use crate::Bits;
use crate::check::expect;

/// How a network does on some images.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Score {
    /// Number of images misclassified.
    pub wrong: u32,
    /// Mean cross-entropy over the images, in nats.
    pub cross_entropy: f64,
    /// For each image whether it was classified rightly.
    pub right: Bits,
}

impl Score {
    /// The score of these answers.
    pub fn new(right: Bits, cross_entropy: f64) -> Score {
        let wrong = u32::try_from(right.len() - right.count_ones());
        let wrong = wrong.expect("a data set has fewer than 2^32 images");
        Score { wrong, cross_entropy, right }
    }

    /// Part of the images misclassified.
    ///
    /// # Panics
    /// If there are no images; checked scores have some.
    pub fn error(&self) -> f64 {
        assert!(!self.right.is_empty(), "score: no images, so no error");
        f64::from(self.wrong) / self.right.len() as f64
    }

    /// Whether the numbers agree with each other and with the number of images.
    ///
    /// # Errors
    /// What does not; `field` names the score.
    pub fn check(&self, field: &str, images: usize) -> Result<(), String> {
        let (found, ones) = (self.right.len(), self.right.count_ones());
        expect(images > 0 && found == images, || {
            format!("{field}.right has {found} images, expected {images}, at least 1")
        })?;
        expect(self.wrong as usize == images - ones, || {
            format!("{field}.wrong is {}, expected {} by {field}.right", self.wrong, images - ones)
        })?;
        // JSON has no infinity: it would be written as null and refused when read.
        expect(self.cross_entropy.is_finite() && self.cross_entropy >= 0.0, || {
            format!("{field}.cross_entropy is {}, expected a number >= 0", self.cross_entropy)
        })
    }
}
