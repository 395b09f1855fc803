//! Pairs of units deleted.

use serde::{Deserialize, Serialize};

use super::{Answer, UnitDeletion};
use crate::check::expect;
use crate::{Key, Score};

/// Units deleted singly and in pairs, on the same images.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeletePairs {
    /// Number of images that everything counts over: the first ones.
    pub images: usize,
    /// The untouched network.
    pub intact: Score,
    /// The units tried, ascending, each deleted by itself.
    pub units: Vec<UnitDeletion>,
    /// Every pair of them: the first unit with each later one, then the second, and so on.
    pub pairs: Vec<PairDeletion>,
}

/// Two units deleted together.
///
/// On an image, `w` is 1 where a network is wrong, else 0. The pair's interaction is
/// `d = w_ij - w_i - w_j + w_0`: what deleting both adds to the sum of what each of them
/// adds. Answers to single images are not kept, but the sums of `d` (by way of the numbers
/// of wrong answers) and of `d^2`, which give its mean and its variance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PairDeletion {
    /// The first unit, 0-based.
    pub first: usize,
    /// The second one.
    pub second: usize,
    /// Images misclassified without both.
    pub wrong: u32,
    /// The sum over the images of `d^2`.
    pub squares: u32,
}

impl DeletePairs {
    /// A pair's interaction as a fraction, the mean of `d` over the images, and its
    /// standard error over images, `sqrt((mean of d^2 - (mean of d)^2) / n)`.
    ///
    /// # Panics
    /// If the units of the pair were not tried by themselves.
    #[track_caller]
    pub fn interaction(&self, pair: &PairDeletion) -> (f64, f64) {
        let images = self.images as f64;
        let mean = self.sum(pair) as f64 / images;
        let variance = f64::from(pair.squares) / images - mean * mean;
        (mean, (variance.max(0.0) / images).sqrt())
    }

    /// The sum of `d` over the images.
    #[track_caller]
    fn sum(&self, pair: &PairDeletion) -> i64 {
        let single = |id: usize| {
            let unit = self.units.iter().find(|unit| unit.index == id);
            let score = unit.and_then(|unit| unit.deleted.as_ref());
            i64::from(score.unwrap_or_else(|| panic!("pairs: unit {id} alone is missing")).wrong)
        };
        i64::from(pair.wrong) - single(pair.first) - single(pair.second)
            + i64::from(self.intact.wrong)
    }
}

impl Answer for DeletePairs {
    const EXPERIMENT: &'static str = "delete-pairs";

    fn check(&self, key: &Key) -> Result<(), String> {
        let DeletePairs { images, intact, units, pairs } = self;
        let given = key.images.first().map_or(0, |images| images.images);
        let most = key.options["pair-images"].as_u64().unwrap_or(u64::MAX);
        let asked = usize::try_from(most).unwrap_or(usize::MAX).min(given);
        expect(*images == asked, || {
            format!("answer.images is {images}, expected {asked} by the key")
        })?;
        intact.check("answer.intact", *images)?;
        expect(units.is_sorted_by(|a, b| a.index < b.index), || {
            "answer.units are not ascending".into()
        })?;
        for (place, unit) in units.iter().enumerate() {
            let field = format!("answer.units[{place}].deleted");
            match &unit.deleted {
                Some(score) => score.check(&field, *images)?,
                None => return Err(format!("{field} is missing")),
            }
        }
        let each = units.iter().enumerate().flat_map(|(place, first)| {
            units[place + 1..].iter().map(|second| (first.index, second.index))
        });
        expect(pairs.iter().map(|pair| (pair.first, pair.second)).eq(each), || {
            "answer.pairs are not all pairs of answer.units, in order".into()
        })?;
        for (place, pair) in pairs.iter().enumerate() {
            let (sum, squares) = (self.sum(pair), i64::from(pair.squares));
            // The numbers summed are -2 to 2.
            let fits = sum.abs() <= squares
                && squares <= 4 * *images as i64
                && (squares - sum) % 2 == 0
                && pair.wrong as usize <= *images;
            expect(fits, || {
                let PairDeletion { wrong, .. } = pair;
                format!(
                    "answer.pairs[{place}] says {wrong} wrong of {images} and squares of {squares}, \
                     but an interaction of {sum}"
                )
            })?;
        }
        Ok(())
    }
}
