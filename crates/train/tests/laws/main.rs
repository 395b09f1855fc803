//! Laws and examples of whole trainings.

mod common;
mod failures;
mod hold_out;
mod paths;
mod refusals;
mod resume;
mod settings;
