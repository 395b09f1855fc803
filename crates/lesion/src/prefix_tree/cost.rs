//! What a list of plans costs, before it is run.

use std::iter::Sum;
use std::ops::{Add, Mul};

use models::Model;
use tensor::Scalar;

use super::{PrefixTree, Step};

/// Work, shared and not, for one image of 32 x 32 pixels or, times their
/// number, for many.
///
/// `macs` counts the stem once, each distinct prefix's last unit at its route, and the
/// head once for each distinct plan; `macs_one_by_one` all three for each plan given.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cost {
    /// Multiplications.
    pub macs: u64,
    /// Multiplications of one evaluation for each plan.
    pub macs_one_by_one: u64,
}

impl Cost {
    /// How many times fewer multiplications sharing takes; 1 where there are none.
    pub fn ratio(&self) -> f64 {
        if self.macs == 0 { 1.0 } else { self.macs_one_by_one as f64 / self.macs as f64 }
    }
}

impl Add for Cost {
    type Output = Cost;

    fn add(self, other: Cost) -> Cost {
        Cost {
            macs: self.macs + other.macs,
            macs_one_by_one: self.macs_one_by_one + other.macs_one_by_one,
        }
    }
}

impl Sum for Cost {
    fn sum<I: Iterator<Item = Cost>>(costs: I) -> Cost {
        costs.fold(Cost::default(), Add::add)
    }
}

/// The cost for that many images.
impl Mul<usize> for Cost {
    type Output = Cost;

    fn mul(self, images: usize) -> Cost {
        let images = images as u64;
        Cost { macs: self.macs * images, macs_one_by_one: self.macs_one_by_one * images }
    }
}

impl PrefixTree {
    /// The work for one image.
    ///
    /// # Panics
    /// If the model cannot follow the plans, as the one given to [`PrefixTree::new`] can.
    #[track_caller]
    pub fn cost<T: Scalar>(&self, model: &Model<T>) -> Cost {
        self.require(model);
        if self.plans.is_empty() {
            return Cost::default();
        }
        let mut cost = Cost { macs: model.stem_macs(), ..Cost::default() };
        for step in &self.steps.steps {
            match step {
                Step::Keep | Step::Back => {}
                Step::Unit { id, plan, .. } => {
                    cost.macs += model.units[*id].macs_along(self.plans[*plan].routes[*id]);
                }
                Step::Head { .. } => cost.macs += model.head_macs(),
            }
        }
        cost.macs_one_by_one = self.plans.iter().map(|plan| model.macs_under(plan)).sum();
        cost
    }

    /// How many of the plans differ.
    pub fn distinct(&self) -> usize {
        self.steps.steps.iter().filter(|step| matches!(step, Step::Head { .. })).count()
    }
}
