//! How a training went: its log, as a record that studies can read.
//!
//! - **Claim:** none of its own. Comparisons of trainings need the losses on the way, also
//!   of trainings that diverged and left no network.
//! - **Source:** the log that `cargo xtask train` writes, one line for each epoch.
//! - **Protocol:** nothing is computed; the log is read and checked.
//! - **Expected shape:** losses fall; where the learning rate falls to zero, test error
//!   falls steeply at last.
//! - **Record:** [`record::TrainingLog`].

use serde::{Deserialize, Serialize};

use super::{Experiment, Needs, Networks, OptionInfo};
use crate::{Done, Inputs, LesionError, Work};

/// The log of a training.
#[derive(Debug)]
pub struct TrainingLog;

/// There is nothing to choose.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Options {}

impl Experiment for TrainingLog {
    type Options = Options;
    type Answer = record::TrainingLog;

    const VERSION: u32 = 1;
    const SUMMARY: &'static str = "the losses and errors of a training, epoch by epoch";
    const OPTIONS: &'static [OptionInfo] = &[];

    fn needs(_: &Options) -> Needs {
        Needs { networks: Networks::None, test: false, training: false, log: true }
    }

    fn work(_: &Inputs, _: &Options) -> Result<Vec<Work>, LesionError> {
        Ok(Vec::new())
    }

    fn answer(
        inputs: &Inputs,
        _: &Options,
        _: Vec<Done>,
    ) -> Result<record::TrainingLog, LesionError> {
        Ok(record::TrainingLog { epochs: inputs.log().epochs.clone() })
    }
}
