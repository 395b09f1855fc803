//! Each unit deleted in turn, or the skip of each.
//!
//! - **Claim:** deleting any one layer of a VGG network reduces it to chance; deleting
//!   any one block of a residual network changes its error little, most where a block
//!   changes the resolution.
//! - **Source:** Veit, Wilber and Belongie 2016, section 4.1, figure 3; figure 8 for a
//!   network trained by stochastic depth. Skips and re-estimated statistics are ours.
//! - **Protocol:** trained weights as they are. For every unit that can be deleted, its
//!   route is `Skip` and all else intact; every image is classified. Answers are compared
//!   with the intact network's on the same images, so the difference is a paired one. With
//!   `term = skip` the units with a skip lose that instead, and keep their branches: as many
//!   of the 2^n paths are left. With `statistics = reestimated` the batch norms do not have
//!   their running statistics: under each lesion, and for the intact network too, they are
//!   averages over the first 50 batches of 128 unaugmented training images, or all whole
//!   batches where there are fewer. That separates what is destroyed from what merely shifts.
//! - **Expected shape:** for VGG near 90 % error everywhere; for ResNet a flat line near
//!   the intact error, with peaks at the boundary blocks. Without a skip near 90 %.
//! - **Record:** [`record::DeleteOne`].
//!
//! With running statistics a deletion shares everything before the deleted unit with the
//! intact network, so a [`PrefixTree`](crate::PrefixTree) takes half the work of one
//! evaluation for each plan. With statistics of their own lesions share nothing.

use models::{Model, Plan, Route, Unit};
use record::{Answer as _, NormStatistics, Term, UnitDeletion};
use tensor::Scalar;

use super::{Experiment, MostImages, Needs, Networks, OptionInfo};
use crate::work::score;
use crate::{Done, Inputs, Lesion, LesionError, RECALIBRATION_BATCH, Statistics, Work};

/// What is deleted, and with which statistics.
pub use record::DeleteOneOptions as Options;

/// Each unit deleted in turn, or the skip of each.
#[derive(Debug)]
pub struct DeleteOne;

impl Experiment for DeleteOne {
    type Options = Options;
    type Answer = record::DeleteOne;

    const VERSION: u32 = 2;
    const SUMMARY: &'static str = "the test error with each unit deleted in turn";
    const OPTIONS: &'static [OptionInfo] = &[
        OptionInfo::new("term", "TERM", "what each unit loses in turn: its branch or its skip"),
        OptionInfo::new(
            "statistics",
            "KIND",
            "of the batch norms: running, or reestimated on training images under each lesion",
        ),
    ];

    /// Lesions with statistics of their own share nothing, and most of what they take in a
    /// preview goes into the statistics.
    fn preview_images(options: &Options) -> MostImages {
        match options.statistics {
            NormStatistics::Running => MostImages::HALF_OF_SAMPLE,
            NormStatistics::Reestimated => {
                MostImages { test: 200, training: 2 * RECALIBRATION_BATCH }
            }
        }
    }

    fn needs(options: &Options) -> Needs {
        let training = options.statistics == NormStatistics::Reestimated;
        Needs { networks: Networks::One, test: true, training, log: false }
    }

    fn work(inputs: &Inputs, options: &Options) -> Result<Vec<Work>, LesionError> {
        let model = &inputs.network().model;
        let unsuited = |needed| LesionError::unsuited(NAME, &inputs.network().name, needed);
        if options.term == Term::Skip && !model.units.iter().any(Unit::has_skip) {
            return Err(unsuited("a unit with a skip, for the option term skip"));
        }
        let statistics = match batches(inputs, options)? {
            None => Statistics::Running,
            Some(_) if model.params.iter().all(|(_, param)| param.is_trained) => {
                return Err(unsuited("batch norms, for the option statistics reestimated"));
            }
            Some(batches) => Statistics::Reestimated { batches },
        };
        let plans = plans_without(model, options.term).into_iter();
        let lesions = plans.map(|plan| Lesion { statistics, ..Lesion::from(plan) }).collect();
        Ok(vec![Work::Lesions { network: 0, lesions, images: 0..inputs.test().len() }])
    }

    fn answer(
        inputs: &Inputs,
        options: &Options,
        done: Vec<Done>,
    ) -> Result<record::DeleteOne, LesionError> {
        let model = &inputs.network().model;
        let mut predictions = done.into_iter().flat_map(Done::into_lesions);
        let mut next = || predictions.next().expect("there are predictions for each plan");
        let intact = score(&next(), &model.name, || "intact".to_owned())?;
        let mut units = Vec::new();
        for (index, unit) in model.units.iter().enumerate() {
            let lesion = || match options.term {
                Term::Branch => format!("unit {index} ({}) deleted", unit.name),
                Term::Skip => format!("unit {index} ({}) without its skip", unit.name),
            };
            let can = can_lose(unit, options.term);
            let deleted = can.then(|| score(&next(), &model.name, lesion));
            units.push(UnitDeletion {
                index,
                name: unit.name.clone(),
                stage: unit.stage,
                boundary: unit.is_boundary(),
                deleted: deleted.transpose()?,
            });
        }
        let batches = batches(inputs, options)?;
        Ok(record::DeleteOne { images: inputs.test().len(), batches, intact, units })
    }
}

const NAME: &str = record::DeleteOne::EXPERIMENT;

/// Batches of training images for re-estimated statistics.
fn batches(inputs: &Inputs, options: &Options) -> Result<Option<usize>, LesionError> {
    match options.statistics {
        NormStatistics::Running => Ok(None),
        NormStatistics::Reestimated => inputs.statistics_batches(NAME).map(Some),
    }
}

/// The intact network and every single deletion, in the order of the units.
pub fn plans<T: Scalar>(model: &Model<T>) -> Vec<Plan> {
    plans_without(model, Term::Branch)
}

/// The intact network and, in the order of the units, each one without the term.
fn plans_without<T: Scalar>(model: &Model<T>, term: Term) -> Vec<Plan> {
    let intact = Plan::intact(model);
    let lesioned = model.units.iter().enumerate().filter(|(_, unit)| can_lose(unit, term));
    let lesioned = lesioned.map(|(id, unit)| {
        let mut plan = intact.clone();
        plan.routes[id] = match term {
            Term::Branch => Route::SKIP,
            Term::Skip => unit.intact_route().without(Route::SKIP),
        };
        plan
    });
    std::iter::once(intact.clone()).chain(lesioned).collect()
}

/// Whether the unit can do without the term.
fn can_lose(unit: &Unit, term: Term) -> bool {
    match term {
        Term::Branch => unit.is_deletable(),
        Term::Skip => unit.has_skip(),
    }
}
