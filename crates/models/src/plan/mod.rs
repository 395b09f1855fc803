//! Plans: the order of the units and the route of each.

use nn::Route;
use serde::{Deserialize, Serialize};
use tensor::Scalar;

pub use error::PlanError;

use crate::{Model, Unit};

mod error;

/// What runs of a network, and in which order. A value: it can be compared,
/// hashed, and written to a file.
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
    pub fn swap<T: Scalar>(
        mut self,
        model: &Model<T>,
        a: usize,
        b: usize,
    ) -> Result<Plan, PlanError> {
        unit(model, a)?;
        unit(model, b)?;
        for place in &mut self.order {
            if *place == a {
                *place = b;
            } else if *place == b {
                *place = a;
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

    /// Whether `model` can follow this plan.
    ///
    /// # Errors
    /// The first reason why not.
    pub fn check<T: Scalar>(&self, model: &Model<T>) -> Result<(), PlanError> {
        let expected = model.units.len();
        let order = (!self.repeats).then_some(self.order.len());
        for found in order.into_iter().chain([self.routes.len()]) {
            if found != expected {
                return Err(PlanError::WrongLength { found, expected, model: model.name.clone() });
            }
        }
        if self.repeats {
            self.check_chain(model)?;
        } else {
            self.check_moves(model)?;
        }
        for (id, &route) in self.routes.iter().enumerate() {
            check_route(&model.units[id], id, route)?;
        }
        Ok(())
    }

    /// Whether the order is a permutation that moves what can be moved.
    fn check_moves<T: Scalar>(&self, model: &Model<T>) -> Result<(), PlanError> {
        let mut moved = self.order.iter().enumerate().filter(|&(place, &id)| place != id);
        // Every pass is checked, so nothing is allocated for units in their own places.
        if moved.clone().next().is_some() {
            self.check_permutation(model)?;
        }
        moved.try_for_each(|(place, &id)| check_move(model, id, place))
    }

    /// Whether each unit takes what the one before it makes.
    fn check_chain<T: Scalar>(&self, model: &Model<T>) -> Result<(), PlanError> {
        let mut shape = model.stem_output();
        for (place, &id) in self.order.iter().enumerate() {
            let Unit { name, input, output, .. } = unit(model, id)?;
            if *input != shape {
                let (name, takes, gets) = (name.clone(), input.to_string(), shape.to_string());
                return Err(PlanError::Broken { id, name, place, takes, gets });
            }
            shape = *output;
        }
        let takes = model.head_input();
        if takes != shape {
            let (takes, gets) = (takes.to_string(), shape.to_string());
            return Err(PlanError::BrokenHead { takes, gets });
        }
        Ok(())
    }

    /// Whether the order names each unit of `model` once.
    fn check_permutation<T: Scalar>(&self, model: &Model<T>) -> Result<(), PlanError> {
        let mut times = vec![0; model.units.len()];
        for &id in &self.order {
            unit(model, id)?;
            times[id] += 1;
        }
        match times.iter().position(|&n| n != 1) {
            Some(id) => Err(PlanError::NotAPermutation { id }),
            None => Ok(()),
        }
    }

    /// Panics where [`check`](Plan::check) finds an error, in the name of `what` is run.
    #[track_caller]
    pub(crate) fn require<T: Scalar>(&self, model: &Model<T>, what: &str) {
        if let Err(error) = self.check(model) {
            panic!("{what}: {error}");
        }
    }
}

fn unit<T: Scalar>(model: &Model<T>, id: usize) -> Result<&Unit, PlanError> {
    let missing =
        || PlanError::NoSuchUnit { id, model: model.name.clone(), last: model.units.len() - 1 };
    model.units.get(id).ok_or_else(missing)
}

fn check_move<T: Scalar>(model: &Model<T>, id: usize, place: usize) -> Result<(), PlanError> {
    let (moved, displaced) = (&model.units[id], &model.units[place]);
    for (id, unit) in [(id, moved), (place, displaced)] {
        if !unit.is_movable() {
            let (from, to) = (unit.input.to_string(), unit.output.to_string());
            return Err(PlanError::NotMovable { id, name: unit.name.clone(), from, to });
        }
    }
    if moved.stage != displaced.stage {
        return Err(PlanError::AcrossStages { id, name: moved.name.clone(), place });
    }
    Ok(())
}

fn check_route(unit: &Unit, id: usize, route: Route) -> Result<(), PlanError> {
    let intact = unit.intact_route();
    let name = || unit.name.clone();
    if route.is_empty() {
        return Err(PlanError::NoTerm { id, name: name() });
    }
    if let Some(branch) = route.without(intact).branches().next() {
        let branches = unit.branches.len();
        return Err(PlanError::NoSuchBranch { id, name: name(), branch, branches });
    }
    if route.skip && route.has_branch() && !unit.has_skip() {
        return Err(PlanError::NoSkip { id, name: name() });
    }
    if route == Route::SKIP && !unit.is_deletable() {
        let (from, to) = (unit.input.c, unit.output.c);
        return Err(PlanError::NotDeletable { id, name: name(), from, to });
    }
    Ok(())
}
