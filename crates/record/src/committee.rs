//! What several classifiers say together of the same images.

use serde::{Deserialize, Serialize};

use crate::Bits;
use crate::check::expect;

/// Several classifiers, the members, on the same images: each by itself, and all together.
///
/// `p_m` is a member's softmax, `q` the mean of them over the members, `t` the label as 0
/// and 1. The Brier score of `p` is the sum over classes of `(p - t)^2`. For every image
/// `Brier(q) = mean of Brier(p_m) - mean of |p_m - q|^2`: what the members gain together is
/// how much they differ, which is called their ambiguity.
///
/// # Reference
/// Krogh and Vedelsby 1995, "Neural network ensembles, cross validation, and active
/// learning".
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Committee {
    /// Number of images that each member misclassifies.
    pub member_wrong: Vec<u32>,
    /// For each image whether the class with the largest mean softmax is right.
    pub mean: Bits,
    /// For each image whether the class with the most votes is right. Of classes with as
    /// many votes, that with the largest mean softmax counts.
    pub vote: Bits,
    /// Brier score of the mean softmax, mean over the images.
    pub brier: f64,
    /// Brier score of a member, mean over members and images.
    pub member_brier: f64,
    /// `|p_m - q|^2`, mean over members and images.
    pub ambiguity: f64,
    /// Correlation of two members' errors, 0 or 1 for each image: mean over all pairs of
    /// members in which both are sometimes right and sometimes wrong
    /// ([`stats::error_correlation`](crate::stats::error_correlation)). `None` without such
    /// a pair.
    pub correlation: Option<f64>,
}

impl Committee {
    /// Part of the images that a member misclassifies, mean over the members.
    ///
    /// # Panics
    /// If there is no member or no image; checked committees have some.
    pub fn member_error(&self) -> f64 {
        let (members, images) = (self.member_wrong.len(), self.mean.len());
        assert!(members > 0 && images > 0, "committee: {members} members, {images} images");
        let wrong: u64 = self.member_wrong.iter().map(|&wrong| u64::from(wrong)).sum();
        wrong as f64 / (members * images) as f64
    }

    /// Part of the images on which the mean softmax is wrong.
    pub fn mean_error(&self) -> f64 {
        error(&self.mean)
    }

    /// Part of the images on which the vote is wrong.
    pub fn vote_error(&self) -> f64 {
        error(&self.vote)
    }

    /// Whether the numbers agree with each other, and with so many members and images.
    ///
    /// # Errors
    /// What does not; `field` names the committee.
    pub fn check(&self, field: &str, members: usize, images: usize) -> Result<(), String> {
        let Committee { member_wrong, mean, vote, brier, member_brier, ambiguity, correlation } =
            self;
        expect(member_wrong.len() == members && members > 0, || {
            format!("{field} has {} members, expected {members}, at least 1", member_wrong.len())
        })?;
        for (name, bits) in [("mean", mean), ("vote", vote)] {
            expect(bits.len() == images && images > 0, || {
                format!("{field}.{name} has {} images, expected {images}, at least 1", bits.len())
            })?;
        }
        for (member, &wrong) in member_wrong.iter().enumerate() {
            expect(wrong as usize <= images, || {
                format!("{field}.member_wrong[{member}] is {wrong}, expected at most {images}")
            })?;
        }
        // A Brier score is at most 2. NaN fails each comparison.
        for (name, value) in
            [("brier", brier), ("member_brier", member_brier), ("ambiguity", ambiguity)]
        {
            expect((0.0..=2.0 + ROUNDING).contains(value), || {
                format!("{field}.{name} is {value}, expected 0 to 2")
            })?;
        }
        expect((member_brier - ambiguity - brier).abs() <= ROUNDING, || {
            format!("{field}.brier is {brier}, expected {member_brier} - {ambiguity}")
        })?;
        expect(correlation.is_none_or(|r| (-1.0 - ROUNDING..=1.0 + ROUNDING).contains(&r)), || {
            format!("{field}.correlation is {correlation:?}, expected -1 to 1")
        })
    }
}

/// What sums of a few thousand numbers of 2 at most may be off by.
const ROUNDING: f64 = 1e-9;

fn error(right: &Bits) -> f64 {
    assert!(!right.is_empty(), "committee: no images, so no error");
    (right.len() - right.count_ones()) as f64 / right.len() as f64
}
