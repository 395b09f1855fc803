//! Plans: the order of the units and the route of each.

use nn::Route;
use serde::{Deserialize, Serialize};
use tensor::Scalar;

use crate::{Model, Unit, UnitKind};

/// What runs of a network, and in which order. A value: it can be compared,
/// hashed, and written to a file.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// Unit ids in the order in which they run, a permutation that moves only
    /// units of equal input and output shape, within their stage.
    pub order: Vec<usize>,
    /// The route of each unit, by id.
    pub routes: Vec<Route>,
}

/// A plan that a network cannot follow.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// An id beyond the last unit.
    #[error("unit {id} does not exist: {model} has units 0 to {last}")]
    NoSuchUnit {
        /// The id.
        id: usize,
        /// The network.
        model: String,
        /// The id of its last unit.
        last: usize,
    },
    /// A plan with another number of units.
    #[error("the plan is for {found} units, but {model} has {expected}")]
    WrongLength {
        /// Units of the plan.
        found: usize,
        /// Units of the network.
        expected: usize,
        /// The network.
        model: String,
    },
    /// An order that is no permutation.
    #[error("the order names unit {id} twice or not at all; it must name each unit once")]
    NotAPermutation {
        /// The first such unit.
        id: usize,
    },
    /// A unit that cannot change places.
    #[error("unit {id} ({name}) cannot change places: it turns {from} into {to}")]
    NotMovable {
        /// The unit.
        id: usize,
        /// Its name.
        name: String,
        /// Its input, as `h x w x c`.
        from: String,
        /// Its output.
        to: String,
    },
    /// Units of different stages.
    #[error("unit {id} ({name}) cannot leave its stage for the place of unit {place}")]
    AcrossStages {
        /// The unit.
        id: usize,
        /// Its name.
        name: String,
        /// The unit whose place it would take.
        place: usize,
    },
    /// A plain layer that the identity cannot stand in for.
    #[error("unit {id} ({name}) cannot be deleted: it turns {from} channels into {to}")]
    NotDeletable {
        /// The unit.
        id: usize,
        /// Its name.
        name: String,
        /// Channels in.
        from: usize,
        /// Channels out.
        to: usize,
    },
    /// A plain layer asked for both terms.
    #[error(
        "unit {id} ({name}) is a plain layer: it has no skip to add; its intact route is branch"
    )]
    NoSkip {
        /// The unit.
        id: usize,
        /// Its name.
        name: String,
    },
}

impl Plan {
    /// The untouched network: units in order, residual blocks with both terms,
    /// plain layers with their branch.
    pub fn intact<T: Scalar>(model: &Model<T>) -> Plan {
        Plan {
            order: (0..model.units.len()).collect(),
            routes: model.units.iter().map(Unit::intact_route).collect(),
        }
    }

    /// The same plan with unit `id` deleted.
    ///
    /// # Errors
    /// If there is no such unit, or it cannot be deleted.
    pub fn delete<T: Scalar>(mut self, model: &Model<T>, id: usize) -> Result<Plan, PlanError> {
        unit(model, id)?;
        self.routes[id] = Route::Skip;
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

    /// Whether `model` can follow this plan.
    ///
    /// # Errors
    /// The first reason why not.
    pub fn check<T: Scalar>(&self, model: &Model<T>) -> Result<(), PlanError> {
        let expected = model.units.len();
        for found in [self.order.len(), self.routes.len()] {
            if found != expected {
                return Err(PlanError::WrongLength { found, expected, model: model.name.clone() });
            }
        }
        let mut moved = self.order.iter().enumerate().filter(|&(place, &id)| place != id);
        // Every pass is checked, so nothing is allocated for units in their own places.
        if moved.clone().next().is_some() {
            self.check_permutation(model)?;
        }
        moved.try_for_each(|(place, &id)| check_move(model, id, place))?;
        for (id, &route) in self.routes.iter().enumerate() {
            check_route(&model.units[id], id, route)?;
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
            let told = |s: crate::UnitShape| format!("{} x {} x {}", s.h, s.w, s.c);
            let (from, to) = (told(unit.input), told(unit.output));
            return Err(PlanError::NotMovable { id, name: unit.name.clone(), from, to });
        }
    }
    if moved.stage != displaced.stage {
        return Err(PlanError::AcrossStages { id, name: moved.name.clone(), place });
    }
    Ok(())
}

fn check_route(unit: &Unit, id: usize, route: Route) -> Result<(), PlanError> {
    let name = || unit.name.clone();
    match (&unit.kind, route) {
        (UnitKind::Plain(_), Route::Both) => Err(PlanError::NoSkip { id, name: name() }),
        (_, Route::Skip) if !unit.is_deletable() => {
            let (from, to) = (unit.input.c, unit.output.c);
            Err(PlanError::NotDeletable { id, name: name(), from, to })
        }
        _ => Ok(()),
    }
}
