//! Laws of the experiments, their keys and their subjects.

mod catalogue;
mod common;
mod delete_one;
mod key;
mod subject;
mod sweep;
