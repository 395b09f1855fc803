//! Two classifiers on the same images.

use super::{Interval, mcnemar_mid_p, paired_difference};
use crate::Bits;

/// How the answers changed from one network to another on the same images, for instance
/// from the intact one to the lesioned one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// Number of images.
    pub images: u64,
    /// Images that only the first network gets right.
    pub newly_wrong: u64,
    /// Images that only the second network gets right.
    pub newly_right: u64,
}

impl Comparison {
    /// Compares which images two networks get right.
    ///
    /// # Panics
    /// If there is no image, or not the same number for both.
    pub fn of(before: &Bits, after: &Bits) -> Comparison {
        assert!(!before.is_empty(), "comparison: no images");
        Comparison {
            images: before.len() as u64,
            newly_wrong: before.count_and_not(after) as u64,
            newly_right: after.count_and_not(before) as u64,
        }
    }

    /// Second minus first error, as a fraction.
    pub fn difference(&self) -> f64 {
        (self.newly_wrong as f64 - self.newly_right as f64) / self.images as f64
    }

    /// Its paired 95 % interval ([`paired_difference`]).
    pub fn interval(&self) -> Interval {
        paired_difference(self.newly_wrong, self.newly_right, self.images)
    }

    /// McNemar's two-sided mid-p value for no difference ([`mcnemar_mid_p`]).
    pub fn p(&self) -> f64 {
        mcnemar_mid_p(self.newly_wrong, self.newly_right)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comparison_counts_the_changes_in_both_directions() {
        let bits = |text: &str| text.chars().map(|c| c == '1').collect::<Bits>();
        let comparison = Comparison::of(&bits("1110010011"), &bits("0010011011"));
        assert_eq!(comparison, Comparison { images: 10, newly_wrong: 2, newly_right: 1 });
        assert_eq!(comparison.difference(), 0.1);
        assert_eq!(comparison.interval(), paired_difference(2, 1, 10));
        assert_eq!(comparison.p(), mcnemar_mid_p(2, 1));
    }
}
