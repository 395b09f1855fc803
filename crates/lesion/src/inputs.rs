//! What a question is put to.

use data::Dataset;

use crate::{LesionError, Log, RECALIBRATION_BATCH, Subject};

/// Batches for statistics that are re-estimated under a lesion, where there are as many.
const STATISTICS_BATCHES: usize = 50;

/// Networks, images and logs. An experiment says in its [`Needs`](crate::Needs) which of them
/// it uses; a [`Question`](crate::Question) sees to it that they are there.
#[derive(Debug, Clone, Default)]
pub struct Inputs {
    /// The networks under study.
    pub networks: Vec<Subject>,
    /// Test images.
    pub test: Option<Dataset>,
    /// Training images.
    pub training: Option<Dataset>,
    /// The log of a training; it may have led to no network.
    pub log: Option<Log>,
}

impl Inputs {
    /// The first network, for experiments that need one.
    ///
    /// # Panics
    /// If there is none.
    #[track_caller]
    pub fn network(&self) -> &Subject {
        self.networks.first().expect("inputs: no network, yet the experiment uses one")
    }

    /// How many whole batches of [`RECALIBRATION_BATCH`] training images there are, at most
    /// `most`: for statistics that are re-estimated.
    ///
    /// # Panics
    /// If there are no training images.
    #[track_caller]
    pub(crate) fn whole_batches(&self, most: usize) -> usize {
        most.min(self.training().len() / RECALIBRATION_BATCH)
    }

    /// The log, for experiments that read one.
    ///
    /// # Panics
    /// If there is none.
    #[track_caller]
    pub fn log(&self) -> &Log {
        self.log.as_ref().expect("inputs: no training log, yet the experiment reads one")
    }

    /// How many batches of [`RECALIBRATION_BATCH`] training images statistics are re-estimated
    /// on under a lesion: 50, or all whole batches where there are fewer.
    ///
    /// # Errors
    /// If there is no whole batch.
    ///
    /// # Panics
    /// If there are no training images.
    #[track_caller]
    pub(crate) fn statistics_batches(
        &self,
        experiment: &'static str,
    ) -> Result<usize, LesionError> {
        match self.whole_batches(STATISTICS_BATCHES) {
            0 => Err(LesionError::TooFewImages {
                experiment,
                split: "training",
                found: self.training().len(),
                expected: RECALIBRATION_BATCH,
            }),
            batches => Ok(batches),
        }
    }

    /// The test images, for experiments that need them.
    ///
    /// # Panics
    /// If there are none.
    #[track_caller]
    pub fn test(&self) -> &Dataset {
        self.test.as_ref().expect("inputs: no test images, yet the experiment uses them")
    }

    /// The training images, for experiments that need them.
    ///
    /// # Panics
    /// If there are none.
    #[track_caller]
    pub fn training(&self) -> &Dataset {
        self.training.as_ref().expect("inputs: no training images, yet the experiment uses them")
    }
}
