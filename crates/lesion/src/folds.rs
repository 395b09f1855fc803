//! Random plans, each on one fold of the test images, beside the intact network on all.

use models::Plan;
use record::{Score, Tally, fold};

use crate::work::{Predictions, score};
use crate::{Done, Inputs, Lesion, LesionError, Work};

/// The test images of a question to one network, cut into folds of neighbours. The `j`-th
/// draw of anything goes to fold `j mod folds`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Folds {
    images: usize,
    folds: usize,
}

impl Folds {
    /// # Errors
    /// If a fold would have no image.
    pub(crate) fn new(
        experiment: &'static str,
        inputs: &Inputs,
        folds: usize,
    ) -> Result<Folds, LesionError> {
        let images = inputs.test().len();
        if folds == 0 || folds > images {
            let reason = format!("expected 1 to {images}, the number of images");
            return Err(LesionError::option(experiment, "folds", folds, reason));
        }
        Ok(Folds { images, folds })
    }

    /// The intact network on each fold, and each plan, with the number of its draw, on the
    /// fold of that number.
    pub(crate) fn work(&self, inputs: &Inputs, plans: &[(usize, Plan)]) -> Vec<Work> {
        let each = (0..self.folds).map(|place| {
            let here = plans.iter().filter(|(draw, _)| draw % self.folds == place);
            let intact = Lesion::from(Plan::intact(&inputs.network().model));
            let lesions = here.map(|(_, plan)| Lesion::from(plan.clone()));
            let images = fold(self.images, self.folds, place);
            Work::Lesions {
                network: 0,
                lesions: [intact].into_iter().chain(lesions).collect(),
                images,
            }
        });
        each.collect()
    }

    /// What the work of [`Folds::work`] gave: the score of the intact network on all
    /// images, and a tally for each draw, by its number, in the order of the plans.
    ///
    /// # Errors
    /// If a mean cross-entropy is not finite; `lesion` names that of a place in the list.
    pub(crate) fn tallies(
        &self,
        inputs: &Inputs,
        draws: impl IntoIterator<Item = usize>,
        done: Vec<Done>,
        lesion: impl Fn(usize) -> String,
    ) -> Result<(Score, Vec<Tally>), LesionError> {
        let model = &inputs.network().model.name;
        let mut each: Vec<_> =
            done.into_iter().map(|done| done.into_lesions().into_iter()).collect();
        let mut intact = Predictions::default();
        for fold in &mut each {
            intact.extend(fold.next().expect("the intact network is first"));
        }
        let tallies = draws.into_iter().enumerate().map(|(place, draw)| {
            let fold = draw % self.folds;
            let predictions = each[fold].next().expect("there are predictions for each plan");
            let Score { wrong, cross_entropy, right } =
                score(&predictions, model, || lesion(place))?;
            Ok(Tally { fold, images: right.len(), wrong, cross_entropy })
        });
        let tallies = tallies.collect::<Result<_, LesionError>>()?;
        Ok((score(&intact, model, || "intact".to_owned())?, tallies))
    }
}
