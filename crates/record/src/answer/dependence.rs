//! How much each unit's branch changes without an earlier unit.

use serde::{Deserialize, Serialize};

use super::Answer;
use crate::Key;
use crate::check::expect;

/// The relative changes of branches without earlier units, over test images.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dependence {
    /// Number of images: the first ones.
    pub images: usize,
    /// The residual units that change no shape, in the network's order.
    pub units: Vec<DependentUnit>,
}

/// One unit l, and each of the units s of the list before it: the mean over the images of
/// `|f_l(y) - f_l(y')| / |f_l(y)|`, with `y` the unit's input in the intact network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DependentUnit {
    /// Place in the network, 0-based.
    pub index: usize,
    /// The unit's name.
    pub name: String,
    /// Stage the unit belongs to, 0-based.
    pub stage: usize,
    /// `y'` is its input in the network without s.
    pub propagated: Vec<f64>,
    /// `y' = y - f_s`; `None` where s belongs to another stage.
    pub local: Vec<Option<f64>>,
}

impl Answer for Dependence {
    const EXPERIMENT: &'static str = "dependence";

    fn check(&self, key: &Key) -> Result<(), String> {
        let Dependence { images, units } = self;
        let given = key.images.first().map_or(0, |images| images.images);
        let most = key.options["pair-images"].as_u64().unwrap_or(u64::MAX);
        let asked = usize::try_from(most).unwrap_or(usize::MAX).min(given);
        expect(*images == asked && asked > 0, || {
            format!("answer.images is {images}, expected {asked} by the key")
        })?;
        expect(units.is_sorted_by(|a, b| a.index < b.index), || {
            "answer.units are not in the network's order".into()
        })?;
        for (place, DependentUnit { propagated, local, .. }) in units.iter().enumerate() {
            let field = format!("answer.units[{place}]");
            expect(propagated.len() == place && local.len() == place, || {
                format!("{field}: expected a number for each of the {place} units before it")
            })?;
            let all = propagated.iter().chain(local.iter().flatten());
            expect({ all }.all(|v| v.is_finite() && *v >= 0.0), || {
                format!("{field}: a change is not a number of at least 0")
            })?;
        }
        Ok(())
    }
}
