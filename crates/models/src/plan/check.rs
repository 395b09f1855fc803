//! Whether a network can follow a plan.

use nn::Route;
use tensor::Scalar;

use super::{Plan, PlanError, unit};
use crate::{Model, Unit};

impl Plan {
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

/// Whether these units exist, none of them named twice.
pub(super) fn check_distinct<T: Scalar>(model: &Model<T>, ids: &[usize]) -> Result<(), PlanError> {
    for (i, &id) in ids.iter().enumerate() {
        let Unit { name, .. } = unit(model, id)?;
        if ids[..i].contains(&id) {
            return Err(PlanError::NamedTwice { id, name: name.clone() });
        }
    }
    Ok(())
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
    if moved.input != displaced.input {
        let (takes, gets) = (moved.input.to_string(), displaced.input.to_string());
        return Err(PlanError::Broken { id, name: moved.name.clone(), place, takes, gets });
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
