//! Linear probes: what a linear classifier makes of what each unit hands on.

use serde::{Deserialize, Serialize};

use super::Answer;
use crate::check::expect;
use crate::{Key, Score};

/// Linear probes on the outputs of units, of a network or of lesioned ones.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Probes {
    /// Number of test images that every score counts over.
    pub images: usize,
    /// Training images that the probes are fitted on.
    pub training: usize,
    /// The last of these, on which the penalty is chosen.
    pub held_out: usize,
    /// The penalties to choose from, strongest first.
    pub penalties: Vec<f64>,
    /// The network, or the network without each of some units.
    pub networks: Vec<ProbedNetwork>,
}

/// The probes of one network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProbedNetwork {
    /// The unit that is deleted, 0-based.
    pub deleted: Option<usize>,
    /// What the network itself says; absent for initial weights.
    pub own: Option<Score>,
    /// The probe on the image; absent where a unit is deleted.
    pub image: Option<Probe>,
    /// The units with a probe, in the network's order; where a unit is deleted, from it on.
    pub units: Vec<UnitProbe>,
}

/// The probe of one unit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnitProbe {
    /// Place in the network, 0-based.
    pub index: usize,
    /// The unit's name.
    pub name: String,
    /// Stage the unit belongs to, 0-based.
    pub stage: usize,
    /// Whether the unit changes resolution or the number of channels.
    pub boundary: bool,
    /// Its probe.
    pub probe: Probe,
}

/// A linear classifier, fitted on training images.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Probe {
    /// Numbers that it sees of an image.
    pub features: usize,
    /// Held-out images misclassified under each penalty.
    pub held_out_wrong: Vec<u32>,
    /// The penalty chosen.
    pub penalty: f64,
    /// Steps of the last fit, on all training images.
    pub steps: u32,
    /// How far its loss can be above the minimum, in nats: the square of the gradient's norm
    /// over twice the penalty.
    pub excess: f64,
    /// What it says to the test images.
    pub score: Score,
}

impl Probe {
    fn check(&self, field: &str, of: &Probes) -> Result<(), String> {
        let Probe { features, held_out_wrong, penalty, steps: _, excess, score } = self;
        expect(*features > 0, || format!("{field}.features is 0, expected at least 1"))?;
        expect(held_out_wrong.len() == of.penalties.len(), || {
            let (found, expected) = (held_out_wrong.len(), of.penalties.len());
            format!("{field}.held_out_wrong has {found} numbers, expected {expected}")
        })?;
        expect(held_out_wrong.iter().all(|wrong| *wrong as usize <= of.held_out), || {
            format!("{field}.held_out_wrong has more than {} images", of.held_out)
        })?;
        // The first of the best, so the strongest.
        let least = held_out_wrong.iter().min();
        let best = held_out_wrong.iter().position(|wrong| Some(wrong) == least);
        let expected = best.and_then(|best| of.penalties.get(best));
        expect(Some(penalty) == expected, || {
            format!("{field}.penalty is {penalty}, expected {expected:?} by held_out_wrong")
        })?;
        expect(excess.is_finite() && *excess >= 0.0, || {
            format!("{field}.excess is {excess}, expected a number >= 0")
        })?;
        score.check(&format!("{field}.score"), of.images)
    }
}

impl Answer for Probes {
    const EXPERIMENT: &'static str = "probes";

    fn check(&self, key: &Key) -> Result<(), String> {
        let asked = |place: usize| key.images.get(place).map_or(0, |images| images.images);
        for (field, found, expected) in
            [("images", self.images, asked(0)), ("training", self.training, asked(1))]
        {
            expect(found == expected && found > 0, || {
                format!("answer.{field} is {found}, expected that of key.images, {expected}")
            })?;
        }
        expect((1..self.training).contains(&self.held_out), || {
            format!("answer.held_out is {} of {} training images", self.held_out, self.training)
        })?;
        let falls = self.penalties.is_sorted_by(|a, b| a > b);
        expect(falls && self.penalties.iter().all(|p| p.is_finite() && *p > 0.0), || {
            format!("answer.penalties are {:?}, expected positive ones that fall", self.penalties)
        })?;
        expect(!self.networks.is_empty(), || "answer.networks is empty".to_owned())?;
        for (place, network) in self.networks.iter().enumerate() {
            let field = format!("answer.networks[{place}]");
            let ProbedNetwork { deleted, own, image, units } = network;
            if let Some(own) = own {
                own.check(&format!("{field}.own"), self.images)?;
            }
            if let Some(image) = image {
                image.check(&format!("{field}.image"), self)?;
            }
            let ascend = units.is_sorted_by(|a, b| a.index < b.index);
            let first = units.first().map_or(0, |unit| unit.index);
            expect(!units.is_empty() && ascend && deleted.is_none_or(|id| id <= first), || {
                format!("{field}.units do not ascend from the deleted one, or there are none")
            })?;
            for UnitProbe { index, probe, .. } in units {
                probe.check(&format!("{field}, unit {index}"), self)?;
            }
        }
        Ok(())
    }
}
