//! The intact network with its branches scaled as its weights say, and unscaled.
//!
//! - **Claim:** a network of which each batch has trained only 23 of 54 blocks does as
//!   well as one trained in full: 5.96 % against 6.10 % error.
//! - **Source:** Veit, Wilber and Belongie 2016, section 5. Whether branches were scaled
//!   when the network was tested is not stated. Here the rule of stochastic depth comes
//!   first: each branch times the part of the steps in which it was trained, as the
//!   weights' `branch_scale` has it.
//! - **Protocol:** all blocks present; branches scaled and unscaled, each with the running
//!   statistics and with statistics re-estimated under that rule on the first 50 batches
//!   of 128 training images, or all whole batches where there are fewer.
//! - **Expected shape:** for a network trained in full both rules are one; for a network
//!   trained on parts the scaled one is better unless the statistics are re-estimated.
//! - **Record:** [`record::BranchScales`].

use models::Plan;
use record::{Answer as _, ScaledArm};
use serde::{Deserialize, Serialize};

use super::{Experiment, Needs, Networks, OptionInfo};
use crate::work::score;
use crate::{Done, Inputs, Lesion, LesionError, Statistics, Work};

/// The intact network under each rule for inference.
#[derive(Debug)]
pub struct BranchScales;

/// There is nothing to choose.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Options {}

impl Experiment for BranchScales {
    type Options = Options;
    type Answer = record::BranchScales;

    const VERSION: u32 = 1;
    const SUMMARY: &'static str =
        "the test error with branches scaled and unscaled, batch norm as is and re-estimated";
    const OPTIONS: &'static [OptionInfo] = &[];

    fn needs(_: &Options) -> Needs {
        Needs { networks: Networks::One, test: true, training: true, log: false }
    }

    fn work(inputs: &Inputs, _: &Options) -> Result<Vec<Work>, LesionError> {
        let batches = inputs.statistics_batches(record::BranchScales::EXPERIMENT)?;
        let model = &inputs.network().model;
        let lesion = |(scaled, reestimated): (bool, bool)| Lesion {
            branch_scale: (!scaled).then(|| vec![1.0; model.units.len()]),
            statistics: match reestimated {
                true => Statistics::Reestimated { batches },
                false => Statistics::Running,
            },
            ..Lesion::from(Plan::intact(model))
        };
        let lesions = record::BranchScales::RULES.map(lesion).into();
        Ok(vec![Work::Lesions { network: 0, lesions, images: 0..inputs.test().len() }])
    }

    fn answer(
        inputs: &Inputs,
        _: &Options,
        done: Vec<Done>,
    ) -> Result<record::BranchScales, LesionError> {
        let model = &inputs.network().model;
        let predictions = done.into_iter().flat_map(Done::into_lesions);
        let arms = record::BranchScales::RULES.into_iter().zip(predictions);
        let arms = arms.map(|((scaled, reestimated), predictions)| {
            let lesion = || {
                let how = if scaled { "scaled" } else { "unscaled" };
                let statistics = if reestimated { "re-estimated" } else { "running" };
                format!("branches {how}, {statistics} statistics")
            };
            let score = score(&predictions, &model.name, lesion)?;
            Ok(ScaledArm { scaled, reestimated, score })
        });
        Ok(record::BranchScales {
            images: inputs.test().len(),
            batches: inputs.statistics_batches(record::BranchScales::EXPERIMENT)?,
            arms: arms.collect::<Result<_, LesionError>>()?,
        })
    }
}
