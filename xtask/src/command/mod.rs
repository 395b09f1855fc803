//! The commands, one file each.

pub(crate) mod bench;
mod browser;
pub(crate) mod conventions;
pub(crate) mod data;
pub(crate) mod eval;
pub(crate) mod lesion;
pub(crate) mod models;
pub(crate) mod reference;
pub(crate) mod reproduce;
pub(crate) mod test;
pub(crate) mod train;
