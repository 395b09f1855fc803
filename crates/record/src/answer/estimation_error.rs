//! How far each unit's output is, on average, from that of the last unit of its stage.

use serde::{Deserialize, Serialize};

use super::Answer;
use crate::Key;
use crate::check::expect;

/// The estimation errors of residual units, over test images.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EstimationError {
    /// Number of images.
    pub images: usize,
    /// Batches of training images that the batch norms of the control took their statistics
    /// from.
    pub batches: usize,
    /// The stages with two units or more of one shape.
    pub stages: Vec<StageErrors>,
}

/// The units of a stage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StageErrors {
    /// The stage, 0-based.
    pub stage: usize,
    /// The last unit, 0-based: its output is `y_last`.
    pub last: usize,
    /// Channels of its output.
    pub channels: usize,
    /// The units before it that are not boundaries, in order.
    pub units: Vec<UnitErrors>,
}

/// One unit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnitErrors {
    /// Place in the network, 0-based.
    pub index: usize,
    /// The unit's name.
    pub name: String,
    /// With the trained weights.
    pub trained: ChannelErrors,
    /// With initial weights: the control.
    pub initial: ChannelErrors,
}

/// The difference `y_k - y_last` channel by channel, over the standard deviation of `y_last`
/// in that channel over images and positions. Channels in which `y_last` does not vary are
/// left out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChannelErrors {
    /// Its mean over images and positions.
    pub mean: Vec<f64>,
    /// The standard error of that mean over images.
    pub error: Vec<f64>,
    /// Its standard deviation over images and positions.
    pub spread: Vec<f64>,
    /// Channels left out.
    pub constant: usize,
}

impl ChannelErrors {
    fn check(&self, field: &str, channels: usize) -> Result<(), String> {
        let ChannelErrors { mean, error, spread, constant } = self;
        for (name, numbers) in [("mean", mean), ("error", error), ("spread", spread)] {
            let n = numbers.len();
            expect(n + constant == channels, || {
                format!("{field}.{name} has {n} numbers, {constant} left out; expected {channels}")
            })?;
            let fits = |v: &f64| v.is_finite() && (name == "mean" || *v >= 0.0);
            expect(numbers.iter().all(fits), || {
                format!("{field}.{name} has a number that cannot be one: {numbers:?}")
            })?;
        }
        Ok(())
    }
}

impl Answer for EstimationError {
    const EXPERIMENT: &'static str = "estimation-error";

    fn check(&self, key: &Key) -> Result<(), String> {
        let asked = key.images.first().map_or(0, |images| images.images);
        expect(self.images == asked && asked > 0, || {
            format!("answer.images is {}, expected that of key.images[0], {asked}", self.images)
        })?;
        for (place, stage) in self.stages.iter().enumerate() {
            let field = format!("answer.stages[{place}]");
            let StageErrors { last, channels, units, .. } = stage;
            let ids = || units.iter().map(|unit| unit.index).chain([*last]);
            expect(ids().is_sorted_by(|a, b| a < b) && !units.is_empty(), || {
                format!("{field}: the units and the last one do not ascend")
            })?;
            for unit in units {
                let field = format!("{field}, unit {}", unit.index);
                unit.trained.check(&format!("{field}.trained"), *channels)?;
                unit.initial.check(&format!("{field}.initial"), *channels)?;
            }
        }
        Ok(())
    }
}
