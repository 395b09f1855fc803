//! Statistics that experiments and reports share: pure functions of plain numbers,
//! the same to the last bit on every machine ([`t_interval`]: up to rounding).

mod arms;
mod binomial;
mod bootstrap;
mod comparison;
mod error_correlation;
mod image_bootstrap;
mod interval;
mod mcnemar;
mod order;
mod rank;

pub use arms::{Variance, paired_arms, pooled_variance, t_interval};
pub use binomial::choose;
pub use bootstrap::{bootstrap, mean};
pub use comparison::Comparison;
pub use error_correlation::error_correlation;
pub use image_bootstrap::image_bootstrap;
pub use interval::{Interval, interval_of_mean, paired_difference, wilson};
pub use mcnemar::mcnemar_mid_p;
pub use order::{median, median_interval, quantile};
pub use rank::{kendall_tau, spearman};
