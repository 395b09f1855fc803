//! Each branch of a unit that has several deleted in turn: the single functions of
//! multi-residual blocks, the groups of a ResNeXt.
//!
//! - **Claim:** (ours) one function of a multi-residual block matters less than a block; the
//!   groups of a ResNeXt block share its work additively.
//! - **Source:** the networks are those of Abdi and Nahavandi 2016 and of Xie et al. 2017
//!   ("Aggregated Residual Transformations", figure 3), who measure no lesion;
//!   the lesion is that of Veit, Wilber and Belongie 2016, section 4.1, on one of several
//!   terms. In the unravelled view a block of K functions is a skip and K branches, so a
//!   network of n blocks has (K+1)^n paths; deleting one function leaves
//!   K (K+1)^(n-1) of them.
//! - **Protocol:** trained weights as they are, with running statistics. For every unit with
//!   several branches and each of these, the route loses that branch and keeps the skip and
//!   the others, unscaled; all else is intact; every image is classified. Answers are
//!   compared with the intact network's on the same images. The groups of a ResNeXt count as
//!   branches, as in its form A: a deleted group's term is missing from the sum that the
//!   block's last batch norm acts on.
//! - **Expected shape:** below the curve of whole blocks, with peaks at the boundary blocks.
//! - **Record:** [`record::DeleteBranches`].

mod groups;

use models::{Model, Plan};
use record::{Answer as _, BranchDeletions};
use serde::{Deserialize, Serialize};

use super::{Experiment, MostImages, Needs, Networks, OptionInfo};
use crate::work::score;
use crate::{Done, Inputs, Lesion, LesionError, Work};

/// Each branch of a unit that has several deleted in turn.
#[derive(Debug)]
pub struct DeleteBranches;

/// There is nothing to choose.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Options {}

impl Experiment for DeleteBranches {
    type Options = Options;
    type Answer = record::DeleteBranches;

    const VERSION: u32 = 1;
    const SUMMARY: &'static str =
        "the test error with each branch of units with several deleted in turn";
    const OPTIONS: &'static [OptionInfo] = &[];

    fn preview_images(_: &Options) -> MostImages {
        MostImages::HALF_OF_SAMPLE
    }

    fn needs(_: &Options) -> Needs {
        Needs { networks: Networks::One, test: true, training: false, log: false }
    }

    fn work(inputs: &Inputs, _: &Options) -> Result<Vec<Work>, LesionError> {
        let network = inputs.network();
        if let Some(net) = groups::sizes(&network.model) {
            return Ok(vec![groups::work(inputs, net)]);
        }
        let plans = plans(&network.model);
        if plans.len() == 1 {
            let name = record::DeleteBranches::EXPERIMENT;
            return Err(LesionError::unsuited(name, &network.name, "a unit with several branches"));
        }
        let lesions = plans.into_iter().map(Lesion::from).collect();
        Ok(vec![Work::Lesions { network: 0, lesions, images: 0..inputs.test().len() }])
    }

    fn answer(
        inputs: &Inputs,
        _: &Options,
        done: Vec<Done>,
    ) -> Result<record::DeleteBranches, LesionError> {
        let model = &inputs.network().model;
        let images = inputs.test().len();
        let predictions = |done| match groups::sizes(model) {
            Some(_) => groups::predictions(Done::into_items(done), images),
            None => Done::into_lesions(done),
        };
        let mut predictions = done.into_iter().flat_map(predictions);
        let mut next = || predictions.next().expect("there are predictions for each plan");
        let intact = score(&next(), &model.name, || "intact".to_owned())?;
        let mut units = Vec::new();
        for (index, branches) in several(model) {
            let unit = &model.units[index];
            let without = |branch| {
                let lesion = || format!("unit {index} ({}) without branch {branch}", unit.name);
                score(&next(), &model.name, lesion)
            };
            let deleted = (0..branches).map(without).collect::<Result<Vec<_>, _>>()?;
            let (name, stage, boundary) = (unit.name.clone(), unit.stage, unit.is_boundary());
            units.push(BranchDeletions { index, name, stage, boundary, deleted });
        }
        Ok(record::DeleteBranches { images, intact, units })
    }
}

/// The intact network and, unit by unit, each of several branches deleted.
fn plans(model: &Model<f32>) -> Vec<Plan> {
    let intact = Plan::intact(model);
    let without = several(model).into_iter().flat_map(|(id, branches)| {
        let without = |branch| intact.clone().delete_branch(model, id, branch);
        (0..branches).map(without).collect::<Vec<_>>()
    });
    let without = without.map(|plan| plan.expect("other branches are left"));
    std::iter::once(intact.clone()).chain(without).collect()
}

/// The ids of the units with several branches, or groups, and how many these are.
fn several(model: &Model<f32>) -> Vec<(usize, usize)> {
    let groups = groups::sizes(model).map(|net| net.groups);
    let branches = |unit: &models::Unit| groups.unwrap_or(unit.branches.len());
    let units = model.units.iter().map(branches).enumerate();
    units.filter(|(_, branches)| *branches > 1).collect()
}
