//! Statistics that experiments and reports share: pure functions of plain numbers,
//! the same to the last bit on every machine.

mod bootstrap;
mod comparison;
mod error_correlation;
mod interval;
mod mcnemar;
mod order;
mod rank;

pub use bootstrap::{bootstrap, mean};
pub use comparison::Comparison;
pub use error_correlation::error_correlation;
pub use interval::{Interval, paired_difference, wilson};
pub use mcnemar::mcnemar_mid_p;
pub use order::{median, quantile};
pub use rank::{kendall_tau, spearman};
