//! Several classifiers on the same images: what they say by themselves and together.
//!
//! [`Said`] is what members say of one image, [`committee`] what follows for all of them
//! ([`record::Committee`] has the definitions). Probabilities are those of the logits, in
//! double precision.

use record::stats::error_correlation;
use record::{Bits, Committee};
use tensor::kernel::softmax;
use tensor::{Scalar, Tensor};

/// What members say together of one image.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Said {
    is_mean_right: bool,
    is_vote_right: bool,
    brier: f64,
    member_brier: f64,
    ambiguity: f64,
}

/// Numbers that stand for a [`Said`].
const NUMBERS: usize = 5;

impl Said {
    /// Of the members' probabilities of each class, and the label.
    ///
    /// # Panics
    /// If there is no member, or not the same classes for all.
    #[track_caller]
    pub(crate) fn of(members: &[&[f64]], label: usize) -> Said {
        let mean = mean(members);
        let mut votes = vec![0_usize; mean.len()];
        members.iter().filter_map(|p| winner(p)).for_each(|class| votes[class] += 1);
        let most = votes.iter().copied().max().filter(|most| *most > 0);
        // Where the votes are tied, the mean softmax decides between the tied.
        let tied = votes.iter().map(|votes| Some(*votes) == most);
        let tied: Vec<f64> =
            tied.zip(&mean).map(|(is, q)| if is { *q } else { f64::NEG_INFINITY }).collect();
        let target: Vec<f64> = (0..mean.len()).map(|c| f64::from(u8::from(c == label))).collect();
        let over_members = |from: &[f64]| {
            members.iter().map(|p| distance(p, from)).sum::<f64>() / members.len() as f64
        };
        Said {
            is_mean_right: winner(&mean) == Some(label),
            is_vote_right: most.is_some() && winner(&tied) == Some(label),
            brier: distance(&mean, &target),
            member_brier: over_members(&target),
            ambiguity: over_members(&mean),
        }
    }

    /// The same as numbers, for the result of an item.
    pub(crate) fn numbers(&self) -> [f64; NUMBERS] {
        let Said { is_mean_right, is_vote_right, brier, member_brier, ambiguity } = *self;
        let bit = |is: bool| f64::from(u8::from(is));
        [bit(is_mean_right), bit(is_vote_right), brier, member_brier, ambiguity]
    }

    fn from_numbers([mean, vote, brier, member_brier, ambiguity]: [f64; NUMBERS]) -> Said {
        let (is_mean_right, is_vote_right) = (mean == 1.0, vote == 1.0);
        Said { is_mean_right, is_vote_right, brier, member_brier, ambiguity }
    }
}

/// What members say together of all images, in order; `right` says for each of them
/// which images it gets right. `None` if a probability was not a number.
pub(crate) fn committee<'a>(
    said: &[Said],
    right: impl Iterator<Item = &'a Bits>,
) -> Option<Committee> {
    let right: Vec<Bits> = right.cloned().collect();
    let wrong = |bits: &Bits| {
        u32::try_from(bits.len() - bits.count_ones())
            .expect("a data set has fewer than 2^32 images")
    };
    let mean = |of: fn(&Said) -> f64| said.iter().map(of).sum::<f64>() / said.len() as f64;
    let committee = Committee {
        member_wrong: right.iter().map(wrong).collect(),
        mean: said.iter().map(|said| said.is_mean_right).collect(),
        vote: said.iter().map(|said| said.is_vote_right).collect(),
        brier: mean(|said| said.brier),
        member_brier: mean(|said| said.member_brier),
        ambiguity: mean(|said| said.ambiguity),
        correlation: error_correlation(&right),
    };
    committee.member_brier.is_finite().then_some(committee)
}

/// The probabilities of each class, one list for each row of logits `[n, classes]`.
pub(crate) fn probabilities(logits: &Tensor<f32>) -> Vec<Vec<f64>> {
    let row = |logits: &[f32]| {
        let logits: Vec<f64> = logits.iter().map(|&logit| logit.into()).collect();
        let mut p = vec![0.0; logits.len()];
        softmax::log_softmax(&mut p, &logits, logits.len());
        p.iter_mut().for_each(|p| *p = Scalar::exp(*p));
        p
    };
    logits.as_slice().chunks_exact(logits.shape().channels()).map(row).collect()
}

/// The mean of the members' probabilities of each class, added in the members' order.
///
/// # Panics
/// If there is no member, or not the same classes for all.
#[track_caller]
pub(crate) fn mean(members: &[&[f64]]) -> Vec<f64> {
    let first = members.first().expect("committee: no members");
    let mut mean = vec![0.0; first.len()];
    for p in members {
        assert!(p.len() == mean.len(), "committee: {} and {} classes", p.len(), mean.len());
        mean.iter_mut().zip(*p).for_each(|(sum, p)| *sum += p);
    }
    mean.iter_mut().for_each(|sum| *sum /= members.len() as f64);
    mean
}

/// The class of the largest number, the first of equal ones; `None` with a NaN.
pub(crate) fn winner(numbers: &[f64]) -> Option<usize> {
    numbers.iter().position(|v| numbers.iter().all(|other| v >= other))
}

/// The squared distance of two points.
fn distance(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum()
}

/// What an item says of each image, as numbers: what each committee says, then one bit for
/// each classifier, 32 of them to a number, so that finished items stay small.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Layout {
    pub(crate) committees: usize,
    pub(crate) classifiers: usize,
}

impl Layout {
    /// Adds what is said of one image: by each committee, and whether each classifier is
    /// right.
    ///
    /// # Panics
    /// If these are not as many as the layout has.
    #[track_caller]
    pub(crate) fn write(&self, out: &mut Vec<f64>, said: &[Said], right: &[bool]) {
        let (found, expected) = ((said.len(), right.len()), (self.committees, self.classifiers));
        assert!(found == expected, "committees and classifiers: {found:?}, expected {expected:?}");
        said.iter().for_each(|said| out.extend(said.numbers()));
        let word = |bits: &[bool]| {
            bits.iter().rev().fold(0_u32, |word, &is_right| word << 1 | u32::from(is_right))
        };
        out.extend(right.chunks(32).map(|bits| f64::from(word(bits))));
    }

    /// Of all images, in order: for each committee what it says, for each classifier which
    /// images it gets right.
    pub(crate) fn read(&self, items: &[Vec<f64>]) -> (Vec<Vec<Said>>, Vec<Bits>) {
        let words = self.committees * NUMBERS;
        let size = words + self.classifiers.div_ceil(32);
        let images = || items.iter().flat_map(|item| item.chunks_exact(size));
        let said = |committee: usize| {
            let of_image = |image: &[f64]| {
                let numbers = &image[committee * NUMBERS..][..NUMBERS];
                Said::from_numbers(numbers.try_into().expect("it has this length"))
            };
            images().map(of_image).collect()
        };
        let bits = |classifier: usize| {
            let word = |image: &[f64]| image[words + classifier / 32] as u32;
            images().map(|image| word(image) >> (classifier % 32) & 1 == 1).collect()
        };
        ((0..self.committees).map(said).collect(), (0..self.classifiers).map(bits).collect())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Any number of members and classes, rows that sum to 1.
    fn members() -> impl Strategy<Value = Vec<Vec<f64>>> {
        (1..9_usize, 1..6_usize).prop_flat_map(|(members, classes)| {
            let row = prop::collection::vec(0.01..1.0_f64, classes).prop_map(|row| {
                let sum: f64 = row.iter().sum();
                row.into_iter().map(|p| p / sum).collect()
            });
            prop::collection::vec(row, members)
        })
    }

    fn said(members: &[Vec<f64>], label: usize) -> Said {
        Said::of(&members.iter().map(Vec::as_slice).collect::<Vec<_>>(), label)
    }

    proptest! {
        /// Krogh and Vedelsby 1995: the ensemble's error is the members' minus their
        /// ambiguity.
        #[test]
        fn what_members_gain_together_is_their_ambiguity(members in members(), label in 0..6_usize) {
            let said = said(&members, label % members[0].len());
            prop_assert!((said.brier - (said.member_brier - said.ambiguity)).abs() < 1e-12);
            prop_assert!(said.ambiguity >= 0.0);
        }

        #[test]
        fn members_that_agree_are_one_member(members in members(), times in 1..5_usize) {
            let one = said(&members[..1], 0);
            let many = said(&vec![members[0].clone(); times], 0);
            prop_assert!((many.brier - one.brier).abs() < 1e-12 && many.ambiguity < 1e-12);
            prop_assert_eq!(
                (many.is_mean_right, many.is_vote_right),
                (one.is_mean_right, one.is_vote_right)
            );
        }

        #[test]
        fn what_is_written_is_read(
            images in prop::collection::vec(prop::collection::vec(any::<bool>(), 70), 1..40),
            members in members(), at_once in 1..9_usize,
        ) {
            let layout = Layout { committees: 2, classifiers: 70 };
            let said = [said(&members, 0), said(&members[..1], 0)];
            let item = |images: &[Vec<bool>]| {
                let mut out = Vec::new();
                images.iter().for_each(|right| layout.write(&mut out, &said, right));
                out
            };
            let items: Vec<_> = images.chunks(at_once).map(item).collect();
            let (found, right) = layout.read(&items);
            prop_assert!(found.iter().zip(said).all(|(of, said)| *of == vec![said; images.len()]));
            for (classifier, right) in right.iter().enumerate() {
                prop_assert!(right.iter().eq(images.iter().map(|image| image[classifier])));
            }
        }
    }

    #[test]
    fn the_majority_wins_the_mean_decides_ties_and_nan_does_not_vote() {
        let (a, b, nan) = (vec![0.6, 0.4], vec![0.1, 0.9], vec![f64::NAN; 2]);
        let right = |members: &[&Vec<f64>], label| {
            let members: Vec<_> = members.iter().map(|p| (*p).clone()).collect();
            let said = said(&members, label);
            (said.is_mean_right, said.is_vote_right)
        };
        // Two of three for the first class, the mean for the second.
        assert_eq!(right(&[&a, &b, &a], 0), (false, true));
        // A tie: as the mean.
        assert_eq!(right(&[&a, &b], 0), (false, false));
        assert_eq!(right(&[&a, &b], 1), (true, true));
        assert_eq!(right(&[&nan], 0), (false, false));
        let none: Vec<Bits> = vec![[true].into_iter().collect()];
        assert_eq!(committee(&[said(&[nan], 0)], none.iter()), None);
    }
}
