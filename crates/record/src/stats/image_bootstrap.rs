//! Intervals of any statistic of error rates, by drawing the images again.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng as _;

use super::bootstrap::below;
use super::{Interval, quantile};
use crate::Bits;

/// Times that the images are drawn again.
const RESAMPLES: usize = 1_000;

/// The percentile bootstrap's 95 % interval of a statistic of error rates that were
/// measured on the same images.
///
/// `right` has one entry for each classifier, for instance for each lesion of each network.
/// The images are drawn again with replacement, 1,000 times, in each resample the same
/// images for all classifiers, so that what these have in common cancels in differences.
/// The statistic gets the error rates in the order of `right`; the interval holds the middle
/// 95 % of its values. Always the same draws are made for the same number of images. Where
/// the statistic is `None` for a resample, that resample is left out; `None` where it is for
/// all.
///
/// # Panics
/// If there is no image, or not the same number for all.
///
/// # Reference
/// Efron 1979, "Bootstrap methods: another look at the jackknife".
pub fn image_bootstrap(
    right: &[&Bits],
    statistic: impl Fn(&[f64]) -> Option<f64>,
) -> Option<Interval> {
    let images = right.first().map_or(0, |bits| bits.len());
    let same = right.iter().all(|bits| bits.len() == images);
    assert!(images > 0 && same, "image_bootstrap: no images, or not the same for all");
    let right: Vec<Vec<u64>> = right.iter().map(|bits| bits.words().collect()).collect();
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let (mut times, mut errors) = (Times::default(), vec![0.0; right.len()]);
    let mut values = Vec::with_capacity(RESAMPLES);
    for _ in 0..RESAMPLES {
        times.clear(images.div_ceil(64));
        (0..images).for_each(|_| times.add(below(&mut rng, images)));
        for (error, right) in errors.iter_mut().zip(&right) {
            *error = (images - times.total(right)) as f64 / images as f64;
        }
        values.extend(statistic(&errors));
    }
    Some(Interval { low: quantile(&values, 0.025)?, high: quantile(&values, 0.975)? })
}

/// How many times each image was drawn, as binary numbers written downwards: plane `b` holds
/// bit `b` of every image's number. The sum over a set of images is then a count of bits for
/// each plane.
#[derive(Default)]
struct Times {
    planes: Vec<Vec<u64>>,
}

impl Times {
    fn clear(&mut self, words: usize) {
        self.planes.iter_mut().for_each(|plane| plane.fill(0));
        if self.planes.is_empty() {
            self.planes.push(vec![0; words]);
        }
    }

    /// Counts one more of an image.
    fn add(&mut self, image: usize) {
        let (word, bit) = (image / 64, 1 << (image % 64));
        for plane in &mut self.planes {
            plane[word] ^= bit;
            if plane[word] & bit != 0 {
                return;
            }
        }
        // The carry of the last plane.
        let mut plane = vec![0; self.planes[0].len()];
        plane[word] = bit;
        self.planes.push(plane);
    }

    /// How many times the images of a set were drawn.
    fn total(&self, set: &[u64]) -> usize {
        let both = |plane: &[u64]| -> usize {
            plane.iter().zip(set).map(|(a, b)| (a & b).count_ones() as usize).sum()
        };
        self.planes.iter().enumerate().map(|(place, plane)| both(plane) << place).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_total_is_the_sum_of_the_times_drawn(
            drawn in prop::collection::vec(0..150_usize, 0..2_000), set: [u64; 3],
        ) {
            let bits: Bits = (0..150).map(|image| set[image / 64] >> (image % 64) & 1 == 1).collect();
            let mut times = Times::default();
            // What was there before does not count.
            times.clear(3);
            times.add(7);
            times.clear(3);
            drawn.iter().for_each(|&image| times.add(image));
            let expected = drawn.iter().filter(|&&image| bits.get(image)).count();
            prop_assert_eq!(times.total(&bits.words().collect::<Vec<_>>()), expected);
        }
    }

    fn bits(is_right: impl Fn(usize) -> bool) -> Bits {
        (0..1_000).map(is_right).collect()
    }

    /// Of an error rate p the interval is that of the normal approximation,
    /// p -+ 1.96 sqrt(p (1 - p) / n).
    #[test]
    fn the_interval_of_an_error_is_that_of_the_normal_approximation() {
        let right = bits(|image| image % 5 != 0);
        let Interval { low, high } = image_bootstrap(&[&right], |errors| Some(errors[0])).unwrap();
        let half = 1.96 * (0.2_f64 * 0.8 / 1_000.0).sqrt();
        assert!((low - (0.2 - half)).abs() < 0.003, "{low}");
        assert!((high - (0.2 + half)).abs() < 0.003, "{high}");
        let again = image_bootstrap(&[&right], |errors| Some(errors[0]));
        assert_eq!(again, Some(Interval { low, high }));
    }

    /// Where a second classifier is wrong on a tenth of the images more, the difference has
    /// the deviation of that tenth alone, sqrt(0.1 - 0.1^2), not that of two rates.
    #[test]
    fn images_are_drawn_together_for_all_classifiers() {
        let (before, after) = (bits(|image| image % 10 > 0), bits(|image| image % 10 > 1));
        let all = [&before, &before, &after];
        let same = image_bootstrap(&all, |errors| Some(errors[1] - errors[0]));
        assert_eq!(same, Some(Interval { low: 0.0, high: 0.0 }));
        let found = image_bootstrap(&all, |errors| Some(errors[2] - errors[0])).unwrap();
        let half = 1.96 * 0.3 / 1_000.0_f64.sqrt();
        assert!((found.low - (0.1 - half)).abs() < 0.002, "{found:?}");
        assert!((found.high - (0.1 + half)).abs() < 0.002, "{found:?}");
    }

    #[test]
    fn resamples_without_a_value_are_left_out() {
        let right = bits(|image| image % 5 != 0);
        let above = |errors: &[f64]| Some(errors[0]).filter(|error| *error > 0.2);
        assert!(image_bootstrap(&[&right], above).unwrap().low > 0.2);
        assert_eq!(image_bootstrap(&[&right], |_| None), None);
    }

    #[test]
    #[should_panic(expected = "not the same for all")]
    fn classifiers_on_other_images_are_a_mistake() {
        let short: Bits = (0..999).map(|_| true).collect();
        image_bootstrap(&[&bits(|_| true), &short], |_| None);
    }
}
