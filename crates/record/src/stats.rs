//! Statistics that experiments and reports share: pure functions of plain numbers,
//! the same to the last bit on every machine.

mod comparison;
mod interval;
mod mcnemar;
mod order;

pub use comparison::Comparison;
pub use interval::{Interval, paired_difference, wilson};
pub use mcnemar::mcnemar_mid_p;
pub use order::{median, quantile};
