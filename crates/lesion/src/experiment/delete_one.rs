//! Each unit deleted in turn.
//!
//! - **Claim:** deleting any one layer of a VGG network reduces it to chance; deleting
//!   any one block of a residual network changes its error little, most where a block
//!   changes the resolution.
//! - **Source:** Veit, Wilber and Belongie 2016, section 4.1, figure 3.
//! - **Protocol:** trained weights as they are, batch norm with its running
//!   statistics. For every unit that can be deleted, its route is `Skip` and all else
//!   intact; every image is classified. Answers are compared with the intact network's
//!   on the same images, so the difference is a paired one.
//! - **Expected shape:** for VGG near 90 % error everywhere; for ResNet a flat line near
//!   the intact error, with peaks at the boundary blocks.
//! - **Record:** [`record::DeleteOne`].
//!
//! A deletion shares everything before the deleted unit with the intact network, so a
//! [`PrefixTree`](crate::PrefixTree) takes half the work of one evaluation for each plan.

use models::{Model, Plan};
use record::UnitDeletion;
use serde::{Deserialize, Serialize};
use tensor::Scalar;

use super::{Experiment, Needs, Networks, OptionInfo};
use crate::work::score;
use crate::{Done, Inputs, Lesion, LesionError, Work};

/// Each unit deleted in turn.
#[derive(Debug)]
pub struct DeleteOne;

/// There is nothing to choose.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Options {}

impl Experiment for DeleteOne {
    type Options = Options;
    type Answer = record::DeleteOne;

    const VERSION: u32 = 2;
    const SUMMARY: &'static str = "the test error with each unit deleted in turn";
    const OPTIONS: &'static [OptionInfo] = &[];

    fn needs(_: &Options) -> Needs {
        Needs { networks: Networks::One, test: true, training: false, log: false }
    }

    fn work(inputs: &Inputs, _: &Options) -> Result<Vec<Work>, LesionError> {
        let lesions = plans(&inputs.network().model).into_iter().map(Lesion::from).collect();
        Ok(vec![Work::Lesions { network: 0, lesions, images: 0..inputs.test().len() }])
    }

    fn answer(
        inputs: &Inputs,
        _: &Options,
        done: Vec<Done>,
    ) -> Result<record::DeleteOne, LesionError> {
        let model = &inputs.network().model;
        let mut predictions = done.into_iter().flat_map(Done::into_lesions);
        let mut next = || predictions.next().expect("there are predictions for each plan");
        let intact = score(&next(), &model.name, || "intact".to_owned())?;
        let mut units = Vec::new();
        for (index, unit) in model.units.iter().enumerate() {
            let lesion = || format!("unit {index} ({}) deleted", unit.name);
            let deleted = unit.is_deletable().then(|| score(&next(), &model.name, lesion));
            units.push(UnitDeletion {
                index,
                name: unit.name.clone(),
                stage: unit.stage,
                boundary: unit.is_boundary(),
                deleted: deleted.transpose()?,
            });
        }
        Ok(record::DeleteOne { images: inputs.test().len(), intact, units })
    }
}

/// The intact network and every single deletion, in the order of the units.
pub fn plans<T: Scalar>(model: &Model<T>) -> Vec<Plan> {
    let intact = Plan::intact(model);
    let deletable = (0..model.units.len()).filter(|&id| model.units[id].is_deletable());
    let delete = |id| intact.clone().delete(model, id).expect("only deletable units are deleted");
    std::iter::once(intact.clone()).chain(deletable.map(delete)).collect()
}
