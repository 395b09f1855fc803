//! The places at which a residual unit's terms are added.

use crate::Route;

/// A sum of two parts of a unit, and which of the unit's terms each part holds.
///
/// A sweep hands its cotangent on to those sides that hold a term of the unit's route.
/// A unit with one branch has one joint. With more, each branch is added to the sum so
/// far:
///
/// ```text
/// skip + branch 0              left: skip       right: 0
/// (skip + branch 0) + branch 1 left: skip+0     right: 1
/// ```
///
/// The inner joint parts the cotangent further, so every set of terms has its gradient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Joint {
    /// The name under which [`Sweep::routes`](crate::Sweep) finds its route.
    pub unit: usize,
    /// The terms in the left side.
    pub left: Route,
    /// The terms in the right side.
    pub right: Route,
}

impl Joint {
    /// That of a unit's skip and its only branch.
    pub fn of(unit: usize) -> Joint {
        Joint { unit, left: Route::SKIP, right: Route::BRANCH }
    }
}
