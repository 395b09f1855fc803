//! How large the branch of each unit is beside what it is added to, and how far it turns it.

use serde::{Deserialize, Serialize};

use super::Answer;
use crate::check::expect;
use crate::{Key, MeanSd};

/// The norms of the terms of every unit, over test images.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResidualNorms {
    /// Number of images.
    pub images: usize,
    /// One entry for every unit, in the network's order.
    pub units: Vec<UnitNorms>,
}

/// One unit and its norms.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnitNorms {
    /// Place in the network, 0-based.
    pub index: usize,
    /// The unit's name.
    pub name: String,
    /// Stage the unit belongs to, 0-based.
    pub stage: usize,
    /// Whether the unit changes resolution or the number of channels.
    pub boundary: bool,
    /// The norms; `None` where the unit is not a plain sum of a skip and branches.
    pub norms: Option<BranchNorms>,
}

/// Frobenius norms of single images, `y_i = s + f_i` with the input `y_(i-1)`, over the
/// images.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BranchNorms {
    /// `|y_(i-1)|`: what the unit receives.
    pub input: MeanSd,
    /// `|s|`: the skip's output; the input itself where the skip is the identity.
    pub skip: MeanSd,
    /// `|f_i|`: the branch as it is added, with its branch scale; of several branches their
    /// sum.
    pub branch: MeanSd,
    /// `|f_i| / |y_(i-1)|` of each image.
    pub over_input: MeanSd,
    /// `|f_i| / |s|` of each image.
    pub over_skip: MeanSd,
    /// 1 minus the cosine over the channels of `s` and `y_i`, mean over the positions of each
    /// image: block influence (Men et al. 2024). 0 where a unit changes no direction, at most
    /// 2. Positions at which one of them is 0 have no angle and are left out.
    pub influence: MeanSd,
}

impl BranchNorms {
    /// Each of them with its name.
    fn each(&self) -> [(&'static str, &MeanSd); 6] {
        [
            ("input", &self.input),
            ("skip", &self.skip),
            ("branch", &self.branch),
            ("over_input", &self.over_input),
            ("over_skip", &self.over_skip),
            ("influence", &self.influence),
        ]
    }
}

impl Answer for ResidualNorms {
    const EXPERIMENT: &'static str = "residual-norms";

    fn check(&self, key: &Key) -> Result<(), String> {
        let asked = key.images.first().map_or(0, |images| images.images);
        expect(self.images == asked && asked > 0, || {
            format!("answer.images is {}, expected that of key.images[0], {asked}", self.images)
        })?;
        for (place, unit) in self.units.iter().enumerate() {
            let field = format!("answer.units[{place}]");
            expect(unit.index == place, || {
                format!("{field}.index is {}, expected its place, {place}", unit.index)
            })?;
            for (name, norm) in unit.norms.iter().flat_map(BranchNorms::each) {
                let field = format!("{field}.norms.{name}");
                norm.check(&field)?;
                expect(norm.mean >= 0.0, || format!("{field}.mean is {}, a norm", norm.mean))?;
                expect(name != "influence" || norm.mean <= 2.0, || {
                    format!("{field}.mean is {}, expected at most 2", norm.mean)
                })?;
            }
        }
        Ok(())
    }
}
