//! What is done to a network before it is asked.

use models::{Place, Plan, PlanError};
use serde::{Deserialize, Serialize};

use crate::replacement::has_site;
use crate::{RECALIBRATION_BATCH, Replacement, Subject, Substitute};

/// A plan, and what else differs from the network as it was trained. A value: it can be
/// compared and written to a file.
///
/// ```
/// use lesion::{Lesion, Replacement, Substitute};
/// use models::{Arch, Place, Plan};
///
/// let model = Arch::parse("resnet8")?.build::<f32>(1);
/// let deleted = Lesion::from(Plan::intact(&model).delete(&model, 1)?);
/// // Nearly the same: the branch runs, and zeros take the place of what it adds.
/// let silenced = Lesion {
///     replacements: vec![Replacement { unit: 1, place: Place::Branch(0), with: Substitute::Zero }],
///     ..Lesion::from(Plan::intact(&model))
/// };
/// assert_ne!(silenced, deleted);
/// let json = serde_json::to_string(&silenced)?;
/// assert_eq!(serde_json::from_str::<Lesion>(&json)?, silenced);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
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
    /// Values inside units that something else takes the place of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub replacements: Vec<Replacement>,
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
            Statistics::Reestimated { batches } => batches.saturating_mul(RECALIBRATION_BATCH),
        }
    }
}

/// The plan alone.
impl From<Plan> for Lesion {
    fn from(plan: Plan) -> Lesion {
        Lesion {
            plan,
            branch_scale: None,
            statistics: Statistics::Running,
            replacements: Vec::new(),
        }
    }
}

/// Why a lesion cannot be done to a network.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum MisfitError {
    /// The network cannot follow the plan.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// A replacement at a place that the network does not pass under the plan.
    #[error(
        "nothing can be replaced at {place:?} of unit {unit}: the network has no such value under \
         this plan, or it is replaced already"
    )]
    Site {
        /// The unit.
        unit: usize,
        /// The place.
        place: Place,
    },
    /// Replacements beside what gives the values another meaning.
    #[error(
        "replacements cannot be combined with re-estimated statistics or with a plan that repeats \
         units; ask for one or the other"
    )]
    Combination,
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
            _ => self.check_replacements(subject, training_images),
        }
    }

    fn check_replacements(&self, subject: &Subject, images: usize) -> Result<(), MisfitError> {
        let is_reestimated = self.statistics != Statistics::Running;
        if !self.replacements.is_empty() && (is_reestimated || self.plan.repeats) {
            return Err(MisfitError::Combination);
        }
        for (place, replacement) in self.replacements.iter().enumerate() {
            let is_same = |other: &Replacement| other.site() == replacement.site();
            let is_second = self.replacements[..place].iter().any(is_same);
            if is_second || !has_site(subject, self, replacement) {
                let Replacement { unit, place, .. } = *replacement;
                return Err(MisfitError::Site { unit, place });
            }
            if let Substitute::ChannelMean { batches } = replacement.with
                && (batches == 0 || batches > images / RECALIBRATION_BATCH)
            {
                return Err(MisfitError::Batches { batches, images });
            }
        }
        Ok(())
    }

    /// Whether training images are needed.
    pub(crate) fn needs_training(&self) -> bool {
        let is_mean = |r: &Replacement| matches!(r.with, Substitute::ChannelMean { .. });
        self.statistics != Statistics::Running || self.replacements.iter().any(is_mean)
    }

    /// How many training images are needed, for statistics and for channels' means.
    pub(crate) fn training_images(&self) -> usize {
        let means = self.replacements.iter().map(Replacement::training_images);
        means.chain([self.statistics.training_images()]).max().unwrap_or(0)
    }

    /// Passes of a training image, and of each test image.
    pub(crate) fn passes(&self) -> (usize, usize) {
        let means: usize = self.replacements.iter().map(Replacement::training_images).sum();
        let is_other = |r: &Replacement| r.with == Substitute::OtherImage;
        let donors = usize::from(self.replacements.iter().any(is_other));
        (means + self.statistics.training_images(), 1 + donors)
    }
}
