//! The cosine of what each unit adds with the gradient of the loss.

use serde::{Deserialize, Serialize};

use super::Answer;
use crate::check::expect;
use crate::{Key, MeanSd};

/// Cosines of branches with gradients, over test images.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResidualCosine {
    /// Number of images.
    pub images: usize,
    /// Batches of training images that the batch norms of the control took their statistics
    /// from.
    pub batches: usize,
    /// The residual units that are not boundaries, in the network's order.
    pub units: Vec<UnitCosine>,
}

/// One unit, `y_i = y_(i-1) + f_i`, and the cosine of `f_i` with `dL/dy_(i-1)` of single images.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnitCosine {
    /// Place in the network, 0-based.
    pub index: usize,
    /// The unit's name.
    pub name: String,
    /// Stage the unit belongs to, 0-based.
    pub stage: usize,
    /// With the trained weights; L is the cross-entropy with the true label.
    pub trained: MeanCosine,
    /// With the trained weights; L is that with the label that the network gives.
    pub predicted: MeanCosine,
    /// With initial weights and the true label: the control.
    pub initial: MeanCosine,
}

/// A cosine over the images that have one.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MeanCosine {
    /// Over the images that have a cosine; `None` if none has.
    pub cosine: Option<MeanSd>,
    /// Images without one, since branch or gradient is 0.
    pub without: usize,
}

impl MeanCosine {
    /// Of the cosines of all images, in their order; infinite where an image has none.
    pub fn of(cosines: &[f64]) -> MeanCosine {
        let known = cosines.iter().copied().filter(|cosine| cosine.is_finite());
        let without = cosines.len() - known.clone().count();
        let cosine = (without < cosines.len()).then(|| MeanSd::of(known));
        MeanCosine { cosine, without }
    }

    fn check(&self, field: &str, images: usize) -> Result<(), String> {
        let MeanCosine { cosine, without } = self;
        expect(*without <= images && cosine.is_none() == (*without == images), || {
            let has = if cosine.is_some() { "a" } else { "no" };
            format!("{field} has {has} cosine, but {without} of {images} images are without one")
        })?;
        let Some(cosine) = cosine else { return Ok(()) };
        cosine.check(field)?;
        expect(cosine.mean.abs() <= 1.0 + 1e-6, || {
            format!("{field}.mean is {}, expected a cosine", cosine.mean)
        })
    }
}

impl Answer for ResidualCosine {
    const EXPERIMENT: &'static str = "residual-cosine";

    fn check(&self, key: &Key) -> Result<(), String> {
        let ResidualCosine { images, units, .. } = self;
        let asked = key.images.first().map_or(0, |images| images.images);
        expect(*images == asked && asked > 0, || {
            format!("answer.images is {images}, expected that of key.images[0], {asked}")
        })?;
        expect(units.is_sorted_by(|a, b| a.index < b.index), || {
            "answer.units are not in the network's order".into()
        })?;
        for (place, unit) in units.iter().enumerate() {
            let UnitCosine { trained, predicted, initial, .. } = unit;
            for (name, one) in
                [("trained", trained), ("predicted", predicted), ("initial", initial)]
            {
                one.check(&format!("answer.units[{place}].{name}"), *images)?;
            }
        }
        Ok(())
    }
}
