//! Spans of units in a row deleted, with the angle that each turns the activation by.

use serde::{Deserialize, Serialize};

use super::Answer;
use crate::check::expect;
use crate::{Key, MeanSd, Score};

/// Every span of a stage deleted in turn, and sets of as many units chosen otherwise.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeleteSpans {
    /// Number of test images: the first ones.
    pub images: usize,
    /// Number of training images behind distances and single costs: the first ones.
    pub calibration: usize,
    /// The untouched network, on the test images.
    pub intact: Score,
    /// All spans, by stage, first unit and length.
    pub spans: Vec<DeletedSpan>,
    /// For each length as many units of least single cost, then the random sets, by length.
    pub sets: Vec<ChosenUnits>,
}

/// The network without a span of units.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeletedSpan {
    /// The stage, 0-based.
    pub stage: usize,
    /// The units, 0-based, in a row.
    pub units: Vec<usize>,
    /// The angle between what the span receives and what it hands on, over pi, of each
    /// training image.
    pub distance: MeanSd,
    /// Wrong answers to the test images without it.
    pub wrong: u32,
    /// Mean cross-entropy, in nats.
    pub cross_entropy: f64,
}

/// The network without other units.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChosenUnits {
    /// How they are chosen.
    pub how: HowChosen,
    /// The units, 0-based, ascending.
    pub units: Vec<usize>,
    /// Wrong answers to the test images without them.
    pub wrong: u32,
    /// Mean cross-entropy, in nats.
    pub cross_entropy: f64,
}

/// How units are chosen that need not lie in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HowChosen {
    /// Those whose deletion by itself costs least on the training images.
    Least,
    /// At random.
    Random,
}

impl Answer for DeleteSpans {
    const EXPERIMENT: &'static str = "delete-spans";

    fn check(&self, key: &Key) -> Result<(), String> {
        let DeleteSpans { images, calibration, intact, spans, sets } = self;
        let most = |option: &str, given: usize| {
            let asked = key.options[option].as_u64().unwrap_or(u64::MAX);
            usize::try_from(asked).unwrap_or(usize::MAX).min(given)
        };
        let of = |place: usize| key.images.get(place).map_or(0, |images| images.images);
        let asked = most("span-images", of(0));
        expect(*images == asked && asked > 0, || {
            format!("answer.images is {images}, expected {asked} by the key")
        })?;
        let asked = most("calibration-images", of(1));
        expect(*calibration == asked && asked > 0, || {
            format!("answer.calibration is {calibration}, expected {asked} by the key")
        })?;
        intact.check("answer.intact", *images)?;
        let numbers = |field: &str, wrong: u32, cross_entropy: f64| {
            expect(wrong as usize <= *images && cross_entropy.is_finite(), || {
                format!("{field}: {wrong} wrong of {images}, cross-entropy {cross_entropy}")
            })
        };
        for (place, one) in spans.iter().enumerate() {
            let field = format!("answer.spans[{place}]");
            let DeletedSpan { units, distance, wrong, cross_entropy, .. } = one;
            expect(units.windows(2).all(|two| two[0] + 1 == two[1]) && !units.is_empty(), || {
                format!("{field}.units are not in a row: {units:?}")
            })?;
            distance.check(&format!("{field}.distance"))?;
            expect((0.0..=1.0).contains(&distance.mean), || {
                format!("{field}.distance is {}, expected 0 to 1", distance.mean)
            })?;
            numbers(&field, *wrong, *cross_entropy)?;
        }
        for (place, ChosenUnits { units, wrong, cross_entropy, .. }) in sets.iter().enumerate() {
            let field = format!("answer.sets[{place}]");
            expect(units.is_sorted_by(|a, b| a < b) && !units.is_empty(), || {
                format!("{field}.units do not ascend: {units:?}")
            })?;
            numbers(&field, *wrong, *cross_entropy)?;
        }
        Ok(())
    }
}
