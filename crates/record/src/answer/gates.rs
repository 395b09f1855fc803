//! How far the gates of a highway network are open, before training and after.

use serde::{Deserialize, Serialize};

use super::Answer;
use crate::check::expect;
use crate::{Key, MeanSd};

/// The gates of every gated unit, `y = T h + (1 - T) x`, on test images.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gates {
    /// Number of images.
    pub images: usize,
    /// Batches of training images that the batch norms of the network before its training
    /// took their statistics from; 0 where the initial weights are not known.
    pub batches: usize,
    /// The gated units, in the network's order.
    pub units: Vec<UnitGate>,
}

/// One gated unit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnitGate {
    /// Place among all units of the network, 0-based.
    pub index: usize,
    /// The unit's name.
    pub name: String,
    /// Stage the unit belongs to, 0-based.
    pub stage: usize,
    /// With the trained weights.
    pub after: GateUse,
    /// With the initial weights of the same training; `None` where they are not known.
    pub before: Option<GateUse>,
}

/// What one gate lets through.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GateUse {
    /// The mean of T over the positions and channels of an image, over the images.
    pub gate: MeanSd,
    /// How many values of T lie in each of [`GateUse::BINS`] equal parts of 0 to 1, over
    /// all images, positions and channels; 1 belongs to the last.
    pub histogram: Vec<u64>,
    /// `|T h|`: the branch as it is added, with its branch scale; the norm of an image.
    pub transformed: MeanSd,
    /// `|(1 - T) x|`: the skip as it is added.
    pub carried: MeanSd,
    /// `|T h| / |(1 - T) x|` of each image.
    pub ratio: MeanSd,
}

impl GateUse {
    /// Parts of the histogram.
    pub const BINS: usize = 100;

    /// The `p`-quantile of T over images, positions and channels, linear within a part of
    /// the histogram, so within 0.01.
    ///
    /// # Panics
    /// If `p` lies outside [0, 1], or the histogram is empty; checked ones are not.
    pub fn quantile(&self, p: f64) -> f64 {
        assert!((0.0..=1.0).contains(&p), "quantile: p is {p}, expected 0 to 1");
        let total: u64 = self.histogram.iter().sum();
        let (wanted, width) = (p * total as f64, 1.0 / self.histogram.len() as f64);
        let mut below = 0.0;
        for (bin, &count) in self.histogram.iter().enumerate() {
            let count = count as f64;
            if count > 0.0 && below + count >= wanted {
                return width * (bin as f64 + (wanted - below) / count);
            }
            below += count;
        }
        panic!("quantile: the histogram is empty");
    }

    fn check(&self, field: &str, images: usize) -> Result<(), String> {
        let GateUse { gate, histogram, transformed, carried, ratio } = self;
        let each =
            [("gate", gate), ("transformed", transformed), ("carried", carried), ("ratio", ratio)];
        for (name, number) in each {
            number.check(&format!("{field}.{name}"))?;
            expect(number.mean >= 0.0, || {
                format!("{field}.{name}.mean is {}, expected at least 0", number.mean)
            })?;
        }
        expect(gate.mean <= 1.0, || {
            format!("{field}.gate.mean is {}, expected at most 1", gate.mean)
        })?;
        let bins = histogram.len();
        expect(bins == GateUse::BINS, || {
            format!("{field}.histogram has {bins} parts, expected {}", GateUse::BINS)
        })?;
        let total: u64 = histogram.iter().sum();
        expect(total > 0 && total.is_multiple_of(images as u64), || {
            format!("{field}.histogram counts {total} values, expected as many for each image")
        })
    }
}

impl Answer for Gates {
    const EXPERIMENT: &'static str = "gates";

    fn check(&self, key: &Key) -> Result<(), String> {
        let asked = key.images.first().map_or(0, |images| images.images);
        let Gates { images, batches, units } = self;
        expect(*images == asked && asked > 0, || {
            format!("answer.images is {images}, expected that of key.images[0], {asked}")
        })?;
        expect(units.is_sorted_by(|a, b| a.index < b.index), || {
            "answer.units are not in the network's order".into()
        })?;
        for (place, UnitGate { after, before, .. }) in units.iter().enumerate() {
            let field = format!("answer.units[{place}]");
            after.check(&format!("{field}.after"), *images)?;
            expect(before.is_some() == (*batches > 0), || {
                format!("{field}.before and answer.batches, {batches}, contradict each other")
            })?;
            if let Some(before) = before {
                before.check(&format!("{field}.before"), *images)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(histogram: Vec<u64>) -> GateUse {
        let gate = MeanSd { mean: 0.5, sd: 0.1 };
        GateUse { gate, histogram, transformed: gate, carried: gate, ratio: gate }
    }

    #[test]
    fn quantiles_are_those_of_the_histogram() {
        let mut histogram = vec![0; GateUse::BINS];
        (histogram[10], histogram[11], histogram[40]) = (2, 2, 4);
        let gate = with(histogram);
        let cases = [(0.0, 0.10), (0.125, 0.105), (0.25, 0.11), (0.5, 0.12), (0.75, 0.405)];
        for (p, expected) in cases {
            assert!((gate.quantile(p) - expected).abs() < 1e-12, "{p}: {}", gate.quantile(p));
        }
        assert!((gate.quantile(1.0) - 0.41).abs() < 1e-12);
        gate.check("it", 2).unwrap();
    }

    #[test]
    fn a_histogram_that_cannot_be_is_refused() {
        let mut uneven = vec![0; GateUse::BINS];
        uneven[3] = 5;
        for (gate, expected) in [
            (with(vec![1; 3]), "it.histogram has 3 parts, expected 100"),
            (with(uneven), "it.histogram counts 5 values"),
            (with(vec![0; GateUse::BINS]), "it.histogram counts 0 values"),
        ] {
            let message = gate.check("it", 2).unwrap_err();
            assert!(message.contains(expected), "{message}");
        }
    }
}
