//! Backward plans: the way a gradient takes through a pass that has been run.

use nn::{Route, Sweep};
use serde::{Deserialize, Serialize};

use crate::Plan;

/// The route of the cotangent at each unit, over what a forward plan has saved.
///
/// The cotangent takes some of the terms that the forward pass took: of both terms either
/// or both, of one term that one. Stem and head always pass. The gradient of one path of
/// length `k` takes `k` branches and skips elsewhere, and the gradients of all `2^n` paths
/// (of more where units have several branches) add up to the ordinary one.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackwardPlan {
    /// The route at each unit, by id.
    pub routes: Vec<Route>,
}

/// A backward plan that does not fit its forward plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BackwardPlanError {
    /// Another number of units.
    #[error("the backward plan is for {found} units, its forward plan for {expected}")]
    WrongLength {
        /// Units of the backward plan.
        found: usize,
        /// Units of the forward plan.
        expected: usize,
    },
    /// An id beyond the last unit.
    #[error("unit {id} does not exist: the forward plan has {units} units, counted from 0")]
    NoSuchUnit {
        /// The id.
        id: usize,
        /// Units of the forward plan.
        units: usize,
    },
    /// A term that the forward pass did not take.
    #[error("unit {id}: the forward pass took {forward:?}, so no gradient can take {backward:?}")]
    NotTaken {
        /// The unit.
        id: usize,
        /// Its forward route.
        forward: Route,
        /// The route asked for.
        backward: Route,
    },
}

impl BackwardPlan {
    /// The ordinary gradient of a forward plan.
    pub fn ordinary(forward: &Plan) -> BackwardPlan {
        BackwardPlan { routes: forward.routes.clone() }
    }

    /// One path: the branches of the given units, all that the forward pass took, and skips
    /// at all others that the forward plan gives a choice. For one branch of several, set
    /// the unit's route to [`Route::only`] it.
    ///
    /// # Errors
    /// If a unit is named that does not exist, or whose branch the forward pass
    /// did not take.
    pub fn path(forward: &Plan, branches: &[usize]) -> Result<BackwardPlan, BackwardPlanError> {
        let units = forward.routes.len();
        if let Some(&id) = branches.iter().find(|&&id| id >= units) {
            return Err(BackwardPlanError::NoSuchUnit { id, units });
        }
        let route = |(id, &forward): (usize, &Route)| {
            if branches.contains(&id) {
                let taken = forward.without(Route::SKIP);
                if taken.is_empty() { Route::BRANCH } else { taken }
            } else if forward.skip {
                Route::SKIP
            } else {
                forward
            }
        };
        let plan = BackwardPlan { routes: forward.routes.iter().enumerate().map(route).collect() };
        plan.check(forward)?;
        Ok(plan)
    }

    /// Whether every route goes through terms that the forward pass took.
    ///
    /// # Errors
    /// The first unit where it does not.
    pub fn check(&self, forward: &Plan) -> Result<(), BackwardPlanError> {
        let (found, expected) = (self.routes.len(), forward.routes.len());
        if found != expected {
            return Err(BackwardPlanError::WrongLength { found, expected });
        }
        for (id, (&forward, &backward)) in forward.routes.iter().zip(&self.routes).enumerate() {
            if backward.is_empty() || !backward.is_within(forward) {
                return Err(BackwardPlanError::NotTaken { id, forward, backward });
            }
        }
        Ok(())
    }

    /// The sweep that follows this plan and leaves parameters out.
    pub fn sweep(&self) -> Sweep {
        Sweep::along(self.routes.clone())
    }
}
