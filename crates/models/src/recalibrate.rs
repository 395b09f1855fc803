//! Batch-norm statistics re-estimated under a lesion.

use nn::{Mode, Params, Pass, Tape};
use tensor::{Scalar, Tensor};

use crate::{Model, Plan};

/// The parameters of `model` with running statistics that are the plain
/// averages over `batches` of training images, run under `plan`. Weights stay.
/// A batch norm that the plan does not reach keeps its statistics.
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
) -> Params<T> {
    let mut params = model.params.clone();
    for (i, images) in batches.into_iter().enumerate() {
        let mut pass = Pass::new(Tape::off(), Mode::Train, &model.params);
        let x = pass.tape.constant(images);
        let _ = model.forward(&mut pass, &x, plan);
        // Weights 1, 1/2, 1/3, … make the running value the average so far.
        params.update_running(&pass.statistics, 1.0 / (i + 1) as f64);
    }
    params
}
