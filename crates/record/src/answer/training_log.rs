//! How a training went, epoch by epoch.

use serde::{Deserialize, Serialize};

use super::Answer;
use crate::check::expect;
use crate::{EpochLog, Key};

/// The log of one training, whole.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainingLog {
    /// The epochs, from the first on.
    pub epochs: Vec<EpochLog>,
}

impl TrainingLog {
    /// The last epoch.
    ///
    /// # Panics
    /// If there is none, which no log of a record is.
    #[track_caller]
    pub fn last(&self) -> &EpochLog {
        self.epochs.last().expect("a training log has an epoch")
    }
}

impl Answer for TrainingLog {
    const EXPERIMENT: &'static str = "training-log";

    fn check(&self, key: &Key) -> Result<(), String> {
        expect(key.log.is_some(), || "key.log is not there, expected a log".to_owned())?;
        expect(!self.epochs.is_empty(), || "answer.epochs is empty".to_owned())?;
        let checked = self.epochs.iter().enumerate().map(|(place, epoch)| {
            epoch.check(place).map_err(|what| format!("answer.epochs[{place}].{what}"))
        });
        checked.collect()
    }
}
