//! Batch-norm statistics re-estimated under a lesion.

use std::collections::{HashMap, HashSet};
use std::slice;

use nn::{Mode, ParamId, Pass, Tape};
use tensor::{Scalar, Tensor};

use crate::{Layer, Layers, Model, Plan};

/// `model` with running statistics that are the plain averages over all runs of a batch norm
/// on `batches` of training images under `plan`. Weights stay. A batch norm that the plan
/// does not reach keeps its statistics.
///
/// A batch norm that several units share gets [statistics of its
/// own](Model::with_own_statistics) in each of them. One that a plan runs several times, in a
/// unit that it repeats, has the average over these runs.
///
/// Separates what a lesion destroys from what merely shifts.
///
/// # Panics
/// As [`Model::forward`].
#[track_caller]
pub fn recalibrated<T: Scalar>(
    model: &Model<T>,
    plan: &Plan,
    batches: impl IntoIterator<Item = Tensor<T>>,
) -> Model<T> {
    let mut model = model.with_own_statistics();
    let mut runs: HashMap<ParamId, u32> = HashMap::new();
    for images in batches {
        let mut pass = Pass::new(Tape::off(), Mode::Train, &model.params);
        let x = pass.tape.constant(images);
        let _ = model.forward(&mut pass, &x, plan);
        let Pass { statistics, .. } = pass;
        for seen in &statistics {
            let run = runs.entry(seen.running_mean).or_default();
            *run += 1;
            // Weights 1, 1/2, 1/3, … make the running value the average so far.
            model.params.update_running(slice::from_ref(seen), 1.0 / f64::from(*run));
        }
    }
    model
}

impl<T: Scalar> Model<T> {
    /// The same network with running statistics of its own wherever a batch norm is used
    /// whose statistics another use has already: buffers `UNIT.statisticsI.running_mean` and
    /// `.running_var` that start as copies. Scales and shifts stay shared, and every output
    /// has the same bits. A network that shares no statistics is the same.
    pub fn with_own_statistics(&self) -> Model<T> {
        let mut model = self.clone();
        let Model { stem, units, head, params, .. } = &mut model;
        let mut taken = HashSet::new();
        let mut give = |name: &str, parts: Vec<&mut Layers>| {
            let layers = parts.into_iter().flat_map(|layers| &mut layers.0);
            let norms = layers.filter_map(|layer| match layer {
                Layer::Norm(norm) => Some(norm),
                _ => None,
            });
            for (i, norm) in norms.enumerate() {
                if !taken.insert(norm.running_mean()) {
                    let name = format!("{name}.statistics{i}");
                    *norm = norm.with_own_statistics(params, &name);
                }
            }
        };
        give("stem", vec![stem]);
        for unit in units {
            let name = unit.name.clone();
            give(&name, unit.parts_mut());
        }
        give("head", vec![head]);
        model
    }
}
