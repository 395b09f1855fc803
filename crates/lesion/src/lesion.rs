//! What is done to a network before it is asked.

use models::{Plan, PlanError};
use serde::{Deserialize, Serialize};

use crate::{RECALIBRATION_BATCH, Subject};

/// A plan, and what else differs from the network as it was trained. A value: it can be
/// compared and written to a file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lesion {
    /// Which units run, in which order, along which routes.
    pub plan: Plan,
    /// The factor of each unit's branch under both terms; `None` leaves that of the
    /// weights' metadata.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch_scale: Option<Vec<f64>>,
    /// The statistics of the batch norms.
    #[serde(default, skip_serializing_if = "Statistics::is_running")]
    pub statistics: Statistics,
}

/// Where the means and variances of the batch norms come from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Statistics {
    /// The running statistics of the training.
    #[default]
    Running,
    /// Averages over training images under the lesion itself
    /// ([`models::recalibrated`]), which separates what a lesion destroys from what
    /// merely shifts.
    Reestimated {
        /// Batches of [`RECALIBRATION_BATCH`] images, the first ones, unaugmented.
        batches: usize,
    },
}

impl Statistics {
    fn is_running(&self) -> bool {
        *self == Statistics::Running
    }

    /// How many training images are needed.
    pub fn training_images(self) -> usize {
        match self {
            Statistics::Running => 0,
            Statistics::Reestimated { batches } => batches * RECALIBRATION_BATCH,
        }
    }
}

/// The plan alone.
impl From<Plan> for Lesion {
    fn from(plan: Plan) -> Lesion {
        Lesion { plan, branch_scale: None, statistics: Statistics::Running }
    }
}

/// Why a lesion cannot be done to a network.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum MisfitError {
    /// The network cannot follow the plan.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// Not one finite factor for each unit.
    #[error("branch_scale is {found:?}; expected {expected} finite numbers, one for each unit")]
    BranchScale {
        /// The factors.
        found: Vec<f64>,
        /// Units of the network.
        expected: usize,
    },
    /// No batch, or more than there are training images.
    #[error(
        "statistics re-estimated on {batches} batches of {RECALIBRATION_BATCH} training images; \
         {images} images are enough for 1 to {}", images / RECALIBRATION_BATCH
    )]
    Batches {
        /// The batches.
        batches: usize,
        /// The training images at hand.
        images: usize,
    },
}

impl Lesion {
    /// Whether it can be done to the network with so many training images at hand.
    ///
    /// # Errors
    /// The first reason why not.
    pub fn check(&self, subject: &Subject, training_images: usize) -> Result<(), MisfitError> {
        self.plan.check(&subject.model)?;
        let expected = subject.model.units.len();
        if let Some(scale) = &self.branch_scale
            && (scale.len() != expected || !scale.iter().all(|factor| factor.is_finite()))
        {
            return Err(MisfitError::BranchScale { found: scale.clone(), expected });
        }
        match self.statistics {
            Statistics::Reestimated { batches }
                if batches == 0 || batches > training_images / RECALIBRATION_BATCH =>
            {
                Err(MisfitError::Batches { batches, images: training_images })
            }
            _ => Ok(()),
        }
    }
}
