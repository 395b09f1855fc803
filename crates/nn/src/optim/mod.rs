//! Optimisers and learning rate schedules.

mod schedule;
mod sgd;

pub use schedule::{Schedule, Shape};
pub use sgd::{Sgd, SgdOptions};
