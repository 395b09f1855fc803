//! Plans: the order of the units and the route of each.

use nn::Route;
use serde::{Deserialize, Serialize};
use tensor::Scalar;

pub use error::PlanError;

use crate::{Model, Unit};
use check::check_distinct;

mod check;
mod error;

/// What runs of a network, and in which order. A value: it can be compared,
/// hashed, and written to a file.
///
/// ```
/// use models::{Arch, Plan};
///
/// let model = Arch::parse("resnet20").unwrap().build::<f32>(1);
/// let intact = Plan::intact(&model);
/// let plan = intact.clone().delete_all(&model, &[2, 5]).unwrap().swap(&model, 7, 8).unwrap();
/// assert_eq!(plan.order, [0, 1, 2, 3, 4, 5, 6, 8, 7]);
/// assert_eq!(serde_json::to_value(plan.routes[5]).unwrap(), "skip");
///
/// // The first stage turned round: 0 runs where 1 was, 1 where 2 was, and 2 first.
/// assert_eq!(model.interchangeable()[0], [0, 1, 2]);
/// assert_eq!(intact.cycle(&model, &[0, 1, 2]).unwrap().order[..3], [2, 0, 1]);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// Unit ids in the order in which they run: a permutation that moves only units of
    /// equal input and output shape, within their stage.
    pub order: Vec<usize>,
    /// The route of each unit, by id.
    pub routes: Vec<Route>,
    /// Whether the order may be any sequence in which each unit takes what the one before
    /// it makes: units may come several times (recursions, looped orders), or not at all.
    /// It has to be said, so that a slip in a permutation is still found.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub repeats: bool,
}

impl Plan {
    /// The untouched network: units in order, each with all its terms.
    pub fn intact<T: Scalar>(model: &Model<T>) -> Plan {
        Plan {
            order: (0..model.units.len()).collect(),
            routes: model.units.iter().map(Unit::intact_route).collect(),
            repeats: false,
        }
    }

    /// The same plan with unit `id` deleted.
    ///
    /// # Errors
    /// If there is no such unit, or it cannot be deleted.
    pub fn delete<T: Scalar>(mut self, model: &Model<T>, id: usize) -> Result<Plan, PlanError> {
        unit(model, id)?;
        self.routes[id] = Route::SKIP;
        self.check(model)?;
        Ok(self)
    }

    /// The same plan with all these units deleted; their order does not matter.
    ///
    /// # Errors
    /// If a unit is named twice, does not exist, or cannot be deleted.
    pub fn delete_all<T: Scalar>(
        mut self,
        model: &Model<T>,
        ids: &[usize],
    ) -> Result<Plan, PlanError> {
        check_distinct(model, ids)?;
        for &id in ids {
            self.routes[id] = Route::SKIP;
        }
        self.check(model)?;
        Ok(self)
    }

    /// The same plan with one branch of unit `id` deleted. Where no branch is left, the
    /// unit is deleted.
    ///
    /// # Errors
    /// If there is no such unit or branch, or the unit cannot be deleted.
    pub fn delete_branch<T: Scalar>(
        mut self,
        model: &Model<T>,
        id: usize,
        branch: usize,
    ) -> Result<Plan, PlanError> {
        let Unit { name, branches, .. } = unit(model, id)?;
        if branch >= branches.len() {
            let (name, branches) = (name.clone(), branches.len());
            return Err(PlanError::NoSuchBranch { id, name, branch, branches });
        }
        let left = self.routes[id].without(Route::only(branch));
        self.routes[id] = if left.has_branch() { left } else { Route::SKIP };
        self.check(model)?;
        Ok(self)
    }

    /// The same plan with the places of units `a` and `b` exchanged.
    ///
    /// # Errors
    /// If there are no such units, or one of them cannot take the other's place.
    pub fn swap<T: Scalar>(self, model: &Model<T>, a: usize, b: usize) -> Result<Plan, PlanError> {
        let ids = [a, b];
        self.cycle(model, if a == b { &ids[..1] } else { &ids })
    }

    /// The same plan with these units moved round: each takes the place of the one named
    /// after it, and the last that of the first. [`Model::interchangeable`] has the units
    /// that can do so.
    ///
    /// # Errors
    /// If a unit is named twice, does not exist, or cannot take its new place.
    pub fn cycle<T: Scalar>(mut self, model: &Model<T>, ids: &[usize]) -> Result<Plan, PlanError> {
        check_distinct(model, ids)?;
        for place in &mut self.order {
            if let Some(i) = ids.iter().position(|id| id == place) {
                *place = ids[(i + ids.len() - 1) % ids.len()];
            }
        }
        self.check(model)?;
        Ok(self)
    }

    /// The same plan with units in this order, each as often as it is named.
    ///
    /// # Errors
    /// If a unit does not exist, or cannot take what the one before it makes.
    pub fn in_order<T: Scalar>(
        self,
        model: &Model<T>,
        order: Vec<usize>,
    ) -> Result<Plan, PlanError> {
        let plan = Plan { order, repeats: true, ..self };
        plan.check(model)?;
        Ok(plan)
    }
}

fn unit<T: Scalar>(model: &Model<T>, id: usize) -> Result<&Unit, PlanError> {
    let missing =
        || PlanError::NoSuchUnit { id, model: model.name.clone(), last: model.units.len() - 1 };
    model.units.get(id).ok_or_else(missing)
}
